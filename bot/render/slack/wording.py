"""Places, times, rates and commands as Slack's answers say them; builds no blocks."""

from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from bot.core.answers import Trial
from bot.core.commands import NAME
from bot.core.days import say_day, say_day_briefly
from bot.core.editions import Destination, DestinationKind
from bot.core.schedule import Schedule
from bot.core.slack_names import is_channel, parse_place
from bot.core.subscriptions import Subscription
from bot.render.segments import clip, one_line
from bot.render.slack.elements import Element, Part, channel, code
from bot.render.view import count

LAST_MONTH: Final = "over the last month"
LAST_DAYS: Final = "over the last 30 days"

_DIRECT: Final = "your direct messages"
_PLACE: Final = 80
_WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# From here on the decimals of a rate say nothing.
_MANY: Final = 10


def name_destination(destination: Destination) -> Part:
    """Name where digests go: a channel by its id, so that Slack shows what it is called now."""
    if destination.kind is not DestinationKind.CHANNEL:
        return clip(one_line(str(destination)), _PLACE)
    return name_conversation(parse_place(destination.address).channel)


def name_conversation(conversation: str) -> Part:
    """Name a conversation by its id, or as the configuration does."""
    if not is_channel(conversation):
        return clip(one_line(conversation), _PLACE)
    return _DIRECT if conversation.startswith("D") else channel(conversation)


def name_set(name: str) -> str:
    """Name a keyword set in a sentence."""
    return clip(one_line(name), _PLACE)


def say_moment(moment: datetime, timezone: str) -> str:
    """Say when: "Thursday 4 Dec 09:00 Europe/Berlin"; `moment` has a zone."""
    local = moment.astimezone(ZoneInfo(timezone))
    weekday = say_day(local.date()).partition(" ")[0]
    return f"{weekday} {say_day_briefly(local.date())} {local:%H:%M} {timezone}"


def say_rate(trial: Trial) -> str:
    """Say how much a set would have brought: "31 papers a day", "3 papers", "nothing"."""
    if not trial.matched:
        return "nothing"
    rate = trial.matched / max(trial.days, 1)
    if rate < 1:
        return count(trial.matched, "paper")
    shown = round(rate) if rate >= _MANY else round(rate, 1)
    return f"{shown:g} {'paper' if shown == 1 else 'papers'} a day"


def write_command(rest: str, command: str = NAME) -> Element:
    """Write what to type."""
    return code(f"{command} {rest}")


def write_subscribe(gone: Subscription, command: str = NAME) -> Element | None:
    """Write what subscribes a conversation again; None where no command can name the set."""
    name = name_set(gone.set_name)
    if name != gone.set_name or '"' in name or "“" in name or "”" in name:
        return None
    return write_command(f'subscribe "{name}"{_write_options(gone.schedule)}', command)


def _write_options(schedule: Schedule) -> str:
    weekday = "" if schedule.weekday is None else f" {_WEEKDAYS[schedule.weekday]}"
    at = f" at {schedule.at:%H:%M}" if schedule.at else ""
    return f" {schedule.rhythm}{weekday}{at} tz {schedule.timezone}"

"""Forms as people left them: a view's state -> what flows take; whether it is allowed is theirs.

Whoever fills in a form can send anything in its place, so what cannot be read is a fault of its
field, and the ids in a view's metadata are only texts.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import time
from typing import Any

from bot.core.desk import EditorForm, ScheduleForm
from bot.core.papers import AnnounceType
from bot.core.schedule import Rhythm, parse_clock
from bot.core.slack_names import is_channel
from bot.edges.slack_app.asked import Body, View, get, get_text
from bot.errors import Fault, FormError, UserError
from bot.render.slack.schedules import ANNOUNCED

_LAST_WEEKDAY = 6
# As many fields as a text of the longest set would take.
_MOST_FIELDS = 50


def parse_editor(view: View) -> EditorForm:
    """Read the editor of a keyword set; raise FormError for what its fields cannot hold."""
    known = _read_metadata(view)
    schedule = _Schedule(view)
    types = [text for text in _list_chosen(view, "types") if text in set(AnnounceType)]
    schedule.check()
    return EditorForm(
        set_ref=get_text(known, "set"),
        name=_get_typed(view, "name").strip(),
        keywords=_join_lines(view, "keywords"),
        query=_get_typed(view, "query").strip(),
        exclude=_join_lines(view, "exclude"),
        categories=tuple(_list_chosen(view, "categories")),
        types=tuple(map(AnnounceType, types)),
        rhythm=schedule.rhythm,
        weekday=schedule.weekday,
        at=schedule.at,
        timezone=schedule.timezone,
        destinations=tuple(filter(is_channel, _list_conversations(view, "destinations"))),
        channel=_read_channel(known),
    )


def parse_schedule(view: View) -> ScheduleForm:
    """Read the editor of a subscription's schedule; its set and place are left empty."""
    known = _read_metadata(view)
    schedule = _Schedule(view)
    schedule.check()
    number = get(known, "subscription")
    return ScheduleForm(
        subscription_id=number if isinstance(number, int) and not isinstance(number, bool) else 0,
        set_name="",
        place="",
        rhythm=schedule.rhythm,
        weekday=schedule.weekday,
        at=schedule.at,
        timezone=schedule.timezone,
        channel=_read_channel(known),
    )


class _Schedule:
    """The four fields of a schedule, and what is wrong with them."""

    def __init__(self, view: View) -> None:
        self.faults: list[Fault] = []
        self.rhythm = self._read_rhythm(_get_chosen(view, "rhythm"))
        weekday = _get_chosen(view, "weekday")
        weekly = self.rhythm is Rhythm.WEEKLY
        self.weekday = self._read_weekday(weekday) if weekly else None
        self.at = self._read_at(_get_chosen(view, "at"))
        self.timezone = _get_chosen(view, "timezone")

    def check(self) -> None:
        if self.faults:
            raise FormError(tuple(self.faults))

    def _read_rhythm(self, text: str) -> Rhythm:
        try:
            return Rhythm(text)
        except ValueError:
            self.faults.append(Fault("rhythm", 0, "Choose one of the days."))
            return Rhythm.DAILY

    def _read_weekday(self, text: str) -> int:
        if len(text) == 1 and text in "0123456":
            return int(text)
        self.faults.append(Fault("weekday", 0, "Choose a weekday."))
        return 0

    def _read_at(self, text: str) -> time | None:
        if text == ANNOUNCED:
            return None
        try:
            return parse_clock(text)
        except UserError as error:
            self.faults.append(Fault("at", 0, str(error)))
            return None


def _read_metadata(view: View) -> Mapping[str, Any]:
    try:
        known = json.loads(view.metadata or "{}")
    except (ValueError, RecursionError):
        known = None
    if not isinstance(known, dict):
        msg = "This form is none of this program's: open it again."
        raise UserError(msg)
    return known


def _read_channel(known: Mapping[str, Any]) -> str:
    channel = get_text(known, "channel")
    return channel if is_channel(channel) else ""


def _find_element(view: View, block: str) -> Body:
    """Find what is filled in in a block, which has one element."""
    there = get(view.values, block)
    elements = list(there.values()) if isinstance(there, Mapping) else []
    return elements[0] if elements and isinstance(elements[0], Mapping) else {}


def _get_typed(view: View, block: str) -> str:
    return get_text(_find_element(view, block), "value")


def _get_chosen(view: View, block: str) -> str:
    return get_text(_find_element(view, block), "selected_option", "value")


def _list_chosen(view: View, block: str) -> Iterator[str]:
    chosen = _find_element(view, block).get("selected_options")
    for option in chosen if isinstance(chosen, list) else ():
        if text := get_text(option, "value"):
            yield text


def _list_conversations(view: View, block: str) -> Iterator[str]:
    chosen = _find_element(view, block).get("selected_conversations")
    yield from (
        (each for each in chosen if isinstance(each, str)) if isinstance(chosen, list) else ()
    )


def _join_lines(view: View, block: str) -> str:
    """Join a text that goes on in further fields."""
    names = (block, *(f"{block}:{at}" for at in range(2, _MOST_FIELDS)))
    return "\n".join(filter(None, (_get_typed(view, name).strip() for name in names)))

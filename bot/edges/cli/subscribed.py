"""Subscriptions in words: as lines of a list, as sentences about a change, as JSON."""

import shlex
from dataclasses import asdict
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.core.keyword_sets import KeywordSet
from bot.core.schedule import Schedule, describe_schedule
from bot.core.slack_names import parse_owner, parse_person
from bot.core.subscriptions import CONFIG, Subscription
from bot.edges.cli.folding import fold
from bot.flows.subscribing_to import NONE, Change

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def say_subscribed(done: Change) -> str:
    """Say what was subscribed, or what became of a subscription that was there."""
    after, before = done.subscription, done.before
    words = describe_schedule(after.schedule)
    name = name_subscription(after)
    if before is None:
        undo = f"`papers subscriptions remove {after.id}` undoes this."
        return f"Subscribed {after.destination} to {name_its_set(after)}: {words}. {undo}"
    if before == after:
        said = f"Nothing was changed: {name} was subscribed before, {words}."
    else:
        instead = describe_schedule(before.schedule)
        options = name_options(before.schedule, after.schedule)
        command = shlex.join(["papers", "subscriptions", "change", str(after.id), *options])
        said = (
            f"Changed {name}, subscribed before: {words}; it was {instead}."
            f" `{command}` undoes this."
        )
    if done.waiting:
        said += f" {say_waiting(done)} planned already, at the old time."
    if after.paused:
        said += f" It is paused: `papers subscriptions resume {after.id}` lets it go on."
    return said


def say_subscription(each: Subscription, keyword_set: KeywordSet | None) -> str:
    """Say a subscription in some lines: what goes where, when, and what keeps it from going."""
    asker = parse_person(each.origin)
    database = f"Slack, asked for by {asker.user}" if asker else "database"
    where = "config.toml" if each.origin == CONFIG else database
    below = [f"{describe_schedule(each.schedule)}; {where}"]
    if each.paused:
        until = f" until {say_moment(each.until, each.schedule.timezone)}" if each.until else ""
        below.append(f"paused{until}{f': {each.reason}' if each.reason else ''}")
    if keyword_set is None:
        below.append("nothing comes: there is no such set any more")
    elif keyword_set.paused:
        below.append("nothing comes: the set is paused")
    indent = " " * 6
    first = fold(name_subscription(each), f"{each.id:>4}  ", indent)
    return "\n".join([first, *(fold(line, indent, indent) for line in below)])


def say_command(gone: Subscription) -> str:
    """Write the command that subscribes again."""
    place = (f"--{gone.destination.kind}", gone.destination.address)
    options = name_options(gone.schedule, Schedule(timezone=""))
    return shlex.join(["papers", "subscriptions", "add", name_its_set(gone), *place, *options])


def name_options(schedule: Schedule, instead: Schedule) -> list[str]:
    """Write the options that make a schedule of another one."""
    options = []
    if schedule.at != instead.at:
        options += ["--at", schedule.at.isoformat("minutes") if schedule.at else NONE]
    if (schedule.rhythm, schedule.weekday) != (instead.rhythm, instead.weekday):
        weekday = "" if schedule.weekday is None else f" {WEEKDAYS[schedule.weekday]}"
        options += ["--on", f"{schedule.rhythm}{weekday}"]
    if schedule.timezone != instead.timezone:
        options += ["--timezone", schedule.timezone]
    if schedule.quiet != instead.quiet:
        quiet = "-".join(at.isoformat("minutes") for at in schedule.quiet or ())
        options += ["--quiet", quiet or NONE]
    return options


def name_subscription(each: Subscription) -> str:
    """Name a subscription in a sentence."""
    return f"{name_its_set(each)} to {each.destination}"


def name_its_set(each: Subscription) -> str:
    """Name a subscription's set, a workspace's like slack:T0123/NAME."""
    is_workspaces = parse_owner(each.set_owner) is not None
    return f"{each.set_owner}/{each.set_name}" if is_workspaces else each.set_name


def say_moment(moment: datetime, timezone: str) -> str:
    """Say when: "2025-12-11 09:00 Europe/Berlin"; `moment` has a zone."""
    return f"{moment.astimezone(ZoneInfo(timezone)):%Y-%m-%d %H:%M} {timezone}"


def say_waiting(done: Change) -> str:
    """Say how many digests wait, up to what is said of them."""
    return "1 digest is" if done.waiting == 1 else f"{done.waiting} digests are"


def describe_subscription(each: Subscription) -> dict[str, object]:
    """Describe a subscription for programs."""
    schedule = asdict(each.schedule)
    schedule["at"] = each.schedule.at.isoformat("minutes") if each.schedule.at else None
    schedule["quiet"] = [at.isoformat("minutes") for at in each.schedule.quiet or ()] or None
    return {
        "id": each.id,
        "set": each.set_name,
        "owner": each.set_owner,
        "destination": asdict(each.destination),
        "schedule": schedule,
        "words": describe_schedule(each.schedule),
        "origin": each.origin,
        "paused": each.paused,
        "reason": each.reason,
        "until": each.until.isoformat() if each.until else None,
    }

"""When a subscription's digests are due, and how that is written; `now` is always an argument."""

import re
from bisect import bisect_left
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from difflib import get_close_matches
from enum import StrEnum
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from bot.errors import UserError

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONDAY, _TUESDAY, _FRIDAY = 0, 1, 4
_FEWEST_LETTERS = 3
_MIDNIGHT = time()
_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)
_CLOCK = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")
_TO = re.compile(r"[-–]|\bto\b")


class Rhythm(StrEnum):
    """On which local days digests come."""

    DAILY = "daily"
    WEEKDAYS = "weekdays"
    WEEKLY = "weekly"


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a subscription's digests are delivered, in the local time of `timezone`.

    `at` is the clock time before which none comes; None: as soon as it is announced. `weekday`
    counts from Monday, 0, and is for weekly ones only (None: Monday). Nothing is delivered while
    the clock shows a time from the first of `quiet` up to, but not including, the second; they may
    cross midnight, and are no quiet hours where they are equal.
    """

    rhythm: Rhythm = Rhythm.DAILY
    at: time | None = None
    timezone: str = "UTC"
    weekday: int | None = None
    quiet: tuple[time, time] | None = None


@dataclass(frozen=True, slots=True)
class Slot:
    """A moment of a schedule: `due` in UTC, and the local date it falls on.

    A subscription's editions of one slot go out as one digest.
    """

    day: date
    due: datetime


def find_slot(schedule: Schedule, day: date, now: datetime) -> Slot:
    """Return when an edition of `day` that is there `now` is due: never before `now`.

    Daily and on weekdays it is due at its clock time on that local date, or now where that has
    passed; on weekdays a weekend waits for Monday's clock time. Weekly it is due with the first
    weekday's digest, not before `day`, that has not gone out. Quiet hours put a digest off until
    they end, and a weekly one keeps its turn even where that is on the next morning.

    A clock time that a clock change skips is due as much later (if that is past midnight, on the
    next date), and one that comes twice is due the first time; quiet hours are quiet both times.
    The later `now`, the later the slot; and it stays the same until it is due, but for what is due
    as soon as announced.

    `now` has a zone. Raises ZoneInfoNotFoundError where the schedule's time zone is unknown.
    """
    zone = ZoneInfo(schedule.timezone)
    now = now.astimezone(UTC)
    if schedule.rhythm is Rhythm.WEEKLY:
        due = _find_weekly(schedule, zone, day, now)
    else:
        due = _find_daily(schedule, zone, day, now)
    return Slot(due.astimezone(zone).date(), due)


def leave_quiet(schedule: Schedule, moment: datetime) -> datetime:
    """Return the first moment from this one on, in UTC, that is not in the quiet hours.

    `moment` has a zone. Raises ZoneInfoNotFoundError where the schedule's time zone is unknown.
    """
    moment = moment.astimezone(UTC)
    return _leave_quiet(moment, schedule.quiet, ZoneInfo(schedule.timezone)).astimezone(UTC)


def describe_schedule(schedule: Schedule) -> str:
    """Say a schedule in words: "weekdays 09:00 Europe/Berlin", "as announced"."""
    at, zone = schedule.at, schedule.timezone
    as_announced = schedule.rhythm is Rhythm.DAILY and at is None
    if as_announced:
        words = "as announced"
    elif schedule.rhythm is Rhythm.WEEKLY:
        words = f"weekly on {WEEKDAYS[schedule.weekday or _MONDAY]}"
    else:
        words = schedule.rhythm.value
    if at is not None:
        words += f" {_say_clock(at)}"
    if not as_announced:
        words += f" {zone}"
    if schedule.quiet is None or schedule.quiet[0] == schedule.quiet[1]:
        return words
    words += f", quiet {_say_clock(schedule.quiet[0])} to {_say_clock(schedule.quiet[1])}"
    return f"{words} {zone}" if as_announced else words


def parse_rhythm(text: str) -> tuple[Rhythm, int | None]:
    """Read "daily", "weekdays" or "weekly mon" as a rhythm and its weekday; raise UserError.

    A weekday's name may be cut to three letters; without one, a weekly digest comes on Monday.
    """
    match text.casefold().replace(" on ", " ").split():
        case [Rhythm.DAILY | Rhythm.WEEKDAYS | Rhythm.WEEKLY as rhythm]:
            return Rhythm(rhythm), None
        case [Rhythm.WEEKLY, name] if len(name) >= _FEWEST_LETTERS:
            for weekday, known in enumerate(WEEKDAYS):
                if known.casefold().startswith(name):
                    return Rhythm.WEEKLY, weekday
    known = ", ".join(f"weekly {name[:_FEWEST_LETTERS].casefold()}" for name in WEEKDAYS)
    message = f"{text!r} is not a rhythm: known are daily, weekdays, {known}"
    raise UserError(message)


def parse_clock(text: str) -> time:
    """Read "09:00" as a time of day; raise UserError."""
    found = _CLOCK.fullmatch(text.strip())
    if found is None:
        message = f'{text!r} is not a time of day: write it like "09:00"'
        raise UserError(message)
    return time(int(found[1]), int(found[2]))


def parse_quiet(text: str) -> tuple[time, time]:
    """Read "22:00-07:00" as quiet hours; raise UserError."""
    try:
        start, end = map(parse_clock, _TO.split(text))
    except (UserError, ValueError) as error:
        message = f'{text!r} is not a span of the day: write it like "22:00-07:00"'
        raise UserError(message) from error
    return start, end


def parse_timezone(text: str) -> str:
    """Read a time zone's name, whatever its case; raise UserError that names the nearest."""
    name = _list_timezones().get(_fold_timezone(text))
    if name is not None:
        return name
    meant = nearest_timezone(text)
    hint = f"did you mean {meant}?" if meant else "write it like Europe/Berlin"
    msg = f"{text.strip()!r} is not a time zone: {hint}"
    raise UserError(msg)


def nearest_timezone(text: str) -> str:
    """Name the time zone that is written most like a text, by its city too; "" where none is."""
    names = _list_timezones()
    cities = {name.rpartition("/")[2]: name for name in sorted(names, reverse=True)}
    close = get_close_matches(_fold_timezone(text), [*names, *cities], n=1)
    return names[cities.get(close[0], close[0])] if close else ""


def _find_daily(schedule: Schedule, zone: ZoneInfo, day: date, now: datetime) -> datetime:
    due = now if schedule.at is None else max(_resolve(day, schedule.at, zone), now)
    while True:
        # Each step goes to the first moment that one rule allows, so this ends at the first that
        # all of them do.
        later = _leave_quiet(due, schedule.quiet, zone)
        if schedule.rhythm is Rhythm.WEEKDAYS:
            later = _leave_weekend(later, schedule.at, zone)
        if later == due:
            return due
        due = later


def _find_weekly(schedule: Schedule, zone: ZoneInfo, day: date, now: datetime) -> datetime:
    # A digest that quiet hours put off may still be ahead although its weekday is over.
    first = max(day, now.astimezone(zone).date() - _WEEK + _DAY)
    weekday = schedule.weekday or _MONDAY
    chosen = first + timedelta(days=(weekday - first.weekday()) % len(WEEKDAYS))
    while True:
        if schedule.at is None:
            # All of that date is good.
            opens = _resolve(chosen, _MIDNIGHT, zone)
            closes = _resolve(chosen + _DAY, _MIDNIGHT, zone) - datetime.resolution
        else:
            opens = closes = _resolve(chosen, schedule.at, zone)
        due = _leave_quiet(max(opens, min(now, closes)), schedule.quiet, zone)
        if due >= now:
            return due
        chosen += _WEEK


def _resolve(day: date, at: time, zone: ZoneInfo) -> datetime:
    """Return the moment, in UTC, of a clock time on a local date."""
    # With the offset before a change, a skipped time is as much later and a repeated one the first:
    # https://docs.python.org/3/library/datetime.html#datetime.datetime.fold
    return datetime.combine(day, at.replace(fold=0), tzinfo=zone).astimezone(UTC)


def _leave_weekend(moment: datetime, at: time | None, zone: ZoneInfo) -> datetime:
    """Return the first moment from this one on that is no weekend, which ends on Monday `at`."""
    today = moment.astimezone(zone).date()
    if _TUESDAY <= today.weekday() <= _FRIDAY:
        return moment
    # A Monday's early hours belong to the weekend too: what waits for its clock time still waits.
    monday = today + timedelta(days=-today.weekday() % len(WEEKDAYS))
    return max(moment, _resolve(monday, _MIDNIGHT if at is None else at, zone))


def _leave_quiet(moment: datetime, quiet: tuple[time, time] | None, zone: ZoneInfo) -> datetime:
    """Return the first moment from this one on whose clock time is not quiet."""
    while quiet and _is_quiet((local := moment.astimezone(zone)).time(), quiet):
        wall = local.replace(tzinfo=None)
        end = datetime.combine(local.date(), quiet[1])
        left = (end if end > wall else end + _DAY) - wall
        # To the end of the quiet hours, or to a clock change on the way: it may skip their end, or
        # go back to before their beginning.
        moment = _find_change(moment, left, zone)
    return moment


def _is_quiet(clock: time, quiet: tuple[time, time]) -> bool:
    start, end = quiet
    return start <= clock < end if start <= end else clock >= start or clock < end


def _find_change(moment: datetime, left: timedelta, zone: ZoneInfo) -> datetime:
    """Return the moment after `left`, or that of a change of the clocks if one comes before."""
    offset = moment.astimezone(zone).utcoffset()

    def has_changed(seconds: int) -> bool:
        return (start + timedelta(seconds=seconds)).astimezone(zone).utcoffset() != offset

    end = moment + left
    if end.astimezone(zone).utcoffset() == offset:
        return end
    # Clocks change on whole seconds.
    start = moment.replace(microsecond=0)
    seconds = range(int((end - start).total_seconds()))
    return start + timedelta(seconds=bisect_left(seconds, x=True, key=has_changed))


def _say_clock(at: time) -> str:
    return at.isoformat("seconds" if at.second else "minutes")


@cache
def _list_timezones() -> dict[str, str]:
    return {name.casefold(): name for name in available_timezones()}


def _fold_timezone(text: str) -> str:
    # People write the city, and leave spaces in it.
    return text.strip().casefold().replace(" ", "_")

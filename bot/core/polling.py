"""When arXiv is asked for a day's announcement; asks nothing itself, and `now` is an argument.

Announcements are made at 20:00 US/Eastern on the evening before their day, Sunday to Thursday; the
feeds show them from midnight on (https://info.arxiv.org/help/availability.html).
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.core.editions import BatchState

_EASTERN = ZoneInfo("America/New_York")
_ANNOUNCED = time(20)
# The feeds change at midnight; a batch that is not there four hours later may be long in coming.
_SETTLED = time(4)
_SATURDAY = 5

_OFTEN = timedelta(minutes=10)
_HOURLY = timedelta(hours=1)
_SELDOM = timedelta(hours=6)


def expected_day(now: datetime) -> date:
    """Return the newest day whose announcement may be out, a Saturday's or Sunday's included."""
    local = now.astimezone(_EASTERN)
    return local.date() + timedelta(days=local.time() >= _ANNOUNCED)


def announcement_days(after: date, until: date) -> tuple[date, ...]:
    """Return the Mondays to Fridays after one date and up to another, oldest first.

    Holidays are among them: arXiv announces nothing then, and serves an empty feed.
    """
    days = (after + timedelta(days=number + 1) for number in range((until - after).days))
    return tuple(day for day in days if day.weekday() < _SATURDAY)


def poll_every(state: BatchState | None, day: date, now: datetime) -> timedelta | None:
    """Return how often a category is asked for the batch of `day`; None: no more.

    `state` is what became of that batch so far (None: nothing is known). A weekday's empty feed is
    no news: the batch may be late, a holiday has none, and both look the same.
    """
    if state is BatchState.COMPLETE:
        return None
    if state in (BatchState.PARTIAL, BatchState.TRUNCATED):
        return _HOURLY
    if day.weekday() >= _SATURDAY:
        return _SELDOM
    opens = datetime.combine(day - timedelta(days=1), _ANNOUNCED, _EASTERN)
    return _OFTEN if opens.astimezone(UTC) <= now < window_closes(day) else _HOURLY


def shown_from(day: date) -> datetime:
    """Return the moment, in UTC, from which the feeds show the announcement of `day`."""
    return datetime.combine(day, time(), _EASTERN).astimezone(UTC)


def window_closes(day: date) -> datetime:
    """Return the moment, in UTC, from which a batch of `day` that is not there counts as late."""
    return datetime.combine(day, _SETTLED, _EASTERN).astimezone(UTC)

"""On which day a submission is due to be announced, by arXiv's usual schedule; asks nobody.

Submissions received until 14:00 US/Eastern are announced at 20:00, Sunday to Thursday, and stand in
the announcement of the next day: https://info.arxiv.org/help/availability.html
"""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_EASTERN = ZoneInfo("America/New_York")
_DEADLINE = time(14)
_DAY = timedelta(days=1)
_FRIDAY, _SATURDAY = 4, 5


def announcement_day(submitted: datetime) -> date:
    """Return the day in whose announcement a paper submitted at this moment is due.

    `submitted` has a zone. Holidays put announcements off and moderators may hold a paper, so the
    true day may be later, never earlier.
    """
    local = submitted.astimezone(_EASTERN)
    closes = local.date() if local.time() < _DEADLINE else local.date() + _DAY
    while closes.weekday() >= _SATURDAY:
        closes += _DAY
    # What Friday's deadline closes is announced on Sunday evening, as Monday's.
    return closes + (3 * _DAY if closes.weekday() == _FRIDAY else _DAY)

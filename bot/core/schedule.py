"""When a delivery is due: local clock times on local dates; `now` is always an argument."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo


def due_at(day: date, at: time | None, timezone: str, now: datetime) -> datetime:
    """Return when an edition of `day` is due at a destination, in UTC.

    `at` is a clock time of that local date in `timezone`; None means at once. A time that has
    passed is due now. A time that a clock change skips is due as much later, and one that
    comes twice is due the first time.
    """
    if at is None:
        return now.astimezone(UTC)
    local = datetime.combine(day, at, tzinfo=ZoneInfo(timezone))
    return max(local.astimezone(UTC), now.astimezone(UTC))

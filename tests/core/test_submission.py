from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.submission import announcement_day

EASTERN = ZoneInfo("America/New_York")


@pytest.mark.parametrize(
    ("submitted", "announced"),
    [
        # The table of https://info.arxiv.org/help/availability.html, to the minute.
        ("2025-12-01T14:00", "2025-12-03"),
        ("2025-12-02T13:59", "2025-12-03"),
        ("2025-12-02T14:00", "2025-12-04"),
        ("2025-12-03T13:59", "2025-12-04"),
        ("2025-12-03T14:00", "2025-12-05"),
        ("2025-12-04T13:59", "2025-12-05"),
        ("2025-12-04T14:00", "2025-12-08"),
        ("2025-12-05T13:59", "2025-12-08"),
        ("2025-12-05T14:00", "2025-12-09"),
        ("2025-12-06T09:00", "2025-12-09"),
        ("2025-12-07T23:59", "2025-12-09"),
        ("2025-12-08T13:59", "2025-12-09"),
        ("2025-12-08T14:00", "2025-12-10"),
    ],
)
def test_follows_arxivs_table(submitted: str, announced: str) -> None:
    moment = datetime.fromisoformat(submitted).replace(tzinfo=EASTERN)
    assert announcement_day(moment) == date.fromisoformat(announced)
    assert announcement_day(moment.astimezone(UTC)) == date.fromisoformat(announced)


@pytest.mark.parametrize(
    ("submitted", "announced"),
    [
        # 14:00 Eastern is 19:00 UTC in winter and 18:00 UTC in summer.
        (datetime(2025, 12, 2, 18, 59, 59, tzinfo=UTC), date(2025, 12, 3)),
        (datetime(2025, 12, 2, 19, tzinfo=UTC), date(2025, 12, 4)),
        (datetime(2026, 6, 30, 17, 59, 59, tzinfo=UTC), date(2026, 7, 1)),
        (datetime(2026, 6, 30, 18, tzinfo=UTC), date(2026, 7, 2)),
    ],
)
def test_the_deadline_keeps_eastern_time(submitted: datetime, announced: date) -> None:
    assert announcement_day(submitted) == announced


@given(minutes=st.integers(0, 100 * 365 * 24 * 60))
def test_every_submission_is_announced_on_a_weekday_soon_after(minutes: int) -> None:
    submitted = datetime(1991, 8, 14, tzinfo=UTC) + timedelta(minutes=minutes)
    day = announcement_day(submitted)
    assert day.weekday() < 5
    assert timedelta(0) < day - submitted.astimezone(EASTERN).date() <= timedelta(days=4)
    later = announcement_day(submitted + timedelta(hours=1))
    assert later >= day

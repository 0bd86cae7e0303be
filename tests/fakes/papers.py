"""Made-up papers and announcements; none of them exists."""

from collections.abc import Sequence
from datetime import UTC, date, datetime

from bot.core.papers import Announcement, AnnounceType, Entry, Paper

# A Thursday; the announcement's day begins at 05:00 UTC.
DAY = date(2025, 12, 4)
NOW = datetime(2025, 12, 4, 6, 0, tzinfo=UTC)


def make_paper(
    number: int = 1,
    version: int = 1,
    *,
    title: str = "Counting clouds",
    abstract: str = "We count clouds from below.",
    authors: Sequence[str] = ("Ada Example", "Bo Sample"),
    categories: Sequence[str] = ("cs.CV",),
) -> Paper:
    return Paper(f"2512.{number:05d}", version, title, tuple(authors), abstract, tuple(categories))


def announce(
    *papers: Paper,
    category: str = "cs.CV",
    day: date = DAY,
    kind: AnnounceType = AnnounceType.NEW,
    unread: int = 0,
    faults: Sequence[str] = (),
    truncated: bool = False,
) -> Announcement:
    entries = tuple(Entry(paper, kind) for paper in papers)
    url = f"https://arxiv.example/rss/{category}"
    announced = len(entries) + unread
    return Announcement(category, day, url, announced, entries, tuple(faults), truncated)

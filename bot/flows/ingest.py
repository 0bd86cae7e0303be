"""Read announcements and store them; tell complete batches from late, stale and cut ones."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Protocol

from bot.core.announcing import Batch, build_receipt, count_entries, name_batch
from bot.core.days import say_day
from bot.core.editions import BatchState, CategoryReceipt, Receipt
from bot.core.papers import Announcement
from bot.errors import SourceError


class Source(Protocol):
    """Where announcements come from: arXiv, a mirror, a folder."""

    def read(self, category: str, day: date | None) -> Announcement:
        """Read one category's batch; its own day may differ from the one asked for.

        Raise SourceError where there is no usable announcement.
        """
        ...


class AnnouncementStore(Protocol):
    """What ingest needs to remember."""

    def batch_before(self, category: str, day: date) -> Batch:
        """Return the category's newest batch older than `day`; empty where there is none."""
        ...

    def save_announcement(
        self, announcement: Announcement, line: CategoryReceipt, at: datetime
    ) -> int:
        """Store papers, versions, entries and the receipt in one transaction.

        Return how many papers or versions are new. Saving the same batch twice changes nothing,
        and an older version never replaces a newer one's text.
        """
        ...

    def save_receipt(self, line: CategoryReceipt, at: datetime) -> None:
        """Remember that a category's batch of a day was not read, unless it was read before."""
        ...

    def receipts(self, day: date, categories: Iterable[str]) -> tuple[CategoryReceipt, ...]:
        """Return what is known of a day, a line a category, in the categories' order."""
        ...

    def count_papers(self, day: date, categories: Iterable[str]) -> int:
        """Count the papers that these categories announced on that day, each once."""
        ...


@dataclass(frozen=True, slots=True)
class Ingest:
    """One run over all followed categories; `report` hears each category's line as it is done.

    Of a category that serves an older day it hears two: that day's, and that the newest is late.
    """

    source: Source
    store: AnnouncementStore
    report: Callable[[CategoryReceipt], None] = lambda _line: None

    def run(self, day: date | None, categories: tuple[str, ...], now: datetime) -> Receipt | None:
        """Fetch `day` (None: whatever is newest) of every category and store what came.

        One category's fault never stops the others. The receipt is of `day`, or of the newest day
        that any category served, and says what is known of it now: what an earlier run read stays
        read. Its lines' `stored` are of this run. None where no category answered and no day was
        named.
        """
        read: dict[str, Announcement] = {}
        stored: dict[str, int] = {}
        failed: dict[str, str] = {}
        for category in categories:
            try:
                read[category] = self.source.read(category, day)
            except SourceError as error:
                failed[category] = str(error)
                continue
            line = self._store(read[category], now)
            stored[category] = line.stored
            self.report(line)
        newest = day or max((got.day for got in read.values()), default=None)
        if newest is None:
            for category, problem in failed.items():
                self.report(
                    CategoryReceipt(category, now.date(), BatchState.FAILED, problems=(problem,))
                )
            return None
        for category in categories:
            if category in failed:
                line = CategoryReceipt(
                    category, newest, BatchState.FAILED, problems=(failed[category],)
                )
            elif read[category].day != newest:
                line = build_mismatch(read[category], newest)
                stored[category] = 0
            else:
                continue
            self.store.save_receipt(line, now)
            self.report(line)
        lines = tuple(
            replace(line, stored=stored.get(line.category, 0))
            for line in self.store.receipts(newest, categories)
        )
        return build_receipt(newest, lines, self.store.count_papers(newest, categories))

    def _store(self, announcement: Announcement, now: datetime) -> CategoryReceipt:
        """Store one announcement under its own day, unless it repeats the batch before it."""
        before = self.store.batch_before(announcement.category, announcement.day)
        line = build_line(announcement, before)
        if line.state is BatchState.STALE:
            self.store.save_receipt(line, now)
            return line
        return replace(line, stored=self.store.save_announcement(announcement, line, now))


def build_line(announcement: Announcement, before: Batch) -> CategoryReceipt:
    """Say what one announcement is worth, given the category's batch before it.

    A batch of which every entry stood in the one before is stale, whatever the versions, and even
    where some entries could not be read this time: a paper is new only once, so arXiv served
    yesterday's under today's date. Where it was today's after all, as all papers that are
    replaced today were replaced yesterday, too, it is read with the days that were missed.
    """
    new, cross, replaced = count_entries(announcement.entries)
    problems = announcement.faults
    if announcement.announced == 0:
        state = BatchState.EMPTY
    elif announcement.entries and name_batch(announcement.entries) <= before:
        state = BatchState.STALE
        problem = (
            f"{announcement.category} repeats its batch before under {say_day(announcement.day)};"
            " nothing of it was counted, and it is asked again"
        )
        problems = (problem, *problems)
    elif announcement.truncated:
        state = BatchState.TRUNCATED
    elif len(announcement.entries) < announcement.announced:
        state = BatchState.PARTIAL
    else:
        state = BatchState.COMPLETE
    return CategoryReceipt(
        category=announcement.category,
        day=announcement.day,
        state=state,
        announced=announcement.announced,
        read=len(announcement.entries),
        new=new,
        cross=cross,
        replaced=replaced,
        problems=problems,
    )


def build_mismatch(announcement: Announcement, wanted: date) -> CategoryReceipt:
    """Say that a category served another day than the one wanted: not yet there, or gone by."""
    served, day = say_day(announcement.day), say_day(wanted)
    if announcement.day < wanted:
        state = BatchState.LATE
        problem = f"{announcement.category} still serves {served}; {day} is not there yet"
    else:
        state = BatchState.FAILED
        problem = f"{announcement.category} serves {served}; {day} is no longer in the feed"
    return CategoryReceipt(announcement.category, wanted, state, problems=(problem,))

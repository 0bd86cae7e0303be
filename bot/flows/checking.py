"""Look for what keeps the bot from working: each finding is fine or says what to do."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol

from bot.core.days import say_day
from bot.core.editions import BatchState, CategoryReceipt
from bot.core.findings import Finding, Health
from bot.errors import BotError
from bot.flows.ingest import Source

# arXiv announces on five evenings a week and skips holidays; longer gaps mean something is wrong.
LONGEST_GAP = timedelta(days=5)


class ReceiptStore(Protocol):
    """What checking needs to read."""

    def count(self) -> int:
        """Count the stored papers."""
        ...

    def last_announced(self, category: str) -> date | None:
        """Return the newest day of which the category's batch was read."""
        ...

    def newest_day(self, categories: Iterable[str]) -> date | None:
        """Return the newest day on which any of the categories announced papers."""
        ...

    def receipts(self, day: date, categories: Iterable[str]) -> tuple[CategoryReceipt, ...]:
        """Return what is known of a day, a line a category that was asked for."""
        ...


def check_database(open_store: Callable[[], ReceiptStore], url: str) -> Finding:
    """Open the database, as every command does."""
    try:
        papers = open_store().count()
    except BotError as error:
        return Finding("database", Health.BAD, str(error))
    stored = f"{papers} paper{'' if papers == 1 else 's'} stored"
    return Finding("database", Health.FINE, f"{hide_password(url)}: {stored}")


def hide_password(url: str) -> str:
    """Return a database's URL as people may see it.

    >>> hide_password("postgresql+psycopg://me:secret@db.example/papers")
    'postgresql+psycopg://me:***@db.example/papers'
    """
    hidden = re.sub(r"(?<=://)([^/:@]*):[^?]*@", r"\1:***@", url)
    return re.sub(r"([?&]\w*password=)[^&]*", r"\1***", hidden)


def check_arxiv(source: Source, category: str, now: datetime) -> Finding:
    """Ask the source for one category."""
    try:
        announcement = source.read(category, None)
    except BotError as error:
        return Finding("arXiv", Health.BAD, f"{error}. See that this machine reaches it.")
    age = now.date() - announcement.day
    if abs(age) > LONGEST_GAP:
        message = (
            f"{announcement.url} serves {say_day(announcement.day)}, but this machine's clock says "
            f"{say_day(now.date())}: see which of them is wrong"
        )
        return Finding("clock", Health.DOUBTFUL, message)
    entries = f"{announcement.announced} entr{'y' if announcement.announced == 1 else 'ies'}"
    message = f"{announcement.url}: {entries} on {say_day(announcement.day)}"
    return Finding("arXiv", Health.FINE, message)


@dataclass(frozen=True, slots=True)
class Reading:
    """How a category is read: the last day that was, and the receipt that tells most since."""

    category: str
    last: date | None
    line: CategoryReceipt | None


def read_categories(
    store: ReceiptStore, categories: Sequence[str], now: datetime
) -> tuple[Reading, ...]:
    """Gather how each category is read; empty where none of them announced anything yet."""
    newest = store.newest_day(categories)
    if newest is None:
        return ()
    lines: dict[str, CategoryReceipt] = {}
    # Where every category is late, nothing was announced on the days that matter most.
    day = max(newest, now.date() - LONGEST_GAP)
    while day <= max(newest, now.date() + timedelta(days=1)):
        for line in store.receipts(day, categories):
            # A weekend does not make up for what a Friday lacks.
            if line.state is not BatchState.EMPTY or line.problems or line.category not in lines:
                lines[line.category] = line
        day += timedelta(days=1)
    return tuple(
        Reading(category, store.last_announced(category), lines.get(category))
        for category in categories
    )


def judge_categories(readings: Sequence[Reading], now: datetime) -> tuple[Finding, ...]:
    """Say, a category each, when its last batch was read and what is wrong since."""
    if not readings:
        message = "nothing was read yet: `papers fetch` reads the newest announcement"
        return (Finding("announcements", Health.DOUBTFUL, message),)
    return tuple(_judge_category(reading, now) for reading in readings)


def _judge_category(reading: Reading, now: datetime) -> Finding:
    category, last, line = reading.category, reading.last, reading.line
    read = f"last read {say_day(last)}" if last else "never read"
    fetch = f"{read}; `papers fetch` reads what came since"
    if line is not None and line.state not in (BatchState.COMPLETE, BatchState.EMPTY):
        what = f"{line.state}: {line.problems[0]}" if line.problems else line.state
        return Finding(category, Health.DOUBTFUL, f"{read}; {what}")
    if line is not None and line.problems:
        return Finding(category, Health.DOUBTFUL, f"{read}; {line.problems[0]}")
    if last is None:
        return Finding(category, Health.DOUBTFUL, f"{read}: `papers fetch` reads it")
    if line is None or now.date() - last > LONGEST_GAP:
        return Finding(category, Health.DOUBTFUL, fetch)
    return Finding(category, Health.FINE, read)

"""Several editions of one set become one digest, papers with the most keywords first."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from bot.core.announcing import delivery_key
from bot.core.editions import (
    BatchState,
    CategoryReceipt,
    Edition,
    Item,
    Receipt,
    reading_order,
)

# Of a category that was several things on several days, the worst is said.
_WORST_FIRST = (
    BatchState.FAILED,
    BatchState.STALE,
    BatchState.LATE,
    BatchState.TRUNCATED,
    BatchState.PARTIAL,
    BatchState.COMPLETE,
    BatchState.EMPTY,
)


def join_editions(editions: Sequence[Edition]) -> Edition:
    """Join a set's editions into the digest of them all; one alone stays as it is.

    `editions` are oldest first and of one set. A paper comes once, as it came first; the papers of
    several days are ranked by how many keywords hit.
    """
    last = editions[-1]
    if len(editions) == 1:
        return last
    items: dict[str, Item] = {}
    for edition in editions:
        for item in edition.items:
            items.setdefault(delivery_key(item), item)
    return replace(
        last,
        items=rank_items(items.values()),
        receipt=join_receipts([edition.receipt for edition in editions]),
        earlier=sum(edition.earlier for edition in editions),
        since=min(edition.since or edition.day for edition in editions),
    )


def rank_items(items: Iterable[Item]) -> tuple[Item, ...]:
    """Order papers by how many of the set's keywords hit, most first; ties in reading order."""
    return tuple(sorted(reading_order(items), key=lambda item: -len(item.keywords)))


def join_receipts(receipts: Sequence[Receipt]) -> Receipt:
    """Add up the receipts of several days, oldest first; problems are said once each."""
    lines: dict[str, list[CategoryReceipt]] = {}
    for receipt in receipts:
        for line in receipt.categories:
            lines.setdefault(line.category, []).append(line)
    return Receipt(
        day=receipts[-1].day,
        announced=sum(receipt.announced for receipt in receipts),
        read=sum(receipt.read for receipt in receipts),
        categories=tuple(_join_lines(each) for each in lines.values()),
    )


def _join_lines(lines: Sequence[CategoryReceipt]) -> CategoryReceipt:
    problems = dict.fromkeys(problem for line in lines for problem in line.problems)
    return CategoryReceipt(
        category=lines[-1].category,
        day=lines[-1].day,
        state=min((line.state for line in lines), key=_WORST_FIRST.index),
        announced=sum(line.announced for line in lines),
        read=sum(line.read for line in lines),
        new=sum(line.new for line in lines),
        cross=sum(line.cross for line in lines),
        replaced=sum(line.replaced for line in lines),
        stored=sum(line.stored for line in lines),
        problems=tuple(problems),
    )

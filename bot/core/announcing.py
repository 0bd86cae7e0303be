"""One day's entries over all categories, brought together: a paper once, with all it was called."""

from collections.abc import Collection, Iterable
from datetime import date
from types import MappingProxyType

from bot.core.editions import BatchState, CategoryReceipt, Item, Receipt, reading_order
from bot.core.papers import AnnounceType, Entry, Paper

_KIND_ORDER = tuple(AnnounceType)

# The states in which a category's batch of the day itself was read.
ANNOUNCED = frozenset(
    {BatchState.COMPLETE, BatchState.EMPTY, BatchState.TRUNCATED, BatchState.PARTIAL}
)


def merge_entries(entries: Iterable[tuple[str, Entry]]) -> tuple[Item, ...]:
    """Merge `(category, entry)` pairs of one day into items without hits, in reading order.

    Where versions differ, the highest one's text stands. An item's categories are those of that
    paper; its kind is the first, in AnnounceType's order, of what any category called it, and so
    is that of a category which called it two things.
    """
    papers: dict[str, Paper] = {}
    kinds: dict[str, dict[str, AnnounceType]] = {}
    for category, entry in entries:
        paper = entry.paper
        known = papers.get(paper.base_id)
        if known is None or paper.version > known.version:
            papers[paper.base_id] = paper
        called = kinds.setdefault(paper.base_id, {})
        called[category] = first_kind((entry.kind, called.get(category, entry.kind)))
    return reading_order(
        Item(
            paper=paper,
            kind=first_kind(kinds[base_id].values()),
            hits=(),
            kinds=MappingProxyType(kinds[base_id]),
        )
        for base_id, paper in papers.items()
    )


def first_kind(kinds: Iterable[AnnounceType]) -> AnnounceType:
    """Return what a paper counts as where several categories announced it: new before cross."""
    return min(kinds, key=_KIND_ORDER.index)


def choose_kind(
    kinds: Iterable[AnnounceType], types: Collection[AnnounceType]
) -> AnnounceType | None:
    """Return what a paper counts as for whoever wants these types; None: not wanted.

    It counts as what it is called first; a paper that is cross-listed and replaced on one day is
    a replacement for those who want only replacements.
    """
    called = tuple(kinds)
    for replaced in (False, True):
        alike = [kind for kind in called if kind.is_replacement is replaced]
        if alike and first_kind(alike) in types:
            return first_kind(alike)
    return None


def delivery_key(item: Item) -> str:
    """Name what may reach a set only once: a paper, or one version of it where it is a replacement.

    A later cross-listing of a paper that was new before has the same name, so it does not come
    twice.
    """
    paper = item.paper
    return f"{paper.base_id}v{paper.version}" if item.kind.is_replacement else paper.base_id


Batch = frozenset[tuple[str, AnnounceType]]


def name_batch(entries: Iterable[Entry]) -> Batch:
    """Reduce one category's batch to what tells it from another: ids and kinds.

    A batch that is served again later may name its papers' newer versions.
    """
    return frozenset((entry.paper.base_id, entry.kind) for entry in entries)


def count_entries(entries: Iterable[Entry]) -> tuple[int, int, int]:
    """Count entries: new, cross-listed, replaced (either kind)."""
    kinds = [entry.kind for entry in entries]
    new, cross = kinds.count(AnnounceType.NEW), kinds.count(AnnounceType.CROSS)
    return new, cross, len(kinds) - new - cross


def build_receipt(day: date, lines: tuple[CategoryReceipt, ...], papers: int) -> Receipt:
    """Make a day's receipt of its categories' lines and the number of papers read.

    A paper that could not be read cannot be told from the same one in another category, so each
    unreadable entry counts as one announced paper.
    """
    unread = sum(line.announced - line.read for line in lines if line.state in ANNOUNCED)
    return Receipt(day, papers + unread, papers, lines)

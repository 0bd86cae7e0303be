"""What every format shows of an edition, in its words and order; no format's own marks are here."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import accumulate, islice
from typing import Final

from bot.core.days import say_day, say_day_briefly, say_days, say_days_briefly
from bot.core.editions import DayListing, Edition, Field, Hit, Item, Receipt
from bot.core.latex import to_text
from bot.core.papers import AnnounceType
from bot.core.taxonomy import canonical, name_of
from bot.render.segments import Segment, Segments, cut, excerpt, has_hit, join, mark, one_line

KINDS: Final = {
    AnnounceType.NEW: "new",
    AnnounceType.CROSS: "cross-listed",
    AnnounceType.REPLACE: "replaced",
    AnnounceType.REPLACE_CROSS: "replaced, cross-listed",
}
_GROUPS: Final = {
    AnnounceType.NEW: "New",
    AnnounceType.CROSS: "Cross-listed",
    AnnounceType.REPLACE: "Replaced",
    AnnounceType.REPLACE_CROSS: "Replaced",
}
_FIRST_AUTHORS: Final = 3
_MOST_AUTHORS: Final = 5  # up to here nothing is gained by leaving names out
_MOST_HIT_AUTHORS: Final = 3
_BEST: Final = 5


@dataclass(frozen=True, slots=True)
class PaperView:
    """One paper as it is shown: texts without TeX, hits marked.

    `authors` are all names; `few_authors` the first three, those that were hit and the last.
    """

    item: Item
    title: Segments
    abstract: Segments
    authors: Segments
    few_authors: Segments
    categories: tuple[str, ...]
    kind: str
    why: str
    url: str


@dataclass(frozen=True, slots=True)
class Group:
    """The papers of one kind, best first."""

    label: str
    papers: tuple[PaperView, ...]


@dataclass(frozen=True, slots=True)
class EditionView:
    """An edition as it is shown; `counts` and `receipt` are sentences without a full stop."""

    set_name: str
    day: str
    day_brief: str
    groups: tuple[Group, ...]
    counts: str
    receipt: str
    problems: tuple[str, ...]

    @property
    def papers(self) -> tuple[PaperView, ...]:
        """Every paper in the order in which it is read."""
        return tuple(paper for group in self.groups for paper in group.papers)

    @property
    def best(self) -> tuple[PaperView, ...]:
        """The five papers for those who read no further."""
        return self.papers[:_BEST]


@dataclass(frozen=True, slots=True)
class CategoryView:
    """One primary category's part of a day."""

    id: str
    name: str
    papers: tuple[PaperView, ...]


@dataclass(frozen=True, slots=True)
class DayView:
    """A whole day's announcement as it is shown, by primary category."""

    day: str
    day_brief: str
    categories: tuple[CategoryView, ...]
    counts: str
    receipt: str
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """One edition in the index of a folder: `href` is relative to the index."""

    day: date
    set_name: str
    papers: int
    href: str


def build_edition_view(edition: Edition) -> EditionView:
    """Work out once what all formats show of an edition."""
    groups = _build_groups(edition.items)
    receipt = edition.receipt
    matched = len(edition.items)
    earlier = f", {edition.earlier} shown here before" if edition.earlier else ""
    return EditionView(
        set_name=one_line(edition.set.name),
        day=say_days(edition.since, edition.day),
        day_brief=say_days_briefly(edition.since, edition.day),
        groups=groups,
        counts=_say_counts(groups, matched, receipt.announced),
        receipt=f"{_say_receipt(receipt)}, {matched} matched{earlier}",
        problems=_problems(receipt),
    )


def build_day_view(listing: DayListing) -> DayView:
    """Work out what a day's page shows: categories by id, papers in the listing's order."""
    by_category: dict[str, list[PaperView]] = {}
    for item in listing.items:
        by_category.setdefault(canonical(item.paper.primary), []).append(build_paper_view(item))
    return DayView(
        day=say_day(listing.day),
        day_brief=say_day_briefly(listing.day),
        categories=tuple(
            CategoryView(one_line(category), _name_category(category), tuple(papers))
            for category, papers in sorted(by_category.items())
        ),
        counts=count(len(listing.items), "paper"),
        receipt=_say_receipt(listing.receipt),
        problems=_problems(listing.receipt),
    )


def build_paper_view(item: Item) -> PaperView:
    """Work out what all formats show of one paper."""
    paper = item.paper
    names = display_names(paper.authors)
    authors = _marked(", ".join(names), item.hits, Field.AUTHORS)
    return PaperView(
        item=item,
        title=_marked(display(paper.title), item.hits, Field.TITLE),
        abstract=_marked(display(paper.abstract), item.hits, Field.ABSTRACT),
        authors=authors,
        few_authors=_few(names, authors, item.hits),
        categories=tuple(map(_display_category, paper.categories)),
        kind=KINDS[item.kind],
        why=say_why(item.hits),
        url=paper.url,
    )


# A day's papers come back in several editions, and reading TeX costs more than all the rest.
@lru_cache(maxsize=8192)
def display(tex: str) -> str:
    """Return the display text that hits' offsets refer to."""
    return to_text(tex)


@lru_cache(maxsize=4096)
def display_names(authors: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names that, joined by ", ", hits' offsets refer to."""
    return tuple(map(to_text, authors))


def say_why(hits: Iterable[Hit]) -> str:
    """Name each keyword once, with the fields it hit where that says more than "abstract".

    >>> say_why([Hit("VLM", Field.TITLE, 0, 3, "VLM"), Hit("RAG", Field.ABSTRACT, 0, 3, "RAG")])
    'VLM (title), RAG'
    """
    fields: dict[str, list[Field]] = {}
    for hit in hits:
        known = fields.setdefault(hit.keyword, [])
        if hit.field not in known and hit.field is not Field.ABSTRACT:
            known.append(hit.field)
    return ", ".join(
        f"{one_line(keyword)} ({', '.join(where)})" if where else one_line(keyword)
        for keyword, where in fields.items()
    )


def evidence(paper: PaperView, shown: Segments) -> Segments:
    """Return the abstract's first hit in its sentence, unless `shown` already has a hit."""
    return () if has_hit(shown) or has_hit(paper.title) else excerpt(paper.abstract)


def count(number: int, singular: str, plural: str = "") -> str:
    """Say how many: "1 paper", "2 papers", "3 categories"."""
    return f"{number} {singular if number == 1 else plural or f'{singular}s'}"


def group_days(entries: Sequence[IndexEntry]) -> tuple[tuple[date, tuple[IndexEntry, ...]], ...]:
    """Group an index by day, newest first; within a day by the set's name."""
    days = sorted({entry.day for entry in entries}, reverse=True)
    ordered = sorted(entries, key=lambda entry: (entry.set_name.casefold(), entry.href))
    return tuple((day, tuple(entry for entry in ordered if entry.day == day)) for day in days)


@lru_cache(maxsize=512)
def _name_category(category: str) -> str:
    """Name a category with its id, as two of arXiv's are called Machine Learning."""
    name, shown = one_line(name_of(category)), one_line(category)
    return f"{name} · {shown}" if name != shown else shown


def _display_category(category: str) -> str:
    return one_line(category)


def _marked(text: str, hits: Iterable[Hit], field: Field) -> Segments:
    return mark(text, [(hit.start, hit.end) for hit in hits if hit.field is field])


def _few(names: tuple[str, ...], authors: Segments, hits: Iterable[Hit]) -> Segments:
    """Leave out the middle of a long list, but no name that was hit (three of those at most)."""
    if len(names) <= _MOST_AUTHORS:
        return authors
    starts = [0, *accumulate(len(name) + 2 for name in names)]
    found = [bisect_right(starts, hit.start) - 1 for hit in hits if hit.field is Field.AUTHORS]
    wanted = dict.fromkeys(index for index in found if 0 <= index < len(names))
    shown = {*range(_FIRST_AUTHORS), *islice(wanted, _MOST_HIT_AUTHORS), len(names) - 1}
    parts: list[Segment] = []
    for index in sorted(shown):
        if index:
            parts.append(Segment(", " if index - 1 in shown else " … "))
        parts += cut(authors, starts[index], starts[index] + len(names[index]))
    left_out = len(names) - len(shown)
    return join((*parts, Segment(f", +{left_out}" if left_out else "")))


def _build_groups(items: Sequence[Item]) -> tuple[Group, ...]:
    groups: dict[str, list[PaperView]] = {label: [] for label in _GROUPS.values()}
    for item in items:
        groups[_GROUPS[item.kind]].append(build_paper_view(item))
    return tuple(
        Group(label, tuple(sorted(papers, key=_rank))) for label, papers in groups.items() if papers
    )


def _rank(paper: PaperView) -> tuple[int, bool]:
    """Sort key: more keywords first, then a hit in the title; sorting keeps the edition's order."""
    hits = paper.item.hits
    return (-len(paper.item.keywords), not any(hit.field is Field.TITLE for hit in hits))


def _say_counts(groups: Iterable[Group], matched: int, announced: int) -> str:
    if not announced and not matched:
        return "No papers were announced"
    # What a late category brings is counted in the receipt of its own day.
    whole = f" of the {count(announced, 'paper')} announced" if matched <= announced else ""
    if not matched:
        return f"None{whole}"
    parts = ", ".join(f"{len(group.papers)} {group.label.lower()}" for group in groups)
    return f"{matched}{whole or (' paper' if matched == 1 else ' papers')} · {parts}"


def _say_receipt(receipt: Receipt) -> str:
    categories = len(receipt.categories)
    where = f" in {count(categories, 'category', 'categories')}" if categories else ""
    return f"{receipt.announced} announced{where}, {receipt.read} read"


def _problems(receipt: Receipt) -> tuple[str, ...]:
    return tuple(filter(None, map(one_line, receipt.problems)))

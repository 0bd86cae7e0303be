"""A part of an edition: the papers of one kind or category, a page of them at a time."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import ceil

from bot.core.editions import Edition, Item
from bot.core.papers import AnnounceType
from bot.render.paths import Paths
from bot.render.segments import one_line
from bot.render.view import PaperView, build_edition_view

PAGE = 200
# A paper that is replaced is one, in whichever category.
_KINDS = {
    "new": ("new", (AnnounceType.NEW,)),
    "cross": ("cross-listed", (AnnounceType.CROSS,)),
    "replaced": ("replaced", (AnnounceType.REPLACE, AnnounceType.REPLACE_CROSS)),
}


@dataclass(frozen=True, slots=True)
class Filter:
    """What a reader wants to see of an edition; "" for either means all."""

    category: str = ""
    kind: str = ""
    page: int = 1

    def __bool__(self) -> bool:
        """Whether anything is left out."""
        return self != Filter()


@dataclass(frozen=True, slots=True)
class Choice:
    """One way to filter, with how many papers it leaves."""

    label: str
    href: str
    papers: int
    current: bool


@dataclass(frozen=True, slots=True)
class ShownGroup:
    """The papers of one kind on a page, and how many of the kind there are in all."""

    label: str
    papers: tuple[PaperView, ...]
    total: int


@dataclass(frozen=True, slots=True)
class Part:
    """What is shown of an edition; choices are empty where there is nothing to choose."""

    groups: tuple[ShownGroup, ...]
    kinds: tuple[Choice, ...]
    categories: tuple[Choice, ...]
    page: int
    pages: int
    turn: Callable[[int], str]


def is_known(edition: Edition, wanted: Filter) -> bool:
    """Whether an edition has such papers, so that a link could have led to this part of it."""
    items = [item for item in edition.items if _fits(item, replace(wanted, kind=""))]
    if wanted.kind and wanted.kind not in _KINDS:
        return False
    if wanted.category and not items:
        return False
    return 1 <= wanted.page <= max(1, ceil(len(edition.items) / PAGE))


def filter_edition(edition: Edition, wanted: Filter, paths: Paths, token: str = "") -> Part:
    """Choose the papers of an edition that are wanted, in their order; `token`: of a signed link.

    Each choice keeps the other one, so that both can be combined.
    """

    def lead(part: Filter) -> str:
        if token:
            return paths.read(token, category=part.category, kind=part.kind, page=part.page)
        return paths.edition(
            edition.set.name,
            edition.day,
            category=part.category,
            kind=part.kind,
            page=part.page,
        )

    def choose(label: str, part: Filter) -> Choice:
        papers = sum(_fits(item, part) for item in edition.items)
        current = (part.category, part.kind) == (wanted.category, wanted.kind)
        return Choice(label, lead(part), papers, current)

    first = replace(wanted, page=1)
    kinds = [name for name in _KINDS if any(_fits(it, Filter(kind=name)) for it in edition.items)]
    categories = sorted(
        {one_line(category) for item in edition.items for category in _followed(item)}
    )
    chosen = replace(edition, items=tuple(item for item in edition.items if _fits(item, wanted)))
    groups = build_edition_view(chosen).groups
    total = len(chosen.items)
    pages = max(1, ceil(total / PAGE))
    page = min(wanted.page, pages)
    left, skip = PAGE, (page - 1) * PAGE
    shown = []
    for group in groups:
        papers = group.papers[skip : skip + left]
        skip = max(0, skip - len(group.papers))
        left -= len(papers)
        if papers:
            shown.append(ShownGroup(group.label, papers, len(group.papers)))
    return Part(
        groups=tuple(shown),
        kinds=tuple(
            choose(label, replace(first, kind=name))
            for name, label in [("", "all"), *((name, _KINDS[name][0]) for name in kinds)]
        )
        if len(kinds) > 1
        else (),
        categories=tuple(
            choose(name or "every category", replace(first, category=name))
            for name in ["", *categories]
        )
        if len(categories) > 1
        else (),
        page=page,
        pages=pages,
        turn=lambda number: lead(replace(wanted, page=number)),
    )


def _fits(item: Item, wanted: Filter) -> bool:
    if wanted.category and wanted.category not in map(one_line, _followed(item)):
        return False
    return not wanted.kind or item.kind in _KINDS.get(wanted.kind, ("", ()))[1]


def _followed(item: Item) -> tuple[str, ...]:
    """Return the followed categories that announced a paper, or else its primary one."""
    return tuple(item.kinds) or (item.paper.primary,)

"""Match a day's papers with every keyword set and freeze editions with their deliveries."""

import gc
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Protocol

from bot.core.announcing import choose_kind, delivery_key
from bot.core.editions import Delivery, Destination, Edition, Item, reading_order
from bot.core.explaining import explain
from bot.core.keyword_sets import KeywordSet
from bot.core.matching import Matcher
from bot.core.papers import Announcement, Paper
from bot.core.parsing import parse_set
from bot.core.records import PreparedDay
from bot.core.words import prepare
from bot.errors import QueryError

# A category that was late or failed on one day comes with a later edition, up to this much later.
LOOK_BACK = timedelta(days=7)


class EditionStore(Protocol):
    """What publish needs to remember."""

    def load_day(self, day: date, categories: Iterable[str]) -> PreparedDay:
        """Load what these categories announced on that day, merged; empty where nothing was."""
        ...

    def edition_days(self, keyword_set: KeywordSet) -> tuple[date, date] | None:
        """Return the days of a set's first and last editions, if it has any."""
        ...

    def shown_keys(self, keyword_set: KeywordSet, keys: Iterable[str]) -> frozenset[str]:
        """Return which of these delivery keys stood in any edition of the set."""
        ...

    def save_edition(
        self,
        keyword_set: KeywordSet,
        edition: Edition,
        destinations: Sequence[tuple[Destination, datetime]],
        at: datetime,
    ) -> tuple[Delivery, ...] | None:
        """Freeze an edition and plan its deliveries, due at their moments, in one transaction.

        Sets are told apart by owner and name. None where the set already has an edition of that
        day: nothing is changed then. An edition without papers is kept but plans no delivery.
        Each item's `core.announcing.delivery_key` is unique among the set's editions.
        """
        ...


@dataclass(frozen=True, slots=True)
class Published:
    """What publish did for one set: its edition, and the deliveries planned for it."""

    edition: Edition
    deliveries: tuple[Delivery, ...]


def build_matcher(sets: Sequence[KeywordSet]) -> Matcher:
    """Compile keyword sets, in their order; raise QueryError for one that cannot be read.

    All of the many objects made are kept, so looking for garbage among them is put off: that is a
    quarter of the time of 10,000 sets.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        return Matcher([parse_set(keyword_set) for keyword_set in sets])
    finally:
        if collecting:
            gc.enable()


def build_editions(
    day: PreparedDay, sets: Sequence[KeywordSet], matcher: Matcher
) -> tuple[Edition, ...]:
    """Make each set's edition of a day, in the sets' order, whether or not any paper matched.

    `matcher` is made of the same sets in the same order. Stores nothing.
    """
    chosen: list[list[Item]] = [[] for _ in sets]
    for item in day.listing.items:
        prepared = day.prepared[item.paper.base_id]
        wanting = [
            (index, shown)
            for index in sorted(matcher.match(item.paper, prepared))
            if (shown := _see_item(sets[index], item)) is not None
        ]
        if wanting:
            why = explain(matcher, item.paper, prepared, [index for index, _ in wanting])
            for index, shown in wanting:
                chosen[index].append(replace(shown, hits=why[index]))
    return tuple(
        Edition(keyword_set.summary, day.listing.day, tuple(items), day.listing.receipt)
        for keyword_set, items in zip(sets, chosen, strict=True)
    )


def show_as_read(day: PreparedDay, announcements: Iterable[Announcement]) -> PreparedDay:
    """Return a day with its papers' texts as these announcements have them.

    arXiv mends a title or a list of authors without a new version now and then; whoever has just
    read an announcement shows what it says, not what the database kept of that version.
    """
    read: dict[tuple[str, int], Paper] = {}
    for announcement in announcements:
        if announcement.day == day.listing.day:
            for entry in announcement.entries:
                read[entry.paper.base_id, entry.paper.version] = entry.paper
    items = []
    prepared = dict(day.prepared)
    for item in day.listing.items:
        paper = read.get((item.paper.base_id, item.paper.version), item.paper)
        if paper != item.paper:
            prepared[paper.base_id] = prepare(paper)
        items.append(replace(item, paper=paper))
    return PreparedDay(replace(day.listing, items=reading_order(items)), prepared)


def plan_editions(
    day: date, sets: Sequence[KeywordSet], store: EditionStore, categories: Sequence[str]
) -> tuple[Edition, ...]:
    """Make the editions that publishing `day` would freeze, in the sets' order; change nothing.

    A paper reaches a set once, whatever it is announced as later; what a category brought late
    joins the first edition after it came. Raise QueryError for a set that cannot be read.
    """
    matcher = build_matcher(sets)
    starts = [_find_start(store.edition_days(keyword_set), day) for keyword_set in sets]
    joined: list[list[Edition]] = [[] for _ in sets]
    each = min(starts, default=day)
    while each <= day:
        of_day = build_editions(store.load_day(each, categories), sets, matcher)
        for start, editions, edition in zip(starts, joined, of_day, strict=True):
            if start <= each:
                editions.append(edition)
        each += timedelta(days=1)
    return tuple(
        _leave_out_shown(store, keyword_set, editions)
        for keyword_set, editions in zip(sets, joined, strict=True)
    )


def publish(
    day: date,
    sets: Sequence[KeywordSet],
    store: EditionStore,
    *,
    destinations: Mapping[str, Sequence[tuple[Destination, datetime]]],
    categories: Sequence[str],
    now: datetime,
    report: Callable[[str], None] = lambda _problem: None,
) -> tuple[Published, ...]:
    """Freeze the edition of `day` of every set that has none yet, and plan its deliveries.

    `destinations` are by set name, each with the moment from which it may be delivered to. Doing
    it again changes nothing. A set that cannot be read never stops the others: it is left out, and
    `report` hears why.
    """
    published = []
    readable = find_readable(sets, report)
    editions = plan_editions(day, readable, store, categories)
    for keyword_set, edition in zip(readable, editions, strict=True):
        planned = destinations.get(keyword_set.name, ()) if edition.items else ()
        deliveries = store.save_edition(keyword_set, edition, planned, now)
        if deliveries is not None:
            published.append(Published(edition, deliveries))
    return tuple(published)


def find_readable(
    sets: Sequence[KeywordSet], report: Callable[[str], None]
) -> tuple[KeywordSet, ...]:
    """Return the sets whose query can be read; `report` hears a sentence for each other one.

    Sets are read before they are saved, but a later version of the program may read otherwise.
    """
    readable = []
    for keyword_set in sets:
        try:
            parse_set(keyword_set)
        except QueryError as error:
            report(f"the set {keyword_set.name!r} is left out until it is changed: {error}")
        else:
            readable.append(keyword_set)
    return tuple(readable)


def _leave_out_shown(
    store: EditionStore, keyword_set: KeywordSet, editions: Sequence[Edition]
) -> Edition:
    """Join a set's editions of several days, without what stood in an earlier edition of it.

    What the last day brings again is counted; that the days before it were shown goes unsaid.
    """
    joined = _join_days(editions)
    keys = [delivery_key(item) for item in joined.items]
    shown = store.shown_keys(keyword_set, keys)
    fresh = tuple(item for item, key in zip(joined.items, keys, strict=True) if key not in shown)
    earlier = sum(delivery_key(item) in shown for item in editions[-1].items)
    return replace(joined, items=fresh, earlier=earlier)


def _see_item(keyword_set: KeywordSet, item: Item) -> Item | None:
    """Return an item as a set sees it: what its own categories call it; None: not wanted."""
    kind = choose_kind(
        (
            kind
            for category, kind in item.kinds.items()
            if not keyword_set.categories or category in keyword_set.categories
        ),
        keyword_set.types,
    )
    return None if kind is None else replace(item, kind=kind)


def _find_start(edition_days: tuple[date, date] | None, day: date) -> date:
    """Return the first day to look at for a set: late batches count, those before the set don't."""
    return day if edition_days is None else min(day, max(edition_days[0], day - LOOK_BACK))


def _join_days(editions: Sequence[Edition]) -> Edition:
    """Join a set's editions of several days into the last one; a paper of two days comes once."""
    items: dict[str, Item] = {}
    for edition in editions:
        for item in edition.items:
            items.setdefault(delivery_key(item), item)
    return replace(editions[-1], items=reading_order(items.values()))

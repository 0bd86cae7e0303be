"""Match a day's papers with every keyword set and freeze editions with their deliveries."""

import gc
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cache
from typing import Protocol

from bot.core.announcing import choose_kind, delivery_key
from bot.core.editions import Delivery, DestinationKind, Edition, Item, reading_order
from bot.core.explaining import explain
from bot.core.joining import join_receipts, rank_items
from bot.core.keyword_sets import KeywordSet, SetKey
from bot.core.matching import Matcher
from bot.core.papers import Announcement, Paper
from bot.core.parsing import parse_set
from bot.core.records import PreparedDay, Span
from bot.core.schedule import find_slot
from bot.core.subscriptions import Frozen, Plan, Subscription
from bot.core.words import prepare
from bot.errors import QueryError, StoreError

# What came late is looked for among the days of the last week and those that were read since a
# day before the last edition was frozen: a long run of reading may have begun before and ended
# after it.
LOOK_BACK = timedelta(days=7)
_OVERLAP = timedelta(days=1)
# Editions that are kept in one transaction, so that others can write in between.
_AT_ONCE = 500


class EditionStore(Protocol):
    """What publish needs to remember."""

    def load_day(self, day: date, categories: Iterable[str]) -> PreparedDay:
        """Load what these categories announced on that day, merged; empty where nothing was."""
        ...

    def edition_spans(self) -> Mapping[SetKey, Span]:
        """Return, for every set that has editions, their first and last days and when that was."""
        ...

    def shown_keys(self, base_ids: Iterable[str]) -> Mapping[SetKey, frozenset[str]]:
        """Return the delivery keys under which these papers stood in editions, set by set."""
        ...

    def first_read_since(self, moment: datetime, categories: Iterable[str]) -> date | None:
        """Return the oldest day of which something was read at this moment or later."""
        ...

    def load_subscriptions(self) -> tuple[Subscription, ...]:
        """Load every subscription that was not removed, paused ones included."""
        ...

    def save_editions(
        self, frozen: Sequence[Frozen], at: datetime
    ) -> tuple[tuple[Delivery, ...] | None, ...]:
        """Freeze editions and plan their deliveries, all in one transaction.

        The result has a member for each of `frozen`: None where the set (told by owner and name)
        already has an edition of that day, of which nothing is changed then. An edition without
        papers is kept but plans no delivery. A plan of a slot for which its subscription has a
        delivery that is not due yet joins that one and makes none. Each item's
        `core.announcing.delivery_key` is unique among the set's editions.
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
    joins the first edition after it came, and so does all that was announced since the set's last
    edition. Raise QueryError for a set that cannot be read.
    """
    matcher = build_matcher(sets)
    spans = store.edition_spans()
    known = [spans.get(keyword_set.key) for keyword_set in sets]
    late = _find_late(store, known, categories)
    starts = [_find_start(span, day, late) for span in known]
    joined: list[list[Edition]] = [[] for _ in sets]
    each = min(starts, default=day)
    while each <= day:
        loaded = store.load_day(each, categories)
        if loaded.listing.items or each == day:
            of_day = build_editions(loaded, sets, matcher)
            for start, editions, edition in zip(starts, joined, of_day, strict=True):
                if start <= each:
                    editions.append(edition)
        each += timedelta(days=1)
    matched = (item for editions in joined for edition in editions for item in edition.items)
    shown = store.shown_keys({item.paper.base_id for item in matched})
    return tuple(
        _join(editions, shown.get(keyword_set.key, frozenset()), span.last if span else day)
        for keyword_set, editions, span in zip(sets, joined, known, strict=True)
    )


def publish(
    day: date,
    sets: Sequence[KeywordSet],
    store: EditionStore,
    *,
    categories: Sequence[str],
    now: datetime,
    kinds: Collection[DestinationKind] = tuple(DestinationKind),
    report: Callable[[str], None] = lambda _problem: None,
) -> tuple[Published, ...]:
    """Freeze the edition of `day` of every set that has none yet, and plan its deliveries.

    Each subscription gets its delivery when its schedule says; paused ones, those of paused sets
    and those to destinations not of these `kinds` get none. Doing it again changes nothing. A set
    that cannot be read never stops the others: it is left out, and `report` hears why.
    """
    readable = find_readable(sets, report)
    editions = plan_editions(day, readable, store, categories)
    subscribed: dict[SetKey, list[Subscription]] = {}
    for subscription in store.load_subscriptions():
        if not subscription.paused and subscription.destination.kind in kinds:
            key = subscription.set_key
            subscribed.setdefault(key, []).append(subscription)
    # Few schedules exist, and thousands of people have them.
    slots = cache(lambda schedule: find_slot(schedule, day, now))
    frozen = [
        Frozen(
            keyword_set,
            edition,
            ()
            if keyword_set.paused
            else tuple(
                Plan(each, slots(each.schedule)) for each in subscribed.get(keyword_set.key, ())
            ),
        )
        for keyword_set, edition in zip(readable, editions, strict=True)
    ]
    published: list[Published] = []
    for start in range(0, len(frozen), _AT_ONCE):
        published += _save(frozen[start : start + _AT_ONCE], store, now, report)
    return tuple(published)


def _save(
    frozen: Sequence[Frozen],
    store: EditionStore,
    now: datetime,
    report: Callable[[str], None],
) -> list[Published]:
    """Keep editions together, or, where one of them cannot be kept, one by one without it."""
    try:
        saved = store.save_editions(frozen, now)
    except StoreError as error:
        if len(frozen) > 1:
            return [each for one in frozen for each in _save([one], store, now, report)]
        report(str(error))
        return []
    return [
        Published(each.edition, deliveries)
        for each, deliveries in zip(frozen, saved, strict=True)
        if deliveries is not None
    ]


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


def _join(editions: Sequence[Edition], shown: frozenset[str], last: date) -> Edition:
    """Join a set's editions of several days, without what stood in an earlier edition of it.

    What the last day brings again is counted; that the days before it were shown goes unsaid.
    Papers of days between the set's `last` edition and this one, or of more than a week ago, make
    it a catch-up.
    """
    newest = editions[-1]
    earlier = sum(delivery_key(item) in shown for item in newest.items)
    fresh: dict[str, Item] = {}
    missed = []
    for edition in editions:
        before = len(fresh)
        for item in edition.items:
            key = delivery_key(item)
            if key not in shown:
                fresh.setdefault(key, item)
        is_old = edition.day > last or edition.day < newest.day - LOOK_BACK
        if edition is not newest and is_old and len(fresh) > before:
            missed.append(edition)
    if not missed:
        return replace(newest, items=reading_order(fresh.values()), earlier=earlier)
    since = missed[0].day
    return replace(
        newest,
        items=rank_items(fresh.values()),
        receipt=join_receipts([edition.receipt for edition in editions if edition.day >= since]),
        earlier=earlier,
        since=since,
    )


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


def _find_late(
    store: EditionStore, spans: Sequence[Span | None], categories: Sequence[str]
) -> date | None:
    """Return the oldest day of which something was read since any set's last edition."""
    frozen = min((span.at for span in spans if span), default=None)
    return None if frozen is None else store.first_read_since(frozen - _OVERLAP, categories)


def _find_start(span: Span | None, day: date, late: date | None) -> date:
    """Return the first day to look at for a set: none before the set, and all since its last."""
    if span is None:
        return day
    oldest = min(span.last + timedelta(days=1), day - LOOK_BACK, late or day)
    return min(day, max(span.first, oldest))

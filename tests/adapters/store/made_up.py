"""Made-up papers, announcements and editions for the store's tests; none of them exists."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType

from sqlalchemy import MetaData, create_engine, select

from bot.adapters.store import Store
from bot.adapters.store.database import insert_into
from bot.adapters.store.mail_tables import subscribers, suppressions
from bot.adapters.store.rows import to_micros
from bot.adapters.store.subscriptions import schedule_record
from bot.core.addresses import hash_address, key_of
from bot.core.editions import (
    BatchState,
    CategoryReceipt,
    Delivery,
    Destination,
    DestinationKind,
    Edition,
    Field,
    Hit,
    Item,
    Receipt,
    SetSummary,
)
from bot.core.keyword_sets import KeywordSet
from bot.core.papers import Announcement, AnnounceType, Entry, Paper
from bot.core.records import Busy, Claim
from bot.core.schedule import Schedule, Slot
from bot.core.subscriptions import Frozen, Plan, Subscription

DAY = date(2025, 12, 4)
NOW = datetime(2025, 12, 4, 1, 2, 3, 456789, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
CATS = KeywordSet("Cats", keywords=(("cat",),))
MAIL = Destination(DestinationKind.EMAIL, "lab@lab.example")
CHANNEL = Destination(DestinationKind.CHANNEL, "#papers")


def make_paper(
    number: int = 1,
    version: int = 1,
    *,
    title: str = "",
    abstract: str = "We teach a cat to climb.",
    authors: Sequence[str] = ("Ada Example", "Bo Sample"),
    categories: Sequence[str] = ("cs.CV", "cs.RO"),
    comments: str = "3 pages",
) -> Paper:
    return Paper(
        base_id=f"2512.{number:05d}",
        version=version,
        title=title or f"Cats of kind {number}, told {version} times",
        authors=tuple(authors),
        abstract=abstract,
        categories=tuple(categories),
        comments=comments,
        doi="10.1000/made.up",
        journal_ref="Imaginary Letters 1",
    )


def announce(
    *papers: Paper,
    category: str = "cs.CV",
    day: date = DAY,
    kind: AnnounceType = AnnounceType.NEW,
) -> Announcement:
    entries = tuple(Entry(paper, kind) for paper in papers)
    return Announcement(category, day, "https://arxiv.example/", len(entries), entries)


def line_of(announcement: Announcement, state: BatchState = BatchState.COMPLETE) -> CategoryReceipt:
    count = len(announcement.entries)
    return CategoryReceipt(
        announcement.category, announcement.day, state, announcement.announced, count, new=count
    )


def save(store: Store, announcement: Announcement, at: datetime = NOW) -> int:
    return store.save_announcement(announcement, line_of(announcement), at)


def make_edition(*papers: Paper, day: date = DAY, kind: AnnounceType = AnnounceType.NEW) -> Edition:
    items = tuple(
        Item(
            paper,
            kind,
            hits=(Hit("cat", Field.TITLE, 0, 4, "Cats"), Hit("cat", Field.ABSTRACT, 11, 14, "cat")),
            kinds=MappingProxyType({"cs.RO": AnnounceType.CROSS, "cs.CV": kind}),
        )
        for paper in papers
    )
    line = CategoryReceipt(
        "cs.CV", day, BatchState.PARTIAL, 5, 4, 3, 1, 0, 4, ("one paper “of many” has no title",)
    )
    summary = SetSummary("Cats", ("cat", "kitten,young"), ("dog",))
    return Edition(summary, day, items, Receipt(day, 5, 4, (line,)), earlier=2)


def freeze(
    store: Store,
    keyword_set: KeywordSet,
    edition: Edition,
    destinations: Sequence[tuple[Destination, datetime]],
    at: datetime = NOW,
) -> tuple[Delivery, ...] | None:
    """Keep an edition with its deliveries, due at these moments, for subscriptions made for it."""
    plans = tuple(
        Plan(store.save_subscription(Subscription(*keyword_set.key, place), at), Slot(DAY, due))
        for place, due in destinations
    )
    (planned,) = store.save_editions([Frozen(keyword_set, edition, plans)], at)
    return planned


def agree(
    store: Store,
    address: str,
    state: str = "confirmed",
    *,
    bundled: bool = True,
    paused_until: datetime | None = None,
) -> None:
    """Have the person behind an address say so."""
    values = {
        "address": address,
        "state": state,
        "nonce": "nonce",
        "bundled": bundled,
        "schedule": schedule_record(Schedule()),
        "paused_until": to_micros(paused_until) if paused_until else None,
        "created_at": to_micros(NOW),
    }
    with store.writing() as connection:
        said = insert_into(connection, subscribers).values(key=key_of(address), **values)
        connection.execute(said.on_conflict_do_update(index_elements=["key"], set_=values))


def suppress(store: Store, address: str, reason: str = "hard bounce") -> None:
    with store.writing() as connection:
        connection.execute(
            insert_into(connection, suppressions)
            .values(hash=hash_address(address), reason=reason, at=to_micros(NOW))
            .on_conflict_do_nothing()
        )


def take(
    store: Store, delivery_id: int, now: datetime = NOW, lease: timedelta = MINUTE
) -> Claim | None:
    """Claim a delivery of which no pace is to be kept."""
    claim = store.claim(delivery_id, now, now + lease)
    assert not isinstance(claim, Busy)
    return claim


def due_ids(store: Store, now: datetime) -> tuple[int, ...]:
    return tuple(due.id for due in store.due_deliveries(now))


def dump(url: str) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every ordinary table, in order."""
    engine = create_engine(url)
    metadata = MetaData()
    metadata.reflect(engine, only=lambda name, _: not name.startswith("paper_search"))
    with engine.connect() as connection:
        rows = {
            table.name: sorted((tuple(row) for row in connection.execute(select(table))), key=repr)
            for table in metadata.sorted_tables
        }
    engine.dispose()
    return rows

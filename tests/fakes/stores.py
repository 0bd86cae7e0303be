"""A store in memory that keeps the promises of every flow's Protocol, in plain dictionaries."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING

from bot.core.announcing import (
    ANNOUNCED,
    Batch,
    build_receipt,
    delivery_key,
    merge_entries,
    name_batch,
)
from bot.core.editions import (
    CategoryReceipt,
    DayListing,
    Delivery,
    DeliveryState,
    Destination,
    Edition,
    allows,
)
from bot.core.keyword_sets import KeywordSet
from bot.core.papers import Announcement, AnnounceType, Entry, Paper
from bot.core.records import Claim, PreparedDay, Showing, Sighting, StoredPaper
from bot.core.words import prepare
from bot.errors import StoreError, UserError

if TYPE_CHECKING:
    from bot.flows.asking import PaperStore
    from bot.flows.checking import ReceiptStore
    from bot.flows.deliver import DeliveryStore
    from bot.flows.ingest import AnnouncementStore
    from bot.flows.publish import EditionStore
    from bot.flows.subscribing import SetStore


@dataclass(slots=True)
class Row:
    """A delivery of the ledger with all that the store knows of it."""

    delivery: Delivery
    edition: Edition
    owner: str
    due: datetime
    lease_until: datetime | None = None

    def is_due(self, now: datetime) -> bool:
        if self.delivery.state is DeliveryState.SENDING:
            return self.lease_until is not None and self.lease_until <= now
        return bool(_OPEN & {self.delivery.state}) and self.due <= now


_OPEN = {DeliveryState.PENDING, DeliveryState.RETRY, DeliveryState.UNKNOWN}
Event = tuple[DeliveryState, int, datetime, str]


class MemoryStore:
    """Papers, announcements, editions, deliveries and keyword sets."""

    def __init__(self) -> None:
        self.batches: dict[tuple[str, date], dict[Entry, None]] = {}
        self.lines: dict[tuple[str, date], CategoryReceipt] = {}
        self.versions: dict[tuple[str, int], Paper] = {}
        self.editions: dict[tuple[str, str], list[Edition]] = {}
        self.ledger: dict[int, Row] = {}
        self.history: dict[int, list[Event]] = {}
        self.sets: dict[tuple[str, str], KeywordSet] = {}

    # Announcements

    def batch_before(self, category: str, day: date) -> Batch:
        days = [known for of, known in self.batches if of == category and known < day]
        return name_batch(self.batches[category, max(days)]) if days else frozenset()

    def save_announcement(
        self,
        announcement: Announcement,
        line: CategoryReceipt,
        at: datetime,  # noqa: ARG002 - nothing here asks for it
    ) -> int:
        before = len(self.versions)
        for entry in announcement.entries:
            self.versions.setdefault((entry.paper.base_id, entry.paper.version), entry.paper)
        key = (announcement.category, announcement.day)
        if announcement.entries:
            self.batches.setdefault(key, {}).update(dict.fromkeys(announcement.entries))
        stored = len(self.versions) - before
        known = self.lines.get(key)
        if known is not None and known.state in ANNOUNCED and line.read < known.read:
            line = known
        self.lines[key] = replace(line, stored=stored + (known.stored if known else 0))
        return stored

    def save_receipt(self, line: CategoryReceipt, at: datetime) -> None:  # noqa: ARG002
        known = self.lines.get((line.category, line.day))
        if known is None or known.state not in ANNOUNCED:
            self.lines[line.category, line.day] = line

    def receipts(self, day: date, categories: Iterable[str]) -> tuple[CategoryReceipt, ...]:
        known = (self.lines.get((category, day)) for category in categories)
        return tuple(line for line in known if line is not None)

    def count_papers(self, day: date, categories: Iterable[str]) -> int:
        return len({entry.paper.base_id for _, entry in self._entries(day, categories)})

    def newest_day(self, categories: Iterable[str]) -> date | None:
        wanted = set(categories)
        return max((day for category, day in self.batches if category in wanted), default=None)

    def last_announced(self, category: str) -> date | None:
        days = (day for (of, day), line in self.lines.items() if of == category)
        return max(
            (day for day in days if self.lines[category, day].state in ANNOUNCED), default=None
        )

    def load_day(self, day: date, categories: Iterable[str]) -> PreparedDay:
        followed = list(categories)
        items = merge_entries(self._entries(day, followed))
        receipt = build_receipt(day, self.receipts(day, followed), len(items))
        prepared = {item.paper.base_id: prepare(item.paper) for item in items}
        return PreparedDay(DayListing(day, items, receipt), prepared)

    def _entries(self, day: date, categories: Iterable[str]) -> list[tuple[str, Entry]]:
        return [
            (category, entry)
            for category in categories
            for entry in self.batches.get((category, day), ())
        ]

    # Papers

    def count(self) -> int:
        return len({base_id for base_id, _ in self.versions})

    def load_paper(self, base_id: str) -> StoredPaper | None:
        versions = [version for known, version in self.versions if known == base_id]
        if not versions:
            return None
        paper = self.versions[base_id, max(versions)]
        return StoredPaper(paper, prepare(paper), self.load_sightings(base_id)[0].day)

    def load_sightings(self, base_id: str) -> tuple[Sighting, ...]:
        seen = (
            Sighting(day, category, entry.kind, entry.paper.version)
            for (category, day), entries in self.batches.items()
            for entry in entries
            if entry.paper.base_id == base_id
        )
        return tuple(sorted(seen, key=lambda sighting: (sighting.day, sighting.category)))

    def load_showings(self, base_id: str) -> tuple[Showing, ...]:
        return tuple(
            Showing(
                row.edition.set.name,
                row.edition.day,
                item.keywords,
                row.delivery.destination,
                row.delivery.state,
                self.history[number][-1][3],
                self.history[number][-1][2],
            )
            for number, row in sorted(self.ledger.items(), key=lambda pair: pair[1].edition.day)
            for item in row.edition.items
            if item.paper.base_id == base_id
        )

    def announced_papers(
        self, since: date, categories: Iterable[str], types: Iterable[AnnounceType]
    ) -> Iterator[tuple[date, StoredPaper]]:
        followed, kinds = set(categories), set(types)
        listed = {
            (day, entry.paper.base_id)
            for (category, day), entries in self.batches.items()
            for entry in entries
            if category in followed and day >= since and entry.kind in kinds
        }
        for day, base_id in sorted(listed):
            stored = self.load_paper(base_id)
            assert stored is not None
            yield day, stored

    def count_announced_days(self, since: date, categories: Iterable[str]) -> int:
        followed = set(categories)
        return len({day for of, day in self.batches if of in followed and day >= since})

    def search(self, words: str, limit: int) -> tuple[StoredPaper, ...]:
        wanted = words.lower().split()
        if not wanted:
            msg = "there is nothing to search for: write a word"
            raise UserError(msg)
        papers = (
            self.load_paper(base_id) for base_id in sorted({each for each, _ in self.versions})
        )
        found = [
            stored
            for stored in papers
            if stored and all(f" {word} " in stored.prepared.text for word in wanted)
        ]
        return tuple(found[:limit])

    # Editions

    def edition_days(self, keyword_set: KeywordSet) -> tuple[date, date] | None:
        days = [edition.day for edition in self.editions_of(keyword_set)]
        return (min(days), max(days)) if days else None

    def shown_keys(self, keyword_set: KeywordSet, keys: Iterable[str]) -> frozenset[str]:
        editions = self.editions_of(keyword_set)
        shown = {delivery_key(item) for edition in editions for item in edition.items}
        return frozenset(shown & set(keys))

    def save_edition(
        self,
        keyword_set: KeywordSet,
        edition: Edition,
        destinations: Sequence[tuple[Destination, datetime]],
        at: datetime,
    ) -> tuple[Delivery, ...] | None:
        known = self.editions.setdefault((keyword_set.owner, keyword_set.name), [])
        if any(each.day == edition.day for each in known):
            return None
        keys = [delivery_key(item) for item in edition.items]
        if len(set(keys)) < len(keys) or self.shown_keys(keyword_set, keys):
            msg = f"{keyword_set.name!r} has shown one of these papers before"
            raise StoreError(msg)
        known.append(edition)
        planned = []
        for destination, due in destinations if edition.items else ():
            number = len(self.ledger) + 1
            delivery = Delivery(
                number, len(known), destination, DeliveryState.PENDING, 0, f"key-{number}"
            )
            self.ledger[number] = Row(delivery, edition, keyword_set.owner, due)
            self.history[number] = [(DeliveryState.PENDING, 0, at, "planned")]
            planned.append(delivery)
        return tuple(planned)

    def editions_of(self, keyword_set: KeywordSet) -> list[Edition]:
        return self.editions.get((keyword_set.owner, keyword_set.name), [])

    # Deliveries

    def due_deliveries(self, now: datetime) -> tuple[int, ...]:
        due = [number for number, row in self.ledger.items() if row.is_due(now)]
        return tuple(sorted(due, key=lambda number: (self.ledger[number].edition.day, number)))

    def claim(self, delivery_id: int, now: datetime, lease_until: datetime) -> Claim | None:
        row = self.ledger[delivery_id]
        if not row.is_due(now):
            return None
        if row.delivery.state is DeliveryState.SENDING:
            self._step(row, DeliveryState.UNKNOWN, now, "the lease ran out")
        in_doubt = row.delivery.state is DeliveryState.UNKNOWN
        row.delivery = replace(row.delivery, attempt=row.delivery.attempt + 1)
        row.lease_until = lease_until
        self._step(row, DeliveryState.SENDING, now, "claimed")
        return Claim(row.delivery, row.edition, in_doubt)

    def settle(
        self,
        claim: Claim,
        state: DeliveryState,
        *,
        at: datetime,
        detail: str,
        retry_at: datetime | None = None,
    ) -> bool:
        row = self.ledger[claim.delivery.id]
        if row.delivery != claim.delivery:
            return False
        self._step(row, state, at, detail)
        row.lease_until = None
        row.due = retry_at or at
        return True

    def _step(self, row: Row, state: DeliveryState, at: datetime, detail: str) -> None:
        if not allows(row.delivery.state, state):
            msg = f"delivery {row.delivery.id} cannot go from {row.delivery.state} to {state}"
            raise StoreError(msg)
        row.delivery = replace(row.delivery, state=state)
        self.history[row.delivery.id].append((state, row.delivery.attempt, at, detail))

    # Keyword sets

    def load_sets(self, owner: str) -> tuple[KeywordSet, ...]:
        own = (each for (of, _), each in self.sets.items() if of == owner)
        return tuple(sorted(own, key=lambda each: each.name))

    def save_set(self, keyword_set: KeywordSet) -> None:
        self.sets[keyword_set.owner, keyword_set.name] = keyword_set

    def remove_set(self, owner: str, name: str) -> bool:
        for row in self.ledger.values():
            callable_off = allows(row.delivery.state, DeliveryState.CANCELLED)
            if callable_off and (row.owner, row.edition.set.name) == (owner, name):
                self._step(row, DeliveryState.CANCELLED, row.due, "the set was removed")
        return self.sets.pop((owner, name), None) is not None


if TYPE_CHECKING:
    _ANNOUNCEMENTS: AnnouncementStore = MemoryStore()
    _EDITIONS: EditionStore = MemoryStore()
    _DELIVERIES: DeliveryStore = MemoryStore()
    _PAPERS: PaperStore = MemoryStore()
    _SETS: SetStore = MemoryStore()
    _RECEIPTS: ReceiptStore = MemoryStore()

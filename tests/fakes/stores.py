"""A store in memory that keeps the promises of every flow's Protocol, in plain dictionaries."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from bot.core.addresses import hash_address, key_of
from bot.core.announcing import (
    ANNOUNCED,
    Batch,
    build_receipt,
    delivery_key,
    merge_entries,
    name_batch,
)
from bot.core.editions import (
    BatchState,
    CategoryReceipt,
    DayListing,
    Delivery,
    DeliveryState,
    DestinationKind,
    Edition,
    allows,
)
from bot.core.joining import join_editions
from bot.core.keyword_sets import KeywordSet, SetKey
from bot.core.papers import Announcement, AnnounceType, Entry, Paper
from bot.core.records import (
    MOST_TOGETHER,
    Busy,
    Claim,
    Due,
    Enclosed,
    Part,
    PreparedDay,
    Showing,
    Sighting,
    Span,
    StoredPaper,
)
from bot.core.retrying import LOOK_AGAIN, NO_PACES, Pace
from bot.core.schedule import Slot, leave_quiet
from bot.core.subscriptions import PERSON, Frozen, Plan, Subscription
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
    editions: list[Edition]
    subscription_id: int
    slot: Slot
    due: datetime
    lease_until: datetime | None = None
    wired: bool = False
    repeats: int = 0
    failures: int = 0
    deferrals: int = 0
    parts: dict[int, Part] = field(default_factory=dict)
    draft: str = ""
    lead: int | None = None

    @property
    def is_fixed(self) -> bool:
        return self.wired or self.repeats > 0

    def is_mate(self, of: "Row", now: datetime) -> bool:
        """Whether it may go out in the mail of another one that is begun now."""
        come_as_far = (self.delivery.attempt, self.failures, self.deferrals)
        return (
            self.delivery.id != of.delivery.id
            and self.delivery.destination == of.delivery.destination
            and self.delivery.state in (DeliveryState.PENDING, DeliveryState.RETRY)
            and self.is_due(now + LOOK_AGAIN)
            and not self.is_fixed
            and come_as_far == (of.delivery.attempt, of.failures, of.deferrals)
        )

    @property
    def edition(self) -> Edition:
        return join_editions(self.editions)

    def is_due(self, now: datetime) -> bool:
        if self.delivery.state is DeliveryState.SENDING:
            return self.lease_until is not None and self.lease_until <= now
        return bool(_OPEN & {self.delivery.state}) and self.due <= now and self.lead is None


@dataclass(slots=True)
class Reader:
    """What a person who reads by mail said."""

    state: str = "confirmed"
    bundled: bool = True
    paused_until: datetime | None = None


_OPEN = {DeliveryState.PENDING, DeliveryState.RETRY, DeliveryState.UNKNOWN}
Event = tuple[DeliveryState, int, datetime, str]


class MemoryStore:
    """Papers, announcements, editions, deliveries and keyword sets."""

    def __init__(self) -> None:
        self.batches: dict[tuple[str, date], dict[Entry, None]] = {}
        self.lines: dict[tuple[str, date], CategoryReceipt] = {}
        self.versions: dict[tuple[str, int], Paper] = {}
        self.editions: dict[SetKey, list[Edition]] = {}
        self.ledger: dict[int, Row] = {}
        self.history: dict[int, list[Event]] = {}
        self.sets: dict[SetKey, KeywordSet] = {}
        self.read_at: dict[tuple[str, date], datetime] = {}
        self.frozen_at: dict[SetKey, datetime] = {}
        self.subscriptions: dict[int, Subscription] = {}
        self.removed: set[int] = set()
        self.turns: dict[str, datetime] = {}
        self.readers: dict[str, Reader] = {}
        self.suppressed: dict[str, str] = {}

    # Announcements

    def batch_before(self, category: str, day: date) -> Batch:
        days = [known for of, known in self.batches if of == category and known < day]
        return name_batch(self.batches[category, max(days)]) if days else frozenset()

    def save_announcement(
        self,
        announcement: Announcement,
        line: CategoryReceipt,
        at: datetime,
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
        line = replace(line, stored=stored + (known.stored if known else 0))
        if line != known:
            self.read_at[key] = at
        self.lines[key] = line
        return stored

    def save_receipt(self, line: CategoryReceipt, at: datetime) -> None:  # noqa: ARG002
        known = self.lines.get((line.category, line.day))
        if known is None or known.state not in ANNOUNCED:
            self.lines[line.category, line.day] = line

    def receipts(self, day: date, categories: Iterable[str]) -> tuple[CategoryReceipt, ...]:
        known = (self.lines.get((category, day)) for category in categories)
        return tuple(line for line in known if line is not None)

    def states_since(
        self, day: date, categories: Iterable[str]
    ) -> dict[tuple[str, date], BatchState]:
        wanted = set(categories)
        known = ((key, line.state) for key, line in self.lines.items() if key[0] in wanted)
        return {key: state for key, state in known if key[1] >= day}

    def receipts_since(self, day: date, categories: Iterable[str]) -> tuple[CategoryReceipt, ...]:
        wanted = list(categories)
        lines = (line for (of, each), line in self.lines.items() if of in wanted and each >= day)
        return tuple(sorted(lines, key=lambda line: (line.day, wanted.index(line.category))))

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

    def first_announced(self, categories: Iterable[str]) -> dict[str, date]:
        read = [key for key, line in self.lines.items() if line.state in ANNOUNCED]
        days = {each: [day for of, day in read if of == each] for each in categories}
        return {each: min(days[each]) for each in days if days[each]}

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
                set_owner=self.subscriptions[row.subscription_id].set_owner,
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

    def edition_spans(self) -> dict[SetKey, Span]:
        return {
            key: Span(
                min(edition.day for edition in editions),
                max(edition.day for edition in editions),
                self.frozen_at[key],
            )
            for key, editions in self.editions.items()
            if editions
        }

    def shown_keys(self, base_ids: Iterable[str]) -> dict[SetKey, frozenset[str]]:
        wanted = set(base_ids)
        return {
            key: frozenset(
                delivery_key(item)
                for edition in editions
                for item in edition.items
                if item.paper.base_id in wanted
            )
            for key, editions in self.editions.items()
        }

    def first_read_since(self, moment: datetime, categories: Iterable[str]) -> date | None:
        wanted = set(categories)
        days = (
            day
            for (category, day), at in self.read_at.items()
            if category in wanted and at >= moment
        )
        return min(days, default=None)

    def first_read_at(self, day: date, categories: Iterable[str]) -> datetime | None:
        read = (
            self.read_at[category, day]
            for category in categories
            if (category, day) in self.read_at and self.lines[category, day].read
        )
        return min(read, default=None)

    def save_editions(
        self, frozen: Sequence[Frozen], at: datetime
    ) -> tuple[tuple[Delivery, ...] | None, ...]:
        return tuple(self._save_edition(each, at) for each in frozen)

    def _save_edition(self, frozen: Frozen, at: datetime) -> tuple[Delivery, ...] | None:
        keyword_set, edition = frozen.keyword_set, frozen.edition
        known = self.editions.setdefault(keyword_set.key, [])
        if any(each.day == edition.day for each in known):
            return None
        keys = [delivery_key(item) for item in edition.items]
        shown = {delivery_key(item) for each in known for item in each.items}
        if len(set(keys)) < len(keys) or shown & set(keys):
            msg = f"{keyword_set.name!r} has shown one of these papers before"
            raise StoreError(msg)
        known.append(edition)
        self.frozen_at[keyword_set.key] = at
        if not edition.items:
            return ()
        made = (self._plan(plan, edition, at) for plan in dict.fromkeys(frozen.plans))
        return tuple(delivery for delivery in made if delivery)

    def _plan(self, plan: Plan, edition: Edition, at: datetime) -> Delivery | None:
        for number, row in self.ledger.items():
            waits = row.delivery.state is DeliveryState.PENDING and row.due > at
            same = (row.subscription_id, row.slot.day) == (plan.subscription.id, plan.slot.day)
            if waits and same and plan.slot.due > at:
                row.editions.append(edition)
                self.history[number].append((DeliveryState.PENDING, 0, at, "joined"))
                return None
        number = len(self.ledger) + 1
        delivery = Delivery(
            number,
            number,
            plan.subscription.destination,
            DeliveryState.PENDING,
            0,
            f"key-{number}",
        )
        self.ledger[number] = Row(
            delivery, [edition], plan.subscription.id, plan.slot, plan.slot.due
        )
        self.history[number] = [(DeliveryState.PENDING, 0, at, "planned")]
        return delivery

    def editions_of(self, keyword_set: KeywordSet) -> list[Edition]:
        return self.editions.get(keyword_set.key, [])

    # Subscriptions

    def load_subscriptions(self) -> tuple[Subscription, ...]:
        return tuple(each for each in self.subscriptions.values() if each.id not in self.removed)

    def save_subscription(
        self,
        subscription: Subscription,
        at: datetime,  # noqa: ARG002 - nothing here asks for it
    ) -> Subscription:
        place = (subscription.set_owner, subscription.set_name, subscription.destination)
        known = {
            (each.set_owner, each.set_name, each.destination): each.id
            for each in self.subscriptions.values()
        }
        number = known.get(place, len(self.subscriptions) + 1)
        self.removed.discard(number)
        self.subscriptions[number] = replace(subscription, id=number)
        return self.subscriptions[number]

    def pause_subscription(
        self, number: int, *, paused: bool, reason: str = "", until: datetime | None = None
    ) -> bool:
        known = self.subscriptions[number]
        end = until if paused else None
        self.subscriptions[number] = replace(known, paused=paused, reason=reason, until=end)
        return (known.paused, known.until) != (paused, end)

    def remove_subscription(self, number: int, at: datetime) -> bool:
        if number in self.removed or number not in self.subscriptions:
            return False
        self.removed.add(number)
        for row in self.ledger.values():
            mine = row.subscription_id == number and row.lead is None
            if mine and allows(row.delivery.state, DeliveryState.CANCELLED):
                self._step(row, DeliveryState.CANCELLED, at, "the subscription was removed")
                self.release(row, at)
        return True

    # Deliveries

    def due_deliveries(self, now: datetime) -> tuple[Due, ...]:
        due = [number for number, row in self.ledger.items() if self._is_due(row, now)]
        return tuple(
            Due(number, self.ledger[number].delivery.state, self.ledger[number].delivery.attempt)
            for number in sorted(due, key=lambda number: (self.ledger[number].edition.day, number))
        )

    def _is_due(self, row: Row, now: datetime) -> bool:
        return any(map(self._is_wanted, (row, *self.followers(row)))) and row.is_due(now)

    def _is_wanted(self, row: Row) -> bool:
        number = row.subscription_id
        return not self.subscriptions[number].paused and number not in self.removed

    def followers(self, lead: Row) -> list[Row]:
        """Return what shares a delivery's mail and stands where it stands."""
        return [
            row
            for row in self.ledger.values()
            if row.lead == lead.delivery.id and row.delivery.state is lead.delivery.state
        ]

    def release(self, lead: Row, at: datetime) -> None:
        """Let what followed a delivery that was called off go its own way."""
        for row in self.ledger.values():
            if row.lead != lead.delivery.id or row.delivery.state not in _OPEN:
                continue
            if row.subscription_id in self.removed:
                self._step(row, DeliveryState.CANCELLED, at, "the subscription was removed")
                continue
            row.lead, row.due = None, at
            self.history[row.delivery.id].append(
                (row.delivery.state, row.delivery.attempt, at, "goes out by itself")
            )

    def claim(
        self,
        delivery_id: int,
        now: datetime,
        lease_until: datetime,
        pace: Mapping[str, Pace] = NO_PACES,
        seen: int | None = None,
    ) -> Claim | Busy | None:
        row = self.ledger[delivery_id]
        removed = row.subscription_id in self.removed and row.is_due(now)
        if not (removed or self._is_due(row, now)) or seen not in (None, row.delivery.attempt):
            return None
        followers = self._expire(row, now)
        refusal = "the subscription was removed" if removed else self._find_refusal(row)
        if refusal:
            self._step(row, DeliveryState.CANCELLED, now, refusal)
            if removed:
                self.release(row, now)
            for each in [] if removed else followers:
                self._step(each, DeliveryState.CANCELLED, now, refusal)
            return None
        busy = self._find_busy(row, pace, now)
        if busy is None and not (followers or self._is_wanted(row)):
            row.due = now
            return None
        if busy is not None:
            row.due = busy.until
            return busy
        if not followers and not row.is_fixed and self._bundles(row):
            followers = [
                each
                for each in self.ledger.values()
                if each.is_mate(row, now)
                and self._is_wanted(each)
                and self.subscriptions[each.subscription_id].origin == PERSON
                and leave_quiet(self.subscriptions[each.subscription_id].schedule, now) <= now
            ][: MOST_TOGETHER - 1]
        for each in (row, *followers):
            each.delivery = replace(each.delivery, attempt=each.delivery.attempt + 1)
            each.lead = None if each is row else row.delivery.id
            self._step(each, DeliveryState.SENDING, now, "claimed")
        row.lease_until = lease_until
        return Claim(
            row.delivery,
            row.edition,
            row.wired,
            lease_until,
            row.failures,
            parts=dict(row.parts),
            draft=row.draft,
            deferrals=row.deferrals,
            beside=tuple(
                Enclosed(each.edition, each.delivery.key, each.delivery.id) for each in followers
            ),
        )

    def _bundles(self, row: Row) -> bool:
        subscription = self.subscriptions[row.subscription_id]
        reader = self.readers.get(key_of(subscription.destination.address))
        return subscription.origin == PERSON and reader is not None and reader.bundled

    def _find_refusal(self, row: Row) -> str:
        subscription = self.subscriptions[row.subscription_id]
        if subscription.destination.kind is not DestinationKind.EMAIL:
            return ""
        if hash_address(subscription.destination.address) in self.suppressed:
            return "the address is suppressed"
        reader = self.readers.get(key_of(subscription.destination.address), Reader("unknown"))
        agrees = subscription.origin != PERSON or reader.state == "confirmed"
        return "" if agrees else f"the reader is {reader.state}"

    def _find_busy(self, row: Row, pace: Mapping[str, Pace], now: datetime) -> Busy | None:
        subscription = self.subscriptions[row.subscription_id]
        reader = self.readers.get(key_of(subscription.destination.address))
        if subscription.origin == PERSON and reader and (reader.paused_until or now) > now:
            return Busy(reader.paused_until or now)
        until = leave_quiet(subscription.schedule, now)
        if until > now:
            return Busy(until)
        limit = pace.get(row.delivery.destination.kind, Pace()).at_once
        on_their_way = [
            each
            for each in self.ledger.values()
            if each.delivery.state is DeliveryState.SENDING
            and each is not row
            and each.lead is None
        ]
        busy = limit and len(on_their_way) >= limit
        return Busy(now + LOOK_AGAIN) if busy else None

    def _expire(self, row: Row, now: datetime) -> list[Row]:
        """Say what an ended lease left behind; return what still shares the mail."""
        followers = self.followers(row)
        if row.delivery.state is not DeliveryState.SENDING:
            return followers
        state = DeliveryState.UNKNOWN if row.wired else DeliveryState.RETRY
        for each in (row, *followers):
            self._step(each, state, now, "the lease ran out")
        if row.is_fixed:
            return followers
        for each in followers:
            each.lead, each.due = None, now
        return []

    def leave(
        self,
        claim: Claim,
        at: datetime,
        *,
        again: bool,
        part: int = 0,
        lease_until: datetime | None = None,
        draft: str = "",
    ) -> bool:
        row = self.ledger[claim.delivery.id]
        if row.delivery != claim.delivery:
            return False
        row.lease_until = lease_until or row.lease_until
        row.draft = draft or row.draft
        if part:
            row.parts.setdefault(part, Part(part, "", at))
        for each in (row, *self.followers(row)):
            each.wired = True
            each.repeats += again
            self.history[each.delivery.id].append(
                (DeliveryState.SENDING, each.delivery.attempt, at, "leaving")
            )
        return True

    def arrive(self, claim: Claim, part: int, reference: str) -> bool:
        row = self.ledger[claim.delivery.id]
        if row.delivery != claim.delivery:
            return False
        row.parts[part] = replace(row.parts[part], reference=reference)
        return True

    def settle(
        self,
        claim: Claim,
        state: DeliveryState,
        *,
        at: datetime,
        detail: str,
        retry_at: datetime | None = None,
        pause: str = "",
    ) -> bool:
        row = self.ledger[claim.delivery.id]
        if row.delivery != claim.delivery:
            return False
        together = (row, *self.followers(row))
        for each in together:
            self._step(each, state, at, detail)
            if state is not DeliveryState.FAILED:
                each.wired = state is DeliveryState.UNKNOWN
            each.failures += state in (DeliveryState.RETRY, DeliveryState.UNKNOWN)
            each.due = retry_at or at
            if pause:
                self.pause_subscription(each.subscription_id, paused=True, reason=pause)
        self._part_ways(together)
        row.lease_until = None
        return True

    def _part_ways(self, together: Sequence[Row]) -> None:
        """Let those go their own way whose mail surely is not there."""
        lead = together[0]
        if lead.delivery.state is DeliveryState.RETRY and not lead.is_fixed:
            for each in together:
                each.lead = None

    def defer(
        self, claim: Claim, at: datetime, *, until: datetime, detail: str, unknown: bool
    ) -> bool:
        row = self.ledger[claim.delivery.id]
        if row.delivery != claim.delivery:
            return False
        together = (row, *self.followers(row))
        for each in together:
            self._step(each, DeliveryState.UNKNOWN if unknown else DeliveryState.RETRY, at, detail)
            each.wired = unknown
            each.deferrals += 1
            each.due = until
        self._part_ways(together)
        row.lease_until = None
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

    def load_all_sets(self) -> tuple[KeywordSet, ...]:
        return tuple(self.sets[key] for key in sorted(self.sets))

    def save_set(self, keyword_set: KeywordSet) -> None:
        self.sets[keyword_set.owner, keyword_set.name] = keyword_set

    def remove_set(self, owner: str, name: str) -> bool:
        for each in self.load_subscriptions():
            if (each.set_owner, each.set_name) == (owner, name):
                self.remove_subscription(each.id, self.frozen_at[owner, name])
        return self.sets.pop((owner, name), None) is not None

    # Processes

    def take_turn(self, name: str, now: datetime, every: timedelta) -> bool:
        last = self.turns.get(name)
        if last is not None and now - every < last <= now:
            return False
        self.turns[name] = now
        return True

    def taken_turns(self, names: Iterable[str]) -> frozenset[str]:
        return frozenset(names) & self.turns.keys()


if TYPE_CHECKING:
    _ANNOUNCEMENTS: AnnouncementStore = MemoryStore()
    _EDITIONS: EditionStore = MemoryStore()
    _DELIVERIES: DeliveryStore = MemoryStore()
    _PAPERS: PaperStore = MemoryStore()
    _SETS: SetStore = MemoryStore()
    _RECEIPTS: ReceiptStore = MemoryStore()

"""The ledger under anything that can happen to it, in any order, in memory and in a database.

Only one thing is left out, which no ledger can help: a process that is frozen for longer than a
sender's time-out between its last look at the clock and the first byte that leaves.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime, timedelta
from enum import Enum, auto
from itertools import groupby, pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from bot.adapters.store import Store as SqlStore
from bot.adapters.store import open_store
from bot.core.addresses import key_of
from bot.core.announcing import delivery_key
from bot.core.doubts import InDoubt
from bot.core.editions import Delivery, DeliveryState, Destination, DestinationKind, Edition, allows
from bot.core.keyword_sets import KeywordSet
from bot.core.records import CannotTell, Due, Enclosed, LedgerLine, Sent, Step
from bot.core.schedule import Slot
from bot.core.subscriptions import PERSON, Frozen, Plan, Subscription
from bot.errors import DeliveryError, UserError
from bot.flows.deliver import DeliveryStore, Terms, deliver
from bot.flows.ingest import AnnouncementStore
from bot.flows.overseeing import LedgerStore, cancel_delivery, retry_delivery
from bot.flows.passage import Sender
from bot.flows.picking import Patience
from tests.adapters.store.made_up import (
    CATS,
    DAY,
    NOW,
    agree,
    announce,
    line_of,
    make_edition,
    make_paper,
)
from tests.fakes.clocks import StillClock
from tests.fakes.stores import MemoryStore, Reader

TERMS = Terms()
SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
PLACES = (
    Destination(DestinationKind.FOLDER, "digests"),
    Destination(DestinationKind.CHANNEL, "#papers"),
    Destination(DestinationKind.EMAIL, "lab@lab.example"),
)
# Who reads three sets by mail, and wants them as one.
READER = Destination(DestinationKind.EMAIL, "ada@lab.example")
READ = tuple(KeywordSet(name, keywords=((name,),)) for name in ("Owls", "Cats of Ada", "Dogs"))
OF_READER = tuple(Subscription(*each.key, READER, origin=PERSON) for each in READ)
SUBSCRIPTIONS = (*(Subscription(*CATS.key, place) for place in PLACES), *OF_READER)
RARELY = st.integers(0, 4).map(lambda number: number == 4)
SETTLED = {DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.CANCELLED}


class Fate(Enum):
    """What happens to one attempt."""

    ARRIVES = auto()
    REFUSED_HERE = auto()
    REFUSED_THERE = auto()
    REFUSED_FOR_GOOD = auto()
    TOLD_TO_WAIT = auto()
    GONE = auto()
    UNKNOWN_ARRIVED = auto()
    UNKNOWN_LOST = auto()
    FAULTY = auto()
    KILLED_BEFORE_IT_LEFT = auto()
    KILLED_ON_THE_WAY = auto()
    KILLED_AFTER_IT_ARRIVED = auto()
    FROZEN_BEFORE_IT_LEFT = auto()
    FROZEN_AFTER_IT_ARRIVED = auto()
    SLOW = auto()
    TOO_SLOW = auto()
    CLOCK_SET_AHEAD_ON_THE_WAY = auto()


class KilledError(BaseException):
    """The process ends here."""


class Store(LedgerStore, DeliveryStore, AnnouncementStore, Protocol):
    """What is needed of a store here."""

    def save_editions(
        self, frozen: Sequence[Frozen], at: datetime
    ) -> tuple[tuple[Delivery, ...] | None, ...]: ...

    def save_subscription(self, subscription: Subscription, at: datetime) -> Subscription: ...

    def load_subscriptions(self) -> tuple[Subscription, ...]: ...

    def pause_subscription(
        self, subscription_id: int, /, *, paused: bool, reason: str = ""
    ) -> bool: ...

    def remove_subscription(self, subscription_id: int, /, at: datetime) -> bool: ...


class Memory(MemoryStore):
    """The store in memory, with what a person may do to a delivery."""

    def load_delivery(self, delivery_id: int) -> tuple[LedgerLine, tuple[Step, ...]] | None:
        row = self.ledger.get(delivery_id)
        if row is None:
            return None
        steps = tuple(
            Step(at, state, attempt, detail)
            for state, attempt, at, detail in self.history[delivery_id]
        )
        days = tuple(edition.day for edition in row.editions)
        of = self.subscriptions[row.subscription_id].set_name
        line = LedgerLine(row.delivery, of, days, row.due, row.repeats, steps[-1], lead=row.lead)
        return line, steps

    def agree(self, state: str, *, bundled: bool, paused_until: datetime | None) -> None:
        self.readers[key_of(READER.address)] = Reader(state, bundled, paused_until)

    def change_delivery(
        self,
        delivery_id: int,
        state: DeliveryState,
        at: datetime,
        detail: str,
        *,
        again: bool = False,
    ) -> bool:
        row = self.ledger[delivery_id]
        before = row.delivery.state
        if before is DeliveryState.SENDING or not allows(before, state):
            return False
        if row.lead is not None and (before is not DeliveryState.FAILED or row.is_fixed):
            return False
        row.lead = None
        if state is DeliveryState.CANCELLED:
            self._step(row, state, at, detail)
            self.release(row, at)
            return True
        fixed = row.is_fixed
        for each in (row, *self.followers(row)):
            self._step(each, state, at, detail)
            each.repeats += again and each.wired
            each.wired = each.wired and not again
            each.due = at
            each.lead = each.lead if fixed else None
        return True

    def hasten_delivery(self, delivery_id: int, at: datetime, detail: str) -> bool:
        row = self.ledger[delivery_id]
        if row.delivery.state not in (DeliveryState.RETRY, DeliveryState.UNKNOWN) or row.lead:
            return False
        row.due = at
        self.history[delivery_id].append((row.delivery.state, row.delivery.attempt, at, detail))
        return True


class Place:
    """All destinations; each sending has its fate, and only mail cannot be asked."""

    def __init__(self, is_askable: bool, clock: StillClock, sweep: Callable[..., None]) -> None:  # noqa: FBT001 - two kinds there are
        self.is_askable = is_askable
        self.arrived: dict[str, list[Edition]] = {}
        self.mails: dict[str, list[tuple[Enclosed, ...]]] = {}
        self.fates: list[Fate] = []
        self.asks_fail = False
        self._clock = clock
        self._sweep = sweep

    def send(
        self,
        edition: Edition,
        destination: Destination,
        key: str,
        leave: Callable[[], None],
    ) -> Sent:
        return self.send_together((Enclosed(edition, key, 0),), destination, key, leave)

    def send_together(
        self,
        enclosed: Sequence[Enclosed],
        destination: Destination,  # noqa: ARG002 - the key says all
        key: str,
        leave: Callable[[], None],
    ) -> Sent:
        fate = self.fates.pop() if self.fates else Fate.ARRIVES
        self._before(fate)
        leave()
        self._on_the_way(fate)
        self.mails.setdefault(key, []).append(tuple(enclosed))
        for each in enclosed:
            self.arrived.setdefault(each.key, []).append(each.edition)
        if fate is Fate.FROZEN_AFTER_IT_ARRIVED:
            self._clock.advance(2 * TERMS.lease)
            self._sweep(patient=False)
        if fate is Fate.KILLED_AFTER_IT_ARRIVED:
            raise KilledError
        if fate is Fate.UNKNOWN_ARRIVED:
            message = "no answer"
            raise DeliveryError(message, unknown=True)
        if fate is Fate.FAULTY:
            message = "a fault of the program"
            raise RuntimeError(message)
        return Sent(f"sent {key}")

    def find(
        self,
        edition: Edition,  # noqa: ARG002 - the key says all
        destination: Destination,  # noqa: ARG002
        key: str,
        trail: object,  # noqa: ARG002
    ) -> Sent | CannotTell | None:
        if not self.is_askable:
            return CannotTell.CANNOT_TELL
        if self.asks_fail:
            message = "no answer to the question"
            raise DeliveryError(message)
        return Sent(f"found {key}") if key in self.arrived else None

    def _before(self, fate: Fate) -> None:
        match fate:
            case Fate.REFUSED_HERE:
                message = "the disk is full"
                raise DeliveryError(message)
            case Fate.GONE:
                message = "there is no such place any more"
                raise DeliveryError(message, gone=True)
            case Fate.KILLED_BEFORE_IT_LEFT:
                raise KilledError
            case Fate.FROZEN_BEFORE_IT_LEFT:
                self._clock.advance(2 * TERMS.lease)
                self._sweep(patient=False)
            case Fate.SLOW:
                self._clock.advance(TERMS.lease - TERMS.margin)
            case Fate.TOO_SLOW:
                self._clock.advance(TERMS.lease - TERMS.margin + 2 * SECOND)

    def _on_the_way(self, fate: Fate) -> None:
        match fate:
            case Fate.REFUSED_THERE:
                message = "refused"
                raise DeliveryError(message)
            case Fate.REFUSED_FOR_GOOD:
                message = "refused for good"
                raise DeliveryError(message, permanent=True)
            case Fate.TOLD_TO_WAIT:
                message = "busy"
                raise DeliveryError(message, retry_after=5000)
            case Fate.UNKNOWN_LOST:
                message = "no answer"
                raise DeliveryError(message, unknown=True)
            case Fate.KILLED_ON_THE_WAY:
                raise KilledError
            case Fate.SLOW | Fate.TOO_SLOW:
                # No time-out of a sender is as long as the margin.
                self._clock.advance(TERMS.margin - SECOND)
                self._sweep(patient=False)
            case Fate.CLOCK_SET_AHEAD_ON_THE_WAY:
                self._clock.set(self._clock.now() + 3 * HOUR)
                self._sweep(patient=True)
                self._clock.advance(TERMS.margin - SECOND)
                self._sweep(patient=True)


class Ledger(RuleBasedStateMachine):
    """Two workers on one ledger; `wanted` has what is to arrive of whom.

    `reads`: all is for the reader of three sets.
    """

    reads = False

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.store = self.open()
        self.clock = StillClock(NOW)
        self.patience = [Patience(self.clock, TERMS.lease) for _ in range(2)]
        self.terms = TERMS
        kinds = {place.kind: place for place in PLACES}
        self.places = {
            kind: Place(kind is not DestinationKind.EMAIL, self.clock, self.sweep_by_another)
            for kind in kinds
        }
        self.number = 0
        self.wanted: dict[int, set[str]] = {}
        self.seen: dict[int, tuple[DeliveryState, int]] = {}
        self.is_sweeping = False

    def open(self) -> Store:
        self.memory = Memory()
        return self.memory

    def agree(self, state: str, *, bundled: bool, paused_until: datetime | None) -> None:
        """Have the reader say so."""
        self.memory.agree(state, bundled=bundled, paused_until=paused_until)

    def close(self) -> None:
        """Nothing is to be closed in memory."""

    def teardown(self) -> None:
        try:
            self.check_that_nothing_is_lost()
        finally:
            self.close()
            self.folder.cleanup()

    @property
    def senders(self) -> dict[DestinationKind, Sender]:
        return dict(self.places)

    def subscriptions(self) -> dict[tuple[str, Destination], Subscription]:
        return {(each.set_name, each.destination): each for each in self.store.load_subscriptions()}

    def line(self, number: int) -> tuple[LedgerLine, tuple[Step, ...]]:
        found = self.store.load_delivery(number)
        assert found
        return found

    def lines(self) -> dict[int, LedgerLine]:
        return {number: self.line(number)[0] for number in self.wanted}

    def sweep(self, worker: int, *, patient: bool = True) -> None:
        """Let a worker take up all that it may; who comes and goes cannot watch ended leases."""
        due: Sequence[Due] = self.store.due_deliveries(self.clock.now())
        for each in self.patience[worker].ripe(due) if patient else due:
            try:
                deliver(each.id, self.store, self.senders, self.clock, self.terms)
            except KilledError:
                # Whoever comes after it watches anew.
                self.patience[worker] = Patience(self.clock, TERMS.lease)
                return

    def sweep_by_another(self, *, patient: bool) -> None:
        """Let another worker do so while one is at a delivery; nothing befalls the other."""
        if self.is_sweeping:
            return
        self.is_sweeping = True
        fates = {kind: place.fates for kind, place in self.places.items()}
        for place in self.places.values():
            place.fates = []
        self.sweep(1, patient=patient)
        for kind, place in self.places.items():
            place.fates = fates[kind]
        self.is_sweeping = False

    # What happens

    def choose(self, which: Subscription) -> Subscription:
        return OF_READER[SUBSCRIPTIONS.index(which) % len(OF_READER)] if self.reads else which

    def find_subscription(self, which: Subscription) -> Subscription | None:
        chosen = self.choose(which)
        return self.subscriptions().get((chosen.set_name, chosen.destination))

    @initialize()
    def subscribe(self) -> None:
        for each in SUBSCRIPTIONS:
            self.store.save_subscription(each, NOW)
        self.agree("confirmed", bundled=True, paused_until=None)

    @rule(
        places=st.sets(st.sampled_from(PLACES), min_size=1),
        wait=st.sampled_from((timedelta(), timedelta(minutes=30), 5 * HOUR)),
    )
    def plan(self, places: set[Destination], wait: timedelta) -> None:
        """Freeze an edition for some; what is due later joins what waits for the same slot."""
        if self.reads:
            self.plan_for_the_reader(set(READ), wait)
        else:
            self.freeze(CATS, places, wait)

    @rule(
        sets=st.sets(st.sampled_from(READ), min_size=1),
        wait=st.sampled_from((timedelta(), timedelta(), timedelta(minutes=30), 5 * HOUR)),
    )
    def plan_for_the_reader(self, sets: set[KeywordSet], wait: timedelta) -> None:
        """Freeze an edition of each of some sets for who reads several."""
        for each in READ:
            if each in sets:
                self.freeze(each, {READER}, wait)

    # Twice, as bundles need something that waits.
    plan_for_the_reader_again = plan_for_the_reader

    def freeze(self, of: KeywordSet, places: set[Destination], wait: timedelta) -> None:
        self.number += 1
        now = self.clock.now()
        paper, day = make_paper(self.number), DAY + timedelta(days=self.number)
        batch = announce(paper, day=day)
        self.store.save_announcement(batch, line_of(batch), now)
        edition = make_edition(paper, day=day)
        plans = [
            Plan(each, Slot(now.date(), now + wait))
            for (name, place), each in self.subscriptions().items()
            if name == of.name and place in places and not each.paused
        ]
        self.store.save_editions([Frozen(of, edition, tuple(plans))], now)
        # A joined delivery is planned before, so what it brings is what tells.
        key = delivery_key(edition.items[0])
        for number in self.find_deliveries(day):
            self.wanted.setdefault(number, set()).add(key)
            self.seen.setdefault(number, (DeliveryState.PENDING, 1))
        assert sum(key in keys for keys in self.wanted.values()) == len(plans)

    def find_deliveries(self, day: date) -> Iterable[int]:
        """Yield the deliveries that bring the edition of a day; they are numbered from 1."""
        number = 0
        while (found := self.store.load_delivery(number := number + 1)) is not None:
            if day in found[0].days:
                yield number

    @rule(
        time=st.sampled_from((timedelta(), SECOND, TERMS.lease, HOUR, 9 * HOUR)),
        fates=st.lists(st.sampled_from(Fate), max_size=6),
        worker=st.integers(0, 1),
        asks_fail=st.booleans(),
        in_doubt=st.sampled_from((InDoubt.RESEND, InDoubt.RESEND, InDoubt.HOLD)),
    )
    def work(
        self,
        time: timedelta,
        fates: list[Fate],
        worker: int,
        asks_fail: bool,  # noqa: FBT001 - drawn
        in_doubt: InDoubt,
    ) -> None:
        """After some time a worker takes up all that is due, and this is what befalls it."""
        self.clock.advance(time)
        self.terms = replace(TERMS, in_doubt=in_doubt)
        for place in self.places.values():
            place.fates = list(fates)
            place.asks_fail = asks_fail
        self.sweep(worker)

    # Twice, as most of what happens is this.
    work_again = work

    @rule(hours=st.sampled_from((-3, -1, 1, 3)))
    def set_the_clock(self, hours: int) -> None:
        self.clock.set(self.clock.now() + hours * HOUR)

    @rule(which=st.sampled_from(SUBSCRIPTIONS), paused=RARELY)
    def pause_or_resume(self, which: Subscription, paused: bool) -> None:  # noqa: FBT001 - drawn
        known = self.find_subscription(which)
        if known:
            self.store.pause_subscription(known.id, paused=paused)

    @rule(which=st.sampled_from(SUBSCRIPTIONS), really=RARELY)
    def remove(self, which: Subscription, really: bool) -> None:  # noqa: FBT001 - drawn
        known = self.find_subscription(which)
        if known and really:
            self.store.remove_subscription(known.id, self.clock.now())

    @rule(which=st.sampled_from(SUBSCRIPTIONS))
    def subscribe_again(self, which: Subscription) -> None:
        if self.find_subscription(which) is None:
            self.store.save_subscription(self.choose(which), self.clock.now())

    @rule(
        state=st.sampled_from(("confirmed", "confirmed", "confirmed", "left")),
        bundled=st.sampled_from((True, True, True, False)),
        pause=st.sampled_from((timedelta(), timedelta(), HOUR)),
    )
    def change_ones_mind(self, state: str, bundled: bool, pause: timedelta) -> None:  # noqa: FBT001 - drawn
        """Let the reader leave, come back, want one mail or several, or none for a while."""
        self.agree(state, bundled=bundled, paused_until=self.clock.now() + pause)

    @precondition(lambda self: self.wanted)
    @rule(data=st.data(), called_off=RARELY)
    def be_asked_by_a_person(self, data: st.DataObject, called_off: bool) -> None:  # noqa: FBT001 - drawn
        """Somebody has a delivery tried again, or calls it off; what may not be is refused."""
        before = self.lines()
        failed = [
            number for number, line in before.items() if line.delivery.state is DeliveryState.FAILED
        ]
        number = data.draw(st.sampled_from(failed or sorted(self.wanted)))
        try:
            change = cancel_delivery if called_off else retry_delivery
            change(self.store, number, self.clock.now())
        except UserError:
            return
        del self.seen[number]
        # Another try is one for all that shared its mail.
        for each, line in before.items():
            if line.lead == number:
                self.seen.pop(each, None)

    def find_shared(self) -> list[int]:
        """Find what waits in doubt and shares its mail."""
        lines = self.lines()
        shared = {line.lead for line in lines.values()} | {
            number for number, line in lines.items() if line.lead is not None
        }
        return [
            number
            for number, line in lines.items()
            if number in shared and line.delivery.state is DeliveryState.UNKNOWN
        ]

    @precondition(lambda self: bool(self.find_shared()))
    @rule(data=st.data(), how=st.sampled_from(("call off", "hasten", "remove", "pause")))
    def change_what_shares_a_mail(self, data: st.DataObject, how: str) -> None:
        number, now = data.draw(st.sampled_from(self.find_shared())), self.clock.now()
        line, _ = self.line(number)
        known = self.subscriptions().get((line.set_name, line.delivery.destination))
        if how == "call off":
            with suppress(UserError):
                cancel_delivery(self.store, number, now)
        elif how == "hasten":
            with suppress(UserError):
                retry_delivery(self.store, number, now)
        elif known and how == "remove":
            self.store.remove_subscription(known.id, now)
        elif known:
            self.store.pause_subscription(known.id, paused=True)

    # What must hold

    @invariant()
    def arrives_once(self) -> None:
        for line in self.lines().values():
            delivery = line.delivery
            place = self.places[delivery.destination.kind]
            arrived = len(place.arrived.get(delivery.key, ()))
            assert arrived <= (1 if place.is_askable else 1 + line.repeats)
            assert arrived or delivery.state is not DeliveryState.SENT

    @invariant()
    def a_mail_that_arrives_again_is_the_same(self) -> None:
        for place in self.places.values():
            for mails in place.mails.values():
                assert all(mail == mails[0] for mail in mails)

    @invariant()
    def who_follows_stands_where_its_lead_stands(self) -> None:
        lines = self.lines()
        for line in lines.values():
            if line.lead is None or line.delivery.state in SETTLED:
                continue
            lead = lines[line.lead]
            assert lead.lead is None
            assert lead.delivery.state is line.delivery.state

    @invariant()
    def settled_is_settled(self) -> None:
        for number, line in self.lines().items():
            _, steps = self.line(number)
            now = line.delivery.state, len(steps)
            before = self.seen.get(number, now)
            assert before[0] not in SETTLED or now == before
            self.seen[number] = now

    @invariant()
    def walks_along_the_transitions(self) -> None:
        for number, line in self.lines().items():
            _, steps = self.line(number)
            states = [state for state, _ in groupby(step.state for step in steps)]
            assert states[0] is DeliveryState.PENDING
            assert states[-1] is line.delivery.state
            assert all(allows(before, after) for before, after in pairwise(states))

    def check_that_nothing_is_lost(self) -> None:
        """Heal everything, and wait long enough."""
        self.terms = replace(TERMS, in_doubt=InDoubt.RESEND)
        for place in self.places.values():
            place.fates, place.asks_fail = [], False
        for subscription in self.subscriptions().values():
            self.store.pause_subscription(subscription.id, paused=False)
        self.agree("confirmed", bundled=True, paused_until=None)
        # Beyond all that was ever due, whatever the hands showed then.
        self.clock.set(self.clock.now() + timedelta(days=10))
        for _ in range(12):
            self.clock.advance(4 * HOUR)
            self.sweep(0)
            self.sweep(1)
        self.arrives_once()
        self.a_mail_that_arrives_again_is_the_same()
        self.walks_along_the_transitions()
        left = self.subscriptions()
        for number, line in self.lines().items():
            delivery = line.delivery
            kept = (line.set_name, delivery.destination) in left
            if not kept or delivery.state in SETTLED - {DeliveryState.SENT}:
                continue
            assert delivery.state is DeliveryState.SENT, line
            arrived = self.places[delivery.destination.kind].arrived[delivery.key]
            came = Counter(delivery_key(item) for item in arrived[-1].items)
            assert came == Counter(self.wanted[number])


class SqliteLedger(Ledger):
    """The same on a real database."""

    def agree(self, state: str, *, bundled: bool, paused_until: datetime | None) -> None:
        agree(self.database, READER.address, state, bundled=bundled, paused_until=paused_until)

    def open(self) -> Store:
        self.database: SqlStore = open_store(f"sqlite:///{Path(self.folder.name, 'papers.db')}")
        return self.database

    def close(self) -> None:
        self.database.close()


class ReadersLedger(Ledger):
    """All of it for who wants three sets as one mail."""

    reads = True


class SqliteReadersLedger(SqliteLedger):
    """The same on a real database."""

    reads = True


TestInMemory = Ledger.TestCase
TestInMemory.settings = settings(max_examples=200, stateful_step_count=40)
TestOnSqlite = SqliteLedger.TestCase
TestOnSqlite.settings = settings(max_examples=20, stateful_step_count=30)
TestOfReaderInMemory = ReadersLedger.TestCase
TestOfReaderInMemory.settings = settings(max_examples=200, stateful_step_count=40)
TestOfReaderOnSqlite = SqliteReadersLedger.TestCase
TestOfReaderOnSqlite.settings = settings(max_examples=20, stateful_step_count=30)

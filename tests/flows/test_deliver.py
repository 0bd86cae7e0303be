from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, time, timedelta
from itertools import groupby, pairwise

import pytest

from bot.core.doubts import InDoubt
from bot.core.editions import DeliveryState, Destination, DestinationKind, Edition, allows
from bot.core.keyword_sets import KeywordSet
from bot.core.records import Busy, CannotTell, Claim, Sent
from bot.core.retrying import BACK_OFF as BACK_OFFS
from bot.core.retrying import MOST_ATTEMPTS as MOST_BEGUN
from bot.core.retrying import NO_PACES, Pace
from bot.core.schedule import Schedule
from bot.core.subscriptions import PERSON, Subscription
from bot.errors import DeliveryError, SourceError, StoreError
from bot.flows import deliver as delivering
from bot.flows.deliver import Outcome, Result, Terms
from bot.flows.ingest import Ingest
from bot.flows.passage import Sender
from bot.flows.publish import publish
from tests.fakes.clocks import StillClock
from tests.fakes.papers import DAY, NOW, announce, make_paper
from tests.fakes.senders import LoneSender, RecordingSender, Script
from tests.fakes.sources import CannedSource
from tests.fakes.stores import MemoryStore, Reader

FOLDER = Destination(DestinationKind.FOLDER, "digests")
MAIL = Destination(DestinationKind.EMAIL, "lab@lab.example")
CANNOT_TELL = CannotTell.CANNOT_TELL
REFUSED = DeliveryError("the disk is full")
UNSURE = DeliveryError("no answer after 30 s", unknown=True)
GONE = DeliveryError("there is no such channel", permanent=True)
BACK_OFF = BACK_OFFS[DestinationKind.FOLDER]
MOST_ATTEMPTS = len(BACK_OFF) + 1
TERMS = Terms()
LEASE = TERMS.lease


def deliver(
    number: int,
    store: MemoryStore,
    those: Mapping[DestinationKind, Sender],
    now: datetime,
    terms: Terms = TERMS,
) -> Outcome:
    return delivering.deliver(number, store, those, StillClock(now), terms)


def deliver_due(
    store: MemoryStore, those: Mapping[DestinationKind, Sender], now: datetime
) -> tuple[Outcome, ...]:
    return delivering.deliver_due(store, those, StillClock(now), TERMS)


def claim_it(store: MemoryStore, now: datetime = NOW, *, left: bool = True) -> Claim:
    """Begin the first delivery as a process that dies then does."""
    claim = store.claim(1, now, now + LEASE, {})
    assert isinstance(claim, Claim)
    if left:
        assert store.leave(claim, now, again=False)
    return claim


def plan(store: MemoryStore, *destinations: Destination) -> tuple[int, ...]:
    """Publish one edition for these destinations; return the deliveries' ids."""
    Ingest(CannedSource({"cs.CV": announce(make_paper())}), store).run(DAY, ("cs.CV",), NOW)
    clouds = KeywordSet("Clouds", keywords=(("cloud",),))
    for each in destinations:
        store.save_subscription(Subscription(*clouds.key, each), NOW)
    (published,) = publish(
        DAY,
        [clouds],
        store,
        categories=["cs.CV"],
        now=NOW,
    )
    return tuple(delivery.id for delivery in published.deliveries)


def senders(sender: Sender) -> dict[DestinationKind, Sender]:
    return {DestinationKind.FOLDER: sender, DestinationKind.EMAIL: sender}


def attempt(
    sender: Sender, store: MemoryStore, times: int = 1
) -> tuple[list[Outcome], list[timedelta]]:
    """Deliver the only delivery, each time as soon as it is due; return the waits in between."""
    (number,) = store.ledger
    now, outcomes, waits = NOW, [], []
    for _ in range(times):
        due = store.ledger[number].due
        waits.append(max(due - now, timedelta()))
        now = max(now, due)
        outcomes.append(deliver(number, store, senders(sender), now))
    return outcomes, waits[1:]


def states(store: MemoryStore, number: int = 1) -> list[str]:
    """Return the states that a delivery went through."""
    return [str(state) for state, _ in groupby(state for state, *_ in store.history[number])]


@pytest.fixture
def store() -> MemoryStore:
    store = MemoryStore()
    plan(store, FOLDER)
    return store


def test_sends_a_delivery_under_its_key_and_records_what_the_destination_calls_it(
    store: MemoryStore,
) -> None:
    sender = RecordingSender()
    assert deliver_due(store, senders(sender), NOW) == (Outcome(Result.SENT, FOLDER, "sent key-1"),)
    ((key, destination, edition),) = sender.arrived
    assert (key, destination, edition.set.name) == ("key-1", FOLDER, "Clouds")
    assert sender.calls == ["send"]
    assert store.history[1][-1] == (DeliveryState.SENT, 1, NOW, "sent key-1")
    assert deliver_due(store, senders(sender), NOW + timedelta(days=1)) == ()


@pytest.mark.parametrize(
    ("error", "state", "result"),
    [
        (REFUSED, DeliveryState.RETRY, Result.LATER),
        (UNSURE, DeliveryState.UNKNOWN, Result.UNKNOWN),
    ],
)
def test_waits_longer_after_each_failure_and_gives_up_after_the_last(
    store: MemoryStore, error: DeliveryError, state: DeliveryState, result: Result
) -> None:
    sender = RecordingSender([error] * MOST_ATTEMPTS)
    outcomes, waits = attempt(sender, store, MOST_ATTEMPTS)
    assert waits == list(BACK_OFF)
    assert [outcome.result for outcome in outcomes] == [*[result] * len(BACK_OFF), Result.FAILED]
    assert outcomes[0] == Outcome(result, FOLDER, str(error), NOW + BACK_OFF[0])
    assert states(store) == [
        "pending",
        *["sending", str(state)] * len(BACK_OFF),
        "sending",
        "failed",
    ]
    assert deliver_due(store, senders(sender), NOW + timedelta(days=30)) == ()


def test_says_of_what_it_gives_up_in_doubt_that_it_may_have_arrived(store: MemoryStore) -> None:
    finds: list[Script] = [CANNOT_TELL] * MOST_ATTEMPTS
    outcomes, _ = attempt(RecordingSender([UNSURE] * MOST_ATTEMPTS, finds), store, MOST_ATTEMPTS)
    assert outcomes[-1].detail == (
        "no answer after 30 s; it may have arrived, and is not tried again"
    )


@pytest.mark.parametrize("unknown", [False, True])
@pytest.mark.parametrize(
    ("asked", "wait"),
    [
        (600.0, timedelta(minutes=10)),
        (5.0, BACK_OFF[0]),
        (0.0, BACK_OFF[0]),
        (1e300, timedelta(days=1)),
        (float("nan"), timedelta(days=1)),
    ],
)
def test_waits_as_long_as_the_destination_asks_but_at_most_a_day(
    store: MemoryStore, asked: float, wait: timedelta, *, unknown: bool
) -> None:
    error = DeliveryError("slow down", retry_after=asked, unknown=unknown)
    outcomes, waits = attempt(RecordingSender([error]), store, 2)
    assert outcomes[-1].result is Result.SENT
    assert waits == [wait]


def test_a_permanent_error_ends_a_delivery_at_once(store: MemoryStore) -> None:
    sender = RecordingSender([GONE])
    outcome = deliver(1, store, senders(sender), NOW)
    assert outcome == Outcome(Result.FAILED, FOLDER, "there is no such channel")
    assert states(store) == ["pending", "sending", "failed"]


@pytest.mark.parametrize(
    ("arrived", "find", "calls", "result"),
    [
        (True, None, ["send", "find"], Result.FOUND),
        (False, None, ["send", "find", "send"], Result.SENT),
        (True, CANNOT_TELL, ["send", "find", "send"], Result.SENT),
        (False, CANNOT_TELL, ["send", "find", "send"], Result.SENT),
    ],
    ids=["found", "not there", "cannot tell, arrived", "cannot tell, lost"],
)
def test_looks_for_what_may_have_arrived_before_it_sends_again(
    store: MemoryStore, find: Script, calls: list[str], result: Result, *, arrived: bool
) -> None:
    sender = RecordingSender([UNSURE], [find] if find else [], arrives_anyway=arrived)
    outcomes, _ = attempt(sender, store, 2)
    assert [outcome.result for outcome in outcomes] == [Result.UNKNOWN, result]
    assert sender.calls == calls
    assert set(sender.keys) == {"key-1"}
    assert states(store) == ["pending", "sending", "unknown", "sending", "sent"]


@pytest.mark.parametrize(
    "error",
    [
        REFUSED,
        DeliveryError("try in 2 s", retry_after=2.0),
        SourceError("x", "y"),
        ValueError("?"),
    ],
    ids=["for now", "asks for a pause", "another error of ours", "unexpected"],
)
def test_where_looking_fails_it_looks_again_before_it_sends(
    store: MemoryStore, error: Exception
) -> None:
    sender = RecordingSender([UNSURE], [error], arrives_anyway=True)
    outcomes, _ = attempt(sender, store, 3)
    assert [outcome.result for outcome in outcomes] == [
        Result.UNKNOWN,
        Result.UNKNOWN,
        Result.FOUND,
    ]
    assert sender.keys == ["key-1"]


def test_where_looking_can_never_work_the_delivery_ends(store: MemoryStore) -> None:
    outcomes, _ = attempt(RecordingSender([UNSURE], [GONE]), store, 2)
    assert [outcome.result for outcome in outcomes] == [Result.UNKNOWN, Result.FAILED]


def test_what_was_surely_not_there_is_only_retried_after_it_was_looked_for(
    store: MemoryStore,
) -> None:
    sender = RecordingSender([UNSURE, REFUSED])
    attempt(sender, store, 3)
    assert sender.calls == ["send", "find", "send", "send"]
    assert states(store)[-4:] == ["sending", "retry", "sending", "sent"]


@pytest.mark.parametrize(
    ("error", "result"),
    [
        (ValueError("not a template"), Result.UNKNOWN),
        (StoreError("the database is locked"), Result.UNKNOWN),
    ],
    ids=["unexpected", "ours"],
)
def test_an_error_of_one_delivery_is_recorded_and_the_others_go_on(
    error: Exception, result: Result
) -> None:
    store = MemoryStore()
    plan(store, FOLDER, MAIL)
    outcomes = deliver_due(store, senders(RecordingSender([error])), NOW)
    assert [outcome.result for outcome in outcomes] == [result, Result.SENT]
    assert str(error) in outcomes[0].detail
    assert store.history[1][-1][3] == outcomes[0].detail


def test_an_unexpected_error_is_named_with_its_type(store: MemoryStore) -> None:
    outcome = deliver(1, store, senders(RecordingSender([KeyError("title")])), NOW)
    assert outcome.detail == "KeyError: 'title'"


@pytest.mark.parametrize("in_doubt", [False, True])
def test_a_destination_that_nothing_delivers_to_is_said_and_stays_as_certain_as_it_was(
    store: MemoryStore, *, in_doubt: bool
) -> None:
    if in_doubt:
        claim_it(store)
    outcome = deliver(1, store, {}, NOW + LEASE)
    assert outcome.result is (Result.UNKNOWN if in_doubt else Result.LATER)
    assert outcome.detail == "nothing here delivers to folder digests: set that up, or remove it"


def test_what_another_process_has_claimed_is_left_to_it(store: MemoryStore) -> None:
    claim_it(store)
    sender = RecordingSender()
    assert deliver(1, store, senders(sender), NOW) == Outcome(Result.SKIPPED)
    assert deliver_due(store, senders(sender), NOW) == ()
    assert sender.calls == []


@pytest.mark.parametrize("arrived", [True, False])
def test_what_a_killed_process_had_begun_is_looked_for_once_its_lease_ran_out(
    store: MemoryStore, *, arrived: bool
) -> None:
    claim = claim_it(store)
    sender = RecordingSender()
    if arrived:
        sender.send(claim.edition, FOLDER, claim.delivery.key, lambda: None)
    (outcome,) = deliver_due(store, senders(sender), NOW + LEASE)
    assert outcome.result is (Result.FOUND if arrived else Result.SENT)
    assert sender.keys == ["key-1"]
    assert states(store) == ["pending", "sending", "unknown", "sending", "sent"]


def test_a_delivery_that_kills_every_process_is_looked_for_and_then_given_up(
    store: MemoryStore,
) -> None:
    now = NOW
    for _ in range(MOST_BEGUN):
        claim_it(store, now)
        now += LEASE
    sender = RecordingSender()
    outcome = deliver(1, store, senders(sender), now)
    assert outcome.result is Result.FAILED
    assert outcome.detail == "it was begun 20 times and never known to arrive"
    assert sender.calls == ["find"]


@pytest.mark.parametrize(
    ("error", "result"),
    [(None, Result.SENT), (REFUSED, Result.SKIPPED), (UNSURE, Result.SKIPPED)],
)
def test_who_was_too_slow_changes_nothing_of_who_took_over(
    store: MemoryStore, error: DeliveryError | None, result: Result
) -> None:
    taken: list[Claim] = []

    def take_over() -> None:
        taken.append(claim_it(store, NOW + LEASE))

    sender = RecordingSender([error], afterwards=take_over)
    outcome = deliver(1, store, senders(sender), NOW)
    assert outcome.result is result
    assert store.ledger[1].delivery == taken[0].delivery


class FailingStore(MemoryStore):
    """Fails where a test says so, as a locked database does."""

    def __init__(self, *failing: str) -> None:
        super().__init__()
        self.failing = set(failing)

    def claim(
        self,
        delivery_id: int,
        now: datetime,
        lease_until: datetime,
        pace: Mapping[str, Pace] = NO_PACES,
        seen: int | None = None,
    ) -> Claim | Busy | None:
        self._fail("claim", delivery_id)
        return super().claim(delivery_id, now, lease_until, pace, seen)

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
        self._fail("settle", claim.delivery.id)
        return super().settle(claim, state, at=at, detail=detail, retry_at=retry_at, pause=pause)

    def _fail(self, what: str, delivery_id: int) -> None:
        if what in self.failing and delivery_id == 1:
            msg = "papers.db is locked"
            raise StoreError(msg)


@pytest.mark.parametrize(
    ("failing", "script", "outcome"),
    [
        ("claim", [], Outcome(Result.LATER, None, "papers.db is locked")),
        ("settle", [], Outcome(Result.UNKNOWN, FOLDER, "sent key-1; papers.db is locked")),
        (
            "settle",
            [REFUSED],
            Outcome(Result.UNKNOWN, FOLDER, "the disk is full; papers.db is locked"),
        ),
    ],
)
def test_where_the_ledger_fails_the_others_go_on_and_nothing_is_sent_twice(
    failing: str, script: Sequence[Exception], outcome: Outcome
) -> None:
    store = FailingStore(failing)
    plan(store, FOLDER, MAIL)
    sender = RecordingSender(script)
    first, second = deliver_due(store, senders(sender), NOW)
    assert first == outcome
    assert second.result is Result.SENT
    store.failing.clear()
    (again,) = deliver_due(store, senders(sender), NOW + LEASE)
    assert again.result in (Result.FOUND, Result.SENT)
    assert sorted(sender.keys) == ["key-1", "key-2"]


class SlowClock(StillClock):
    """Each look at it takes an hour."""

    def now(self) -> datetime:
        self.advance(timedelta(hours=1))
        return super().now()


def test_each_lease_begins_when_its_delivery_is_claimed() -> None:
    store = MemoryStore()
    plan(store, FOLDER, MAIL)
    delivering.deliver_due(store, senders(RecordingSender()), SlowClock(NOW), TERMS)
    claimed = [
        at
        for events in store.history.values()
        for state, _, at, detail in events
        if detail == "claimed"
    ]
    assert len(claimed) == 2
    assert claimed[0] < claimed[1]


@pytest.mark.parametrize("how", ["time goes by", "the clock is set forward"])
def test_who_is_late_does_not_send(store: MemoryStore, how: str) -> None:
    clock = StillClock(NOW)

    def dawdle() -> None:
        if how == "time goes by":
            clock.advance(LEASE)
            clock.set(NOW)
        else:
            clock.set(NOW + LEASE)

    sender = RecordingSender(meanwhile=dawdle)
    outcome = delivering.deliver(1, store, senders(sender), clock, TERMS)
    assert outcome == Outcome(Result.SKIPPED, FOLDER)
    assert sender.keys == []
    (again,) = deliver_due(store, senders(sender), NOW + LEASE)
    assert again.result is Result.SENT
    assert states(store) == ["pending", "sending", "retry", "sending", "sent"]


def test_who_is_late_after_it_said_that_it_leaves_does_not_send() -> None:
    clock = StillClock(NOW)

    class SleepyStore(MemoryStore):
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
            clock.advance(LEASE)
            return super().leave(
                claim, at, again=again, part=part, lease_until=lease_until, draft=draft
            )

    sleepy = SleepyStore()
    plan(sleepy, FOLDER)
    sender = RecordingSender()
    outcome = delivering.deliver(1, sleepy, senders(sender), clock, TERMS)
    assert outcome.result is Result.SKIPPED
    assert sender.keys == []
    (again,) = deliver_due(sleepy, senders(sender), clock.now())
    assert again.result is Result.SENT
    assert sender.calls == ["send", "find", "send"]


def test_who_was_overtaken_does_not_send(store: MemoryStore) -> None:
    sender = RecordingSender(meanwhile=lambda: void(claim_it(store, NOW + LEASE)))
    assert deliver(1, store, senders(sender), NOW).result is Result.SKIPPED
    assert sender.keys == []


def void(_value: object) -> None:
    """Forget a value."""


def test_an_unexpected_error_before_anything_left_leaves_no_doubt(store: MemoryStore) -> None:
    class BrokenSender(RecordingSender):
        def send(
            self,
            edition: Edition,
            destination: Destination,
            key: str,
            leave: Callable[[], None],
        ) -> Sent:
            message = f"no template for {edition.day} {destination} {key} {leave}"
            raise ValueError(message)

    outcome = deliver(1, store, senders(BrokenSender()), NOW)
    assert outcome.result is Result.LATER
    assert states(store) == ["pending", "sending", "retry"]


def test_what_failed_before_it_left_is_sent_again_without_a_look(store: MemoryStore) -> None:
    claim_it(store, left=False)
    sender = RecordingSender()
    (outcome,) = deliver_due(store, senders(sender), NOW + LEASE)
    assert outcome.result is Result.SENT
    assert sender.calls == ["send"]


def test_doubt_outlives_an_attempt_that_died_before_it_left(store: MemoryStore) -> None:
    claim_it(store)
    claim_it(store, NOW + LEASE, left=False)
    sender = RecordingSender()
    deliver_due(store, senders(sender), NOW + 2 * LEASE)
    assert sender.calls == ["find", "send"]


def test_what_nobody_can_ask_about_stays_in_doubt_after_a_certain_failure(
    store: MemoryStore,
) -> None:
    claim_it(store)
    sender = RecordingSender([REFUSED], [CANNOT_TELL, CANNOT_TELL])
    (outcome,) = deliver_due(store, senders(sender), NOW + LEASE)
    assert outcome.result is Result.UNKNOWN
    assert outcome.again is not None
    deliver_due(store, senders(sender), outcome.again)
    assert store.ledger[1].repeats == 2


def test_workers_that_died_over_it_do_not_count_as_failures(store: MemoryStore) -> None:
    now = NOW
    for _ in range(MOST_ATTEMPTS):
        claim_it(store, now)
        now += LEASE
    outcome = deliver(1, store, senders(RecordingSender([REFUSED])), now)
    assert outcome.result is Result.LATER
    assert outcome.again == now + BACK_OFF[0]


def test_only_what_may_be_a_repeat_is_counted_as_one(store: MemoryStore) -> None:
    claim_it(store)
    deliver_due(store, senders(RecordingSender()), NOW + LEASE)
    assert store.ledger[1].repeats == 0


def test_what_nobody_can_ask_about_is_held_where_the_operator_says_so(store: MemoryStore) -> None:
    claim_it(store)
    sender = RecordingSender([], [CANNOT_TELL])
    terms = Terms(in_doubt=InDoubt.HOLD)
    outcome = deliver(1, store, senders(sender), NOW + LEASE, terms)
    assert outcome.result is Result.FAILED
    assert "`papers deliveries retry 1` sends it again" in outcome.detail
    assert sender.keys == []


CLOSED = DeliveryError("the channel is archived", gone=True)


@pytest.mark.parametrize("in_doubt", [False, True])
def test_a_destination_that_is_gone_pauses_its_subscription_and_says_why(
    store: MemoryStore, *, in_doubt: bool
) -> None:
    if in_doubt:
        claim_it(store)
    sender = RecordingSender([CLOSED], [CANNOT_TELL])
    outcome = deliver(1, store, senders(sender), NOW + LEASE)
    assert outcome == Outcome(Result.PAUSED, FOLDER, "the channel is archived")
    (subscription,) = store.load_subscriptions()
    assert (subscription.paused, subscription.reason) == (True, "the channel is archived")
    assert states(store)[-1] == ("unknown" if in_doubt else "retry")
    assert deliver_due(store, senders(sender), NOW + timedelta(days=9)) == ()
    store.pause_subscription(1, paused=False)
    (again,) = deliver_due(store, senders(sender), NOW + timedelta(days=9))
    assert again.result is Result.SENT


def test_looking_at_a_destination_that_is_gone_pauses_too(store: MemoryStore) -> None:
    claim_it(store)
    outcome = deliver(1, store, senders(RecordingSender([], [CLOSED])), NOW + LEASE)
    assert outcome.result is Result.PAUSED
    assert states(store)[-1] == "unknown"


def test_what_was_unsubscribed_meanwhile_is_called_off(store: MemoryStore) -> None:
    sender = RecordingSender()
    store.removed.add(1)
    assert deliver(1, store, senders(sender), NOW).result is Result.SKIPPED
    assert states(store) == ["pending", "cancelled"]


def test_what_is_tried_again_in_quiet_hours_waits_until_they_end() -> None:
    store, sender = MemoryStore(), RecordingSender([REFUSED])
    quiet = Schedule(timezone="Europe/Berlin", quiet=(time(7), time(9)))
    (first,) = plan(store, FOLDER)
    refused = deliver(first, store, senders(sender), NOW)
    assert refused.again
    # It is seven o'clock in Berlin.
    store.save_subscription(Subscription("config", "Clouds", FOLDER, quiet), NOW)
    end = NOW + timedelta(hours=2)
    waits = deliver(first, store, senders(sender), refused.again)
    assert waits == Outcome(Result.BUSY, again=end)
    assert deliver_due(store, senders(sender), end - timedelta(seconds=1)) == ()
    (sent,) = deliver_due(store, senders(sender), end)
    assert sent.result is Result.SENT
    assert states(store) == ["pending", "sending", "retry", "sending", "sent"]


def test_who_must_wait_for_others_hears_until_when() -> None:
    store = MemoryStore()
    plan(store, FOLDER, Destination(DestinationKind.FOLDER, "elsewhere"))
    claim_it(store)
    terms = Terms(paces={DestinationKind.FOLDER: Pace(at_once=1)})
    outcome = deliver(2, store, senders(RecordingSender()), NOW, terms)
    assert outcome == Outcome(Result.BUSY, again=NOW + timedelta(seconds=1))


BUSY = DeliveryError("it asks to wait 45 s", busy=True, retry_after=45.0)


def test_who_is_too_busy_is_left_alone_and_nothing_has_failed(store: MemoryStore) -> None:
    times = MOST_BEGUN + MOST_ATTEMPTS
    outcomes, waits = attempt(RecordingSender([BUSY] * times), store, times + 1)
    assert outcomes[0] == Outcome(
        Result.BUSY, FOLDER, "it asks to wait 45 s", NOW + timedelta(seconds=45)
    )
    assert {outcome.result for outcome in outcomes[:-1]} == {Result.BUSY}
    assert set(waits) == {timedelta(seconds=45)}
    assert outcomes[-1].result is Result.SENT
    assert store.ledger[1].failures == 0
    assert states(store)[-4:] == ["sending", "retry", "sending", "sent"]


def test_where_looking_must_wait_it_is_still_looked_for_before_it_is_sent(
    store: MemoryStore,
) -> None:
    sender = RecordingSender([UNSURE], [BUSY, BUSY], arrives_anyway=True)
    outcomes, waits = attempt(sender, store, 4)
    assert [outcome.result for outcome in outcomes] == [
        Result.UNKNOWN,
        Result.BUSY,
        Result.BUSY,
        Result.FOUND,
    ]
    assert waits[1:] == [timedelta(seconds=45)] * 2
    assert sender.keys == ["key-1"]
    assert store.ledger[1].failures == 1
    assert "unknown" in states(store)[-3]


def test_who_was_overtaken_while_it_was_told_to_wait_changes_nothing(store: MemoryStore) -> None:
    taken: list[Claim] = []
    sender = RecordingSender([BUSY], afterwards=lambda: taken.append(claim_it(store, NOW + LEASE)))
    outcome = deliver(1, store, senders(sender), NOW)
    assert outcome.result is Result.SKIPPED
    assert store.ledger[1].delivery == taken[0].delivery


def test_where_the_ledger_cannot_keep_a_wait_the_lease_sees_to_it() -> None:
    class Stuck(MemoryStore):
        def defer(
            self, claim: Claim, at: datetime, *, until: datetime, detail: str, unknown: bool
        ) -> bool:
            msg = f"papers.db is locked: {claim.delivery.id} {at} {until} {detail} {unknown}"
            raise StoreError(msg)

    stuck = Stuck()
    plan(stuck, FOLDER)
    outcome = deliver(1, stuck, senders(RecordingSender([BUSY])), NOW)
    assert outcome.result is Result.UNKNOWN
    assert outcome.detail.startswith("it asks to wait 45 s; papers.db is locked: 1")
    assert states(stuck)[-1] == "sending"


@pytest.mark.parametrize("finds", [[], [CANNOT_TELL, None, REFUSED]], ids=["finds", "cannot"])
@pytest.mark.parametrize(
    "script",
    [
        [REFUSED, UNSURE, BUSY, ValueError("?"), UNSURE, REFUSED, UNSURE],
        [UNSURE, REFUSED, GONE],
        [UNSURE, UNSURE, UNSURE, None],
        [None],
    ],
    ids=["every error", "for good", "sent in the end", "sent"],
)
def test_every_recorded_step_is_an_allowed_one(
    script: list[Exception | None], finds: list[Script]
) -> None:
    store = MemoryStore()
    plan(store, FOLDER)
    attempt(RecordingSender(script, finds), store, len(script) + len(finds))
    steps = [DeliveryState(state) for state in states(store)]
    assert all(allows(before, after) for before, after in pairwise(steps))
    assert steps[-1] in (DeliveryState.SENT, DeliveryState.FAILED)


def test_what_was_begun_since_it_was_listed_is_left_alone(store: MemoryStore) -> None:
    """The clock jumps ahead while a listed delivery waits for its turn: another has just begun."""
    sender = RecordingSender()
    claim_it(store)
    later = StillClock(NOW + LEASE)
    outcome = delivering.deliver(1, store, senders(sender), later, TERMS, seen=0)
    assert outcome.result is Result.SKIPPED
    assert sender.calls == []
    assert delivering.deliver(1, store, senders(sender), later, TERMS, seen=1).result is Result.SENT
    assert sender.calls == ["find", "send"]


# Several sets in one mail


def plan_together(store: MemoryStore, *names: str) -> None:
    """Publish an edition of each set for a person who wants them as one mail."""
    store.readers[MAIL.address] = Reader()
    Ingest(CannedSource({"cs.CV": announce(make_paper())}), store).run(DAY, ("cs.CV",), NOW)
    sets = [KeywordSet(name, keywords=(("cloud",),)) for name in names]
    for each in sets:
        store.save_subscription(Subscription(*each.key, MAIL, origin=PERSON), NOW)
    publish(DAY, sets, store, categories=["cs.CV"], now=NOW)


def test_several_sets_go_out_as_one_and_share_its_lot() -> None:
    store, sender = MemoryStore(), RecordingSender()
    plan_together(store, "Clouds", "Fog", "Apples")
    (outcome,) = deliver_due(store, {DestinationKind.EMAIL: sender}, NOW)
    assert outcome == Outcome(Result.SENT, MAIL, "sent key-1", beside=(2, 3))
    assert sender.calls == ["send"]
    assert sorted(sender.keys) == ["key-1", "key-2", "key-3"]
    assert {row.delivery.state for row in store.ledger.values()} == {DeliveryState.SENT}


def test_they_are_in_the_order_of_their_names() -> None:
    store = MemoryStore()
    plan_together(store, "clouds", "Fog", "Apples")
    claim = store.claim(2, NOW, NOW + LEASE)
    assert isinstance(claim, Claim)
    assert [each.edition.set.name for each in claim.together] == ["Apples", "clouds", "Fog"]
    assert [each.delivery_id for each in claim.together] == [3, 1, 2]


def test_a_mail_in_doubt_is_sent_again_with_all_that_was_in_it() -> None:
    store, sender = MemoryStore(), RecordingSender([UNSURE], [CANNOT_TELL])
    plan_together(store, "Clouds", "Fog")
    those = {DestinationKind.EMAIL: sender}
    (outcome,) = deliver_due(store, those, NOW)
    assert outcome.result is Result.UNKNOWN
    assert outcome.again
    store.readers[MAIL.address] = Reader(bundled=False)
    (again,) = deliver_due(store, those, outcome.again)
    assert (again.result, again.beside) == (Result.SENT, (2,))
    assert sorted(sender.keys) == ["key-1", "key-2"]
    assert [row.repeats for row in store.ledger.values()] == [1, 1]


def test_what_takes_one_set_at_a_time_fails_and_says_so() -> None:
    store, sender = MemoryStore(), LoneSender()
    plan_together(store, "Clouds", "Fog")
    (outcome,) = deliver_due(store, {DestinationKind.EMAIL: sender}, NOW)
    assert outcome.result is Result.LATER
    assert outcome.detail == "nothing here sends several sets to lab@lab.example at once"
    assert sender.calls == []


@pytest.mark.parametrize("reader", [None, Reader("left"), Reader("pending")])
def test_mail_that_nobody_agrees_to_is_called_off(reader: Reader | None) -> None:
    store, sender = MemoryStore(), RecordingSender()
    plan_together(store, "Clouds", "Fog")
    store.readers = {MAIL.address: reader} if reader else {}
    deliver_due(store, {DestinationKind.EMAIL: sender}, NOW)
    assert sender.calls == []
    assert {row.delivery.state for row in store.ledger.values()} == {DeliveryState.CANCELLED}

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from bot.core.editions import DeliveryState, Destination, DestinationKind, allows
from bot.core.keyword_sets import KeywordSet
from bot.core.records import CannotTell, Claim
from bot.errors import DeliveryError, SourceError, StoreError
from bot.flows.deliver import BACK_OFF, LEASE, Outcome, Result, Sender, deliver, deliver_due
from bot.flows.ingest import Ingest
from bot.flows.publish import publish
from tests.fakes.papers import DAY, NOW, announce, make_paper
from tests.fakes.senders import RecordingSender, Script
from tests.fakes.sources import CannedSource
from tests.fakes.stores import MemoryStore

FOLDER = Destination(DestinationKind.FOLDER, "digests")
MAIL = Destination(DestinationKind.EMAIL, "lab@lab.example")
CANNOT_TELL = CannotTell.CANNOT_TELL
REFUSED = DeliveryError("the disk is full")
UNSURE = DeliveryError("no answer after 30 s", unknown=True)
GONE = DeliveryError("there is no such channel", permanent=True)
MOST_ATTEMPTS = len(BACK_OFF) + 1


def plan(store: MemoryStore, *destinations: Destination) -> tuple[int, ...]:
    """Publish one edition for these destinations; return the deliveries' ids."""
    Ingest(CannedSource({"cs.CV": announce(make_paper())}), store).run(DAY, ("cs.CV",), NOW)
    (published,) = publish(
        DAY,
        [KeywordSet("Clouds", keywords=(("cloud",),))],
        store,
        destinations={"Clouds": [(each, NOW) for each in destinations]},
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
    return [str(state) for state, *_ in store.history[number]]


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
    assert outcomes[0] == Outcome(result, FOLDER, str(error))
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
        (StoreError("the database is locked"), Result.LATER),
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
        store.claim(1, NOW, NOW)
    outcome = deliver(1, store, {}, NOW)
    assert outcome.result is (Result.UNKNOWN if in_doubt else Result.LATER)
    assert outcome.detail == "nothing here delivers to folder digests: set that up, or remove it"


def test_what_another_process_has_claimed_is_left_to_it(store: MemoryStore) -> None:
    assert store.claim(1, NOW, NOW + LEASE)
    sender = RecordingSender()
    assert deliver(1, store, senders(sender), NOW) == Outcome(Result.SKIPPED)
    assert deliver_due(store, senders(sender), NOW) == ()
    assert sender.calls == []


@pytest.mark.parametrize("arrived", [True, False])
def test_what_a_killed_process_had_begun_is_looked_for_once_its_lease_ran_out(
    store: MemoryStore, *, arrived: bool
) -> None:
    claim = store.claim(1, NOW, NOW + LEASE)
    assert claim is not None
    sender = RecordingSender()
    if arrived:
        sender.send(claim.edition, FOLDER, claim.delivery.key)
    (outcome,) = deliver_due(store, senders(sender), NOW + LEASE)
    assert outcome.result is (Result.FOUND if arrived else Result.SENT)
    assert sender.keys == ["key-1"]
    assert states(store) == ["pending", "sending", "unknown", "sending", "sent"]


def test_a_delivery_that_kills_every_process_is_looked_for_and_then_given_up(
    store: MemoryStore,
) -> None:
    now = NOW
    for _ in range(MOST_ATTEMPTS):
        assert store.claim(1, now, now + LEASE)
        now += LEASE
    sender = RecordingSender()
    outcome = deliver(1, store, senders(sender), now)
    assert outcome.result is Result.FAILED
    assert outcome.detail == "it was begun 6 times and never known to arrive"
    assert sender.calls == ["find"]


@pytest.mark.parametrize(
    ("error", "result"),
    [(None, Result.SENT), (REFUSED, Result.SKIPPED), (UNSURE, Result.SKIPPED)],
)
def test_who_was_too_slow_changes_nothing_of_who_took_over(
    store: MemoryStore, error: DeliveryError | None, result: Result
) -> None:
    taken: list[Claim | None] = []

    def take_over() -> None:
        taken.append(store.claim(1, NOW + LEASE, NOW + 2 * LEASE))

    sender = RecordingSender([error], meanwhile=take_over)
    outcome = deliver(1, store, senders(sender), NOW)
    assert taken[0] is not None
    assert outcome.result is result
    assert store.ledger[1].delivery == taken[0].delivery


class FailingStore(MemoryStore):
    """Fails where a test says so, as a locked database does."""

    def __init__(self, *failing: str) -> None:
        super().__init__()
        self.failing = set(failing)

    def claim(self, delivery_id: int, now: datetime, lease_until: datetime) -> Claim | None:
        self._fail("claim", delivery_id)
        return super().claim(delivery_id, now, lease_until)

    def settle(
        self,
        claim: Claim,
        state: DeliveryState,
        *,
        at: datetime,
        detail: str,
        retry_at: datetime | None = None,
    ) -> bool:
        self._fail("settle", claim.delivery.id)
        return super().settle(claim, state, at=at, detail=detail, retry_at=retry_at)

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


def test_each_lease_begins_when_its_delivery_is_claimed() -> None:
    store = MemoryStore()
    plan(store, FOLDER, MAIL)
    hours = iter(range(1, 3))
    deliver_due(
        store, senders(RecordingSender()), NOW, clock=lambda: NOW + timedelta(hours=next(hours))
    )
    claimed = [
        at
        for events in store.history.values()
        for state, _, at, _ in events
        if state is DeliveryState.SENDING
    ]
    assert claimed == [NOW + timedelta(hours=1), NOW + timedelta(hours=2)]


@pytest.mark.parametrize("finds", [[], [CANNOT_TELL, None, REFUSED]], ids=["finds", "cannot"])
@pytest.mark.parametrize(
    "script",
    [
        [REFUSED, UNSURE, ValueError("?"), UNSURE, REFUSED, UNSURE],
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
    steps = [state for state, *_ in store.history[1]]
    assert all(allows(before, after) for before, after in pairwise(steps))
    assert steps[-1] in (DeliveryState.SENT, DeliveryState.FAILED)

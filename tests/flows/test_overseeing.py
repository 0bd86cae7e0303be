from dataclasses import replace
from datetime import date

import pytest

from bot.core.editions import Delivery, DeliveryState, Destination, DestinationKind, allows
from bot.core.records import Hold, LedgerLine, Step
from bot.errors import UserError
from bot.flows.overseeing import ASKED, CALLED_OFF, cancel_delivery, find_delivery, retry_delivery
from tests.fakes.papers import NOW

PENDING, SENDING, SENT, RETRY, UNKNOWN, FAILED, CANCELLED = DeliveryState
FOLDER = Destination(DestinationKind.FOLDER, "digests")
MAIL = Destination(DestinationKind.EMAIL, "lab@lab.example")


class Ledger:
    """One delivery, and what was asked for it."""

    def __init__(self, state: DeliveryState, place: Destination = FOLDER) -> None:
        self.line = LedgerLine(
            Delivery(7, 1, place, state, 1, "key"), "MLLM", (date(2025, 12, 4),), None, 0, None
        )
        self.asked: list[object] = []
        self.later: DeliveryState | None = None
        self.refuses = False

    def load_delivery(self, delivery_id: int) -> tuple[LedgerLine, tuple[Step, ...]] | None:
        return (self.line, ()) if delivery_id == 7 else None

    def change_delivery(
        self,
        delivery_id: int,  # noqa: ARG002
        state: DeliveryState,
        at: object,  # noqa: ARG002
        detail: str,
        *,
        again: bool = False,
    ) -> bool:
        self.asked.append((state, detail, again))
        done = allows(self.line.delivery.state, state) and not self.refuses
        if done or self.later:
            self.become(self.later or state)
        return done

    def hasten_delivery(self, delivery_id: int, at: object, detail: str) -> bool:  # noqa: ARG002
        self.asked.append(("hasten", detail))
        done = self.line.delivery.state in (RETRY, UNKNOWN) and not self.refuses
        if self.later:
            self.become(self.later)
        return done

    def become(self, state: DeliveryState) -> None:
        self.line = replace(self.line, delivery=replace(self.line.delivery, state=state))


def test_a_delivery_is_found_by_its_number() -> None:
    ledger = Ledger(SENT)
    assert find_delivery(ledger, 7) == (ledger.line, ())
    with pytest.raises(UserError, match=r"^there is no delivery 8: `papers deliveries` lists"):
        find_delivery(ledger, 8)


@pytest.mark.parametrize(("place", "again"), [(FOLDER, False), (MAIL, True)])
def test_what_failed_is_tried_again_and_mail_is_not_looked_for(
    place: Destination, *, again: bool
) -> None:
    ledger = Ledger(FAILED, place)
    assert retry_delivery(ledger, 7, NOW).delivery.state is RETRY
    assert ledger.asked == [(RETRY, ASKED, again)]


@pytest.mark.parametrize("state", [RETRY, UNKNOWN])
def test_what_waits_for_another_try_is_due_at_once(state: DeliveryState) -> None:
    ledger = Ledger(state)
    assert retry_delivery(ledger, 7, NOW) == ledger.line
    assert ledger.asked == [("hasten", ASKED)]


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (PENDING, "was not tried yet: it goes out when it is due"),
        (SENDING, "is on its way right now"),
        (SENT, "has arrived, and is sent once"),
        (CANCELLED, "was called off, and nothing brings it back"),
    ],
)
def test_what_is_not_to_be_tried_again_says_why(state: DeliveryState, said: str) -> None:
    with pytest.raises(UserError) as refused:
        retry_delivery(Ledger(state), 7, NOW)
    assert str(refused.value) == f"delivery 7 {said}"


def test_nothing_is_tried_again_for_a_subscription_that_was_removed() -> None:
    ledger = Ledger(FAILED)
    ledger.line = replace(ledger.line, held=Hold.REMOVED)
    with pytest.raises(UserError, match="its subscription was removed; subscribe again first"):
        retry_delivery(ledger, 7, NOW)
    assert ledger.asked == []


def test_what_is_held_may_still_be_made_due() -> None:
    ledger = Ledger(RETRY)
    ledger.line = replace(ledger.line, held=Hold.PAUSED)
    assert retry_delivery(ledger, 7, NOW).held is Hold.PAUSED


@pytest.mark.parametrize("state", [PENDING, RETRY, UNKNOWN])
def test_what_waits_is_called_off(state: DeliveryState) -> None:
    ledger = Ledger(state)
    assert cancel_delivery(ledger, 7, NOW).delivery.state is CANCELLED
    assert ledger.asked == [(CANCELLED, CALLED_OFF, False)]


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (SENDING, "is on its way right now: try again in some minutes"),
        (SENT, "has arrived, and cannot be called back"),
        (FAILED, "has failed, and is not tried again unless somebody asks"),
        (CANCELLED, "was called off before"),
    ],
)
def test_what_is_not_to_be_called_off_says_why(state: DeliveryState, said: str) -> None:
    with pytest.raises(UserError) as refused:
        cancel_delivery(Ledger(state), 7, NOW)
    assert str(refused.value) == f"delivery 7 {said}"


def test_what_changed_at_that_very_moment_is_to_be_looked_at_again() -> None:
    ledger = Ledger(SENDING)
    ledger.later = RETRY
    with pytest.raises(UserError, match=r"^delivery 7 changed just now: look at it again$"):
        retry_delivery(ledger, 7, NOW)


@pytest.mark.parametrize("act", [retry_delivery, cancel_delivery])
def test_an_unknown_delivery_is_not_changed(act: object) -> None:
    ledger = Ledger(FAILED)
    with pytest.raises(UserError, match="there is no delivery 8"):
        act(ledger, 8, NOW)  # type: ignore[operator]
    assert ledger.asked == []


@pytest.mark.parametrize("state", [RETRY, UNKNOWN, FAILED])
def test_what_shares_a_mail_that_may_have_left_names_the_delivery_to_ask_for(
    state: DeliveryState,
) -> None:
    ledger = Ledger(state, MAIL)
    ledger.line = replace(ledger.line, lead=5)
    ledger.refuses = True
    said = r"^delivery 7 shares the mail of delivery 5, which may have left: name that one$"
    with pytest.raises(UserError, match=said):
        retry_delivery(ledger, 7, NOW)
    with pytest.raises(UserError, match=said):
        cancel_delivery(ledger, 7, NOW)


def test_what_went_out_in_another_ones_mail_has_arrived() -> None:
    ledger = Ledger(SENT, MAIL)
    ledger.line = replace(ledger.line, lead=5)
    with pytest.raises(UserError, match="has arrived"):
        retry_delivery(ledger, 7, NOW)

"""Look at deliveries; take up again what failed, call off what waits."""

from datetime import datetime
from typing import Protocol

from bot.core.editions import DeliveryState, DestinationKind
from bot.core.records import Hold, LedgerLine, Step
from bot.errors import UserError

ASKED = "somebody asked for another try"
CALLED_OFF = "somebody called it off"

# Why a delivery of a state is neither tried again nor called off.
_NO_RETRY = {
    DeliveryState.PENDING: "was not tried yet: it goes out when it is due",
    DeliveryState.SENDING: "is on its way right now",
    DeliveryState.SENT: "has arrived, and is sent once",
    DeliveryState.CANCELLED: "was called off, and nothing brings it back",
}
_NO_CANCEL = {
    DeliveryState.SENDING: "is on its way right now: try again in some minutes",
    DeliveryState.SENT: "has arrived, and cannot be called back",
    DeliveryState.FAILED: "has failed, and is not tried again unless somebody asks",
    DeliveryState.CANCELLED: "was called off before",
}

# In these it does what the delivery does in whose mail it is.
_SHARED = frozenset({DeliveryState.RETRY, DeliveryState.UNKNOWN, DeliveryState.FAILED})


class LedgerStore(Protocol):
    """What overseeing reads and changes of the ledger."""

    def load_delivery(self, delivery_id: int) -> tuple[LedgerLine, tuple[Step, ...]] | None:
        """Load one delivery with its whole history, oldest step first; None: there is none."""
        ...

    def change_delivery(
        self,
        delivery_id: int,
        state: DeliveryState,
        at: datetime,
        detail: str,
        *,
        again: bool = False,
    ) -> bool:
        """Do what a person asks for: try a delivery again at once, or call it off.

        `again`: what may have arrived is sent again without a look, which is counted. False where
        its state does not allow that, or somebody is at it.
        """
        ...

    def hasten_delivery(self, delivery_id: int, at: datetime, detail: str) -> bool:
        """Let a delivery that waits to be tried again be due now; False where it does not wait."""
        ...


def find_delivery(store: LedgerStore, delivery_id: int) -> tuple[LedgerLine, tuple[Step, ...]]:
    """Load a delivery with its history; raise UserError where there is none of this number."""
    found = store.load_delivery(delivery_id)
    if found is None:
        msg = f"there is no delivery {delivery_id}: `papers deliveries` lists the newest"
        raise UserError(msg)
    return found


def retry_delivery(store: LedgerStore, delivery_id: int, at: datetime) -> LedgerLine:
    """Try again now what failed or waits for another try; return how it stands then.

    Whoever asks for a failed e-mail wants it sent, although a mail relay cannot say whether it has
    arrived; any other destination is asked first. Raise UserError where there is nothing to try.
    """
    line, _ = find_delivery(store, delivery_id)
    if line.held is Hold.REMOVED:
        msg = f"delivery {delivery_id} stays as it is: {line.held}; subscribe again first"
        raise UserError(msg)
    if line.delivery.state is DeliveryState.FAILED:
        mail = line.delivery.destination.kind is DestinationKind.EMAIL
        done = store.change_delivery(delivery_id, DeliveryState.RETRY, at, ASKED, again=mail)
    else:
        done = store.hasten_delivery(delivery_id, at, ASKED)
    return _see(store, delivery_id, _NO_RETRY, done=done)


def cancel_delivery(store: LedgerStore, delivery_id: int, at: datetime) -> LedgerLine:
    """Call off a delivery that waits; raise UserError for one that is on its way or settled."""
    find_delivery(store, delivery_id)
    done = store.change_delivery(delivery_id, DeliveryState.CANCELLED, at, CALLED_OFF)
    return _see(store, delivery_id, _NO_CANCEL, done=done)


def _see(
    store: LedgerStore, delivery_id: int, refusals: dict[DeliveryState, str], *, done: bool
) -> LedgerLine:
    """Return a delivery as it is after a change; raise UserError where that was not to be."""
    line, _ = find_delivery(store, delivery_id)
    if done:
        return line
    # Its state may have become another one since it was refused.
    why = refusals.get(line.delivery.state, "changed just now: look at it again")
    if line.lead is not None and line.delivery.state in _SHARED:
        why = f"shares the mail of delivery {line.lead}, which may have left: name that one"
    msg = f"delivery {delivery_id} {why}"
    raise UserError(msg)

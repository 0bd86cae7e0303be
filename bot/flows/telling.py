"""Tell who asked for a subscription that it was paused; nothing depends on whether they hear it."""

from collections.abc import Callable
from typing import Protocol

from bot.core.records import LedgerLine, Step
from bot.core.slack_names import Person, parse_person
from bot.core.subscriptions import Subscription
from bot.errors import BotError
from bot.flows.deliver import Outcome, Result


class PlanStore(Protocol):
    """For whom deliveries were planned."""

    def load_delivery(self, delivery_id: int) -> tuple[LedgerLine, tuple[Step, ...]] | None:
        """Load a delivery and its history; None where there is none."""
        ...

    def subscription_of(self, delivery_key: str) -> Subscription | None:
        """Load the subscription for which a delivery was planned, removed or not."""
        ...


def tell_of_pause(
    delivery_id: int,
    outcome: Outcome,
    store: PlanStore,
    tell: Callable[[Person, Subscription], None],
) -> bool:
    """Tell a person of Slack that what they asked for was paused with a delivery; False: nobody.

    `tell` may raise BotError, which ends here, as whatever the store raises does.
    """
    if outcome.result is not Result.PAUSED:
        return False
    try:
        found = store.load_delivery(delivery_id)
        subscription = store.subscription_of(found[0].delivery.key) if found else None
        person = parse_person(subscription.origin) if subscription else None
        if subscription is None or person is None or not subscription.paused:
            return False
        tell(person, subscription)
    except BotError:
        return False
    return True

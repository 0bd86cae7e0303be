"""Which deliveries may be claimed: conditions on what stands in the ledger, changing nothing."""

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    and_,
    bindparam,
    exists,
    or_,
    select,
)

from bot.adapters.store.prepared import Prepared
from bot.adapters.store.tables import deliveries, editions, joined_editions, sets, subscriptions
from bot.core.editions import DeliveryState

_WAITING = (DeliveryState.PENDING, DeliveryState.UNKNOWN, DeliveryState.RETRY)
WITH_SUBSCRIPTION = deliveries.join(
    subscriptions, subscriptions.c.id == deliveries.c.subscription_id
).join(sets, sets.c.id == subscriptions.c.set_id)
WITH_EDITION = WITH_SUBSCRIPTION.join(editions, editions.c.id == deliveries.c.edition_id)


def is_due(now: int | BindParameter[int]) -> ColumnElement[bool]:
    """Whether a delivery may be claimed at this moment, as far as its own row says.

    What goes out in another one's mail is not claimed by itself.
    """
    return or_(
        and_(
            or_(*(deliveries.c.state == state.value for state in _WAITING)),
            or_(deliveries.c.due_at.is_(None), deliveries.c.due_at <= now),
            deliveries.c.lead_id.is_(None),
        ),
        and_(
            deliveries.c.state == DeliveryState.SENDING.value,
            deliveries.c.lease_until <= now,
        ),
    )


def is_wanted() -> ColumnElement[bool]:
    """Whether a delivery's subscription asks for it: neither it nor its set is paused."""
    return and_(~subscriptions.c.removed, ~subscriptions.c.paused, ~sets.c.paused)


def is_wanted_by_followers() -> ColumnElement[bool]:
    """Whether somebody waits for what goes out in a delivery's mail, beside its own edition."""
    follower, theirs, of = deliveries.alias(), subscriptions.alias(), sets.alias()
    return (
        exists()
        .where(
            follower.c.lead_id == deliveries.c.id,
            follower.c.state == deliveries.c.state,
            theirs.c.id == follower.c.subscription_id,
            of.c.id == theirs.c.set_id,
            ~theirs.c.removed,
            ~theirs.c.paused,
            ~of.c.paused,
        )
        .correlate(deliveries)
    )


# What a claim needs to know of a delivery, beside its own row.
BROUGHT = (
    subscriptions.c.removed,
    is_wanted().label("wanted"),
    editions.c.at.label("frozen_at"),
    exists().where(joined_editions.c.delivery_id == deliveries.c.id).label("joined"),
)
# Built once: to build a statement takes longer than to have it run.
FREE = Prepared(
    select(deliveries, subscriptions.c.schedule, subscriptions.c.origin, *BROUGHT)
    .select_from(WITH_EDITION)
    .where(deliveries.c.id == bindparam("number"), is_due(bindparam("now", type_=BigInteger)))
)

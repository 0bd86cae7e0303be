"""Several sets in one mail: what else may be claimed for an address is claimed with it.

Which deliveries those are is settled while nothing of the mail can have left; from then on an
attempt brings what the one before it brought.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Connection, Row, bindparam, func, or_, select, update

from bot.adapters.store.claiming import find_quiet
from bot.adapters.store.events import append_events
from bot.adapters.store.prepared import Prepared
from bot.adapters.store.recent import Recent
from bot.adapters.store.rows import to_micros
from bot.adapters.store.tables import deliveries, subscriptions
from bot.adapters.store.waiting import BROUGHT, WITH_EDITION, WITH_SUBSCRIPTION, is_wanted
from bot.core.editions import DeliveryState, DestinationKind
from bot.core.records import MOST_TOGETHER, Enclosed
from bot.core.retrying import LOOK_AGAIN
from bot.core.subscriptions import PERSON

_OPEN = [DeliveryState.PENDING.value, DeliveryState.RETRY.value]

# Those of an address that are due, or nearly, and have come as far as the lead, of which surely
# nothing has arrived. A plain condition on states or leads would have SQLite read all that wait: of
# one address there are few.
# Who is being changed by somebody else is not waited for: it goes out by itself.
_MATES = Prepared(
    select(deliveries.c.id, subscriptions.c.schedule)
    .select_from(WITH_SUBSCRIPTION)
    .where(
        subscriptions.c.kind == DestinationKind.EMAIL.value,
        subscriptions.c.address == bindparam("place"),
        subscriptions.c.origin == PERSON,
        is_wanted(),
        deliveries.c.address == bindparam("place"),
        deliveries.c.id != bindparam("lead"),
        func.coalesce(deliveries.c.lead_id, 0) == 0,
        or_(*(func.coalesce(deliveries.c.state, "") == state for state in _OPEN)),
        func.coalesce(deliveries.c.due_at, 0) <= bindparam("soon", type_=BigInteger),
        ~deliveries.c.wired,
        deliveries.c.repeats == 0,
        deliveries.c.attempt == bindparam("tries"),
        deliveries.c.failures == bindparam("bad"),
        func.coalesce(deliveries.c.deferrals, 0) == bindparam("later"),
    )
    .order_by(deliveries.c.id)
    .with_for_update(of=deliveries, skip_locked=True)
)


def gather(
    connection: Connection, lead: Row[Any], recent: Recent, now: datetime
) -> tuple[Enclosed, ...]:
    """Begin what may go out in the mail of a delivery that was just begun; return what that is.

    `lead` is that delivery as it was before.
    """
    wanted = {
        "place": lead.address,
        "lead": lead.id,
        # Who waits for a place among those on their way was put off by so much, each by itself.
        "soon": to_micros(now + LOOK_AGAIN),
        "tries": lead.attempt,
        "bad": lead.failures,
        "later": lead.deferrals or 0,
    }
    mates = _MATES.all(connection, wanted)
    ids = [mate.id for mate in mates if find_quiet(mate, now) is None][: MOST_TOGETHER - 1]
    if not ids:
        return ()
    # Read again now that nobody can change them: another day's edition may have joined one.
    found = (
        select(deliveries, *BROUGHT)
        .select_from(WITH_EDITION)
        .where(deliveries.c.id.in_(ids))
        .order_by(deliveries.c.id)
    )
    return begin_beside(connection, lead.id, connection.execute(found).all(), recent, now)


def begin_beside(
    connection: Connection, lead: int, rows: Sequence[Row[Any]], recent: Recent, now: datetime
) -> tuple[Enclosed, ...]:
    """Begin the next attempt of deliveries in the mail of another one."""
    connection.execute(
        update(deliveries)
        .where(deliveries.c.id.in_([row.id for row in rows]))
        .values(
            state=DeliveryState.SENDING.value,
            attempt=deliveries.c.attempt + 1,
            lead_id=lead,
            due_at=None,
        )
    )
    append_events(
        connection,
        [(row.id, row.attempt + 1) for row in rows],
        state=DeliveryState.SENDING,
        at=now,
        detail=f"goes out in the mail of delivery {lead}",
    )
    return tuple(Enclosed(recent.load(connection, row), row.key, row.id) for row in rows)

"""What came back, which addresses get no more, and which domains are left alone; judges nothing."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, and_, delete, func, select, update

from bot.adapters.store.database import Database, insert_into
from bot.adapters.store.mail_tables import bounces, paused_domains, suppressions
from bot.adapters.store.rows import from_micros, storable, to_micros
from bot.adapters.store.suppressions import add_suppression
from bot.adapters.store.tables import deliveries
from bot.core.addresses import hash_address, key_of
from bot.core.bounces import (
    BLOCK_PAUSE,
    Action,
    Bounce,
    BounceLine,
    DomainPause,
    Past,
    Recorded,
    Verdict,
    decide,
    hide_addresses,
)
from bot.core.editions import DestinationKind

# Who records what came back of one address goes one after the other.
_LOCK = 7_120_010
_MOST_DOUBLINGS = 10
_MOST_DETAIL = 500


class Bounces(Database):
    """Record what came back, and what follows from it, in one transaction."""

    def address_of(self, delivery_key: str) -> str | None:
        """Return the address that a delivery by mail went to; None where it was erased since."""
        wanted = select(deliveries.c.address).where(
            deliveries.c.key == delivery_key, deliveries.c.kind == DestinationKind.EMAIL.value
        )
        with self.reading() as connection:
            address: str | None = connection.execute(wanted).scalar()
        return address if address and "@" in address else None

    def record_bounce(self, bounce: Bounce, at: datetime) -> Recorded:
        """Record a report once, and suppress its address or pause its domain where that follows.

        However many reports of a delivery there are, the first with each verdict counts.
        """
        known = hash_address(bounce.address)
        domain = key_of(bounce.address).rpartition("@")[2]
        fate = bounce.fate
        with self.writing(_LOCK) as connection:
            before = _load_history(connection, known)
            again = (bounce.key, fate.verdict) in before
            save = insert_into(connection, bounces).values(
                name=bounce.name,
                at=to_micros(at),
                hash=known,
                domain=domain,
                verdict=fate.verdict.value,
                status=fate.status,
                delivery_key=bounce.key,
                detail=storable(hide_addresses(fate.detail))[:_MOST_DETAIL],
            )
            saved = save.on_conflict_do_nothing().returning(bounces.c.id)
            if connection.execute(saved).first() is None:
                return Recorded(new=False)
            if again:
                return Recorded(new=True)
            history = [Past(when, verdict) for (_, verdict), when in before.items()]
            action = decide(fate.verdict, [*history, Past(at, fate.verdict)])
            if action is Action.SUPPRESS:
                added = add_suppression(connection, known, _say_reason(bounce), at)
                return Recorded(new=True, suppressed=added)
            if action is Action.PAUSE:
                reason = f"{fate.status} {fate.detail}".strip()
                _pause(connection, domain, at, at + BLOCK_PAUSE, reason)
            return Recorded(new=True, paused=action is Action.PAUSE)

    def list_bounces(self, since: datetime, limit: int = 50) -> tuple[BounceLine, ...]:
        """List what came back since a moment, newest first, at most `limit`."""
        wanted = (
            select(bounces, deliveries.c.address, suppressions.c.hash.label("given_up"))
            .outerjoin(deliveries, deliveries.c.key == bounces.c.delivery_key)
            .outerjoin(suppressions, suppressions.c.hash == bounces.c.hash)
            .where(bounces.c.at >= to_micros(since))
            .order_by(bounces.c.at.desc(), bounces.c.id.desc())
            .limit(limit)
        )
        with self.reading() as connection:
            rows = connection.execute(wanted).all()
        return tuple(
            BounceLine(
                at=from_micros(row.at),
                address=row.address if row.address and "@" in row.address else "",
                domain=row.domain,
                verdict=Verdict(row.verdict),
                status=row.status,
                detail=row.detail,
                suppressed=row.given_up is not None,
            )
            for row in rows
        )

    def trip_domain(
        self, domain: str, seconds: float, longest: float, reason: str, now: datetime
    ) -> DomainPause:
        """Leave a domain alone, twice as long each time in a row, `longest` seconds at most.

        Of several that are refused while it is left alone, only the first counts.
        """
        with self.writing(_LOCK) as connection:
            known = _load_pause(connection, domain)
            if known is None or known.until <= now:
                trips = known.trips if known is not None else 0
                pause = min(seconds * 2 ** min(trips, _MOST_DOUBLINGS), longest)
                _pause(connection, domain, now, now + timedelta(seconds=pause), reason)
            paused = _load_pause(connection, domain)
        assert paused is not None  # noqa: S101 - it was just written
        return paused

    def load_domain_pauses(self) -> tuple[DomainPause, ...]:
        """Load the domains that are left alone, or were and took no mail since."""
        wanted = select(paused_domains).order_by(paused_domains.c.domain)
        with self.reading() as connection:
            return tuple(map(_pause_of, connection.execute(wanted).all()))

    def clear_domain(self, domain: str, now: datetime | None = None) -> bool:
        """Know that a domain takes mail; with `now` only where its pause is over by then.

        False where there was nothing to clear.
        """
        over = paused_domains.c.domain == domain
        if now is not None:
            over = and_(over, paused_domains.c.until <= to_micros(now))
        with self.writing() as connection:
            return bool(connection.execute(delete(paused_domains).where(over)).rowcount)


def _load_history(connection: Connection, known: str) -> dict[tuple[str, Verdict], datetime]:
    """Load when each delivery to an address first came back, by its key and what was said."""
    wanted = (
        select(bounces.c.delivery_key, bounces.c.verdict, func.min(bounces.c.at))
        .where(bounces.c.hash == known)
        .group_by(bounces.c.delivery_key, bounces.c.verdict)
    )
    return {
        (key, Verdict(verdict)): from_micros(at)
        for key, verdict, at in connection.execute(wanted).all()
    }


def _load_pause(connection: Connection, domain: str) -> DomainPause | None:
    wanted = select(paused_domains).where(paused_domains.c.domain == domain)
    row = connection.execute(wanted).first()
    return _pause_of(row) if row is not None else None


def _pause_of(row: Row[Any]) -> DomainPause:
    return DomainPause(
        domain=row.domain,
        since=from_micros(row.since),
        until=from_micros(row.until),
        trips=row.trips,
        reason=row.reason,
    )


def _pause(
    connection: Connection, domain: str, since: datetime, until: datetime, reason: str
) -> None:
    """Leave a domain alone until a moment, or until the one that was told before it is over."""
    known = _load_pause(connection, domain)
    reason = storable(hide_addresses(reason))[:_MOST_DETAIL]
    begin = insert_into(connection, paused_domains).values(
        domain=domain, since=to_micros(since), until=to_micros(until), trips=1, reason=reason
    )
    connection.execute(begin.on_conflict_do_nothing())
    if known is None:
        return
    goes_on = known.until > since
    connection.execute(
        update(paused_domains)
        .where(paused_domains.c.domain == domain)
        .values(
            since=to_micros(known.since if goes_on else since),
            until=to_micros(max(known.until, until) if goes_on else until),
            trips=known.trips if goes_on else known.trips + 1,
            reason=reason,
        )
    )


def _say_reason(bounce: Bounce) -> str:
    if bounce.fate.verdict is Verdict.COMPLAINT:
        return "complaint"
    return f"{bounce.fate.verdict} bounce {bounce.fate.status}".strip()

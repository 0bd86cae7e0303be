"""Make of a delivery that was just read a claim, or what else becomes of it.

A mail's reader is asked first, and others may go out in it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from bot.adapters.store.addressees import find_addressee
from bot.adapters.store.bundling import begin_beside, gather
from bot.adapters.store.claiming import begin, cancel, expire, find_quiet, lock, put_off
from bot.adapters.store.followers import (
    cancel_beside,
    expire_beside,
    find_followers,
    is_fixed,
    release,
)
from bot.adapters.store.pacing import find_busy
from bot.adapters.store.parts import load_parts
from bot.adapters.store.recent import Recent
from bot.core.editions import DeliveryState, DestinationKind
from bot.core.records import NO_PARTS, Busy, Claim, Enclosed
from bot.core.retrying import Pace


class Taking:
    """Takes deliveries, in the transaction of who read them."""

    def __init__(self, recent: Recent) -> None:
        """`recent` keeps the editions that were read last."""
        self._recent = recent

    def take(
        self,
        connection: Connection,
        row: Row[Any],
        pace: Mapping[str, Pace],
        *,
        now: datetime,
        lease_until: datetime,
    ) -> Claim | Busy | None:
        """Make of a row that was just read a claim, or what else becomes of it.

        Every statement asks for the row as it was read; raise ChangedError where it is not so.
        """
        if row.kind == DestinationKind.EMAIL:
            return self._take_mail(connection, row, pace, now=now, lease_until=lease_until)
        before = expire(connection, row, now)
        if row.removed:
            cancel(connection, row, before, now)
            return None
        busy = find_quiet(row, now) or find_busy(connection, row, pace.get(row.kind), now)
        if busy is not None:
            put_off(connection, row, before, busy)
            return busy
        return self._begin(connection, row, before, now=now, lease_until=lease_until)

    def _take_mail(
        self,
        connection: Connection,
        row: Row[Any],
        pace: Mapping[str, Pace],
        *,
        now: datetime,
        lease_until: datetime,
    ) -> Claim | Busy | None:
        """Do the same for a mail, whose reader is asked first, and which others may go out in."""
        addressee = find_addressee(connection, row, now)
        followers: Sequence[Row[Any]] = ()
        if row.state != DeliveryState.PENDING:
            followers = find_followers(connection, row.id)
        if not (row.wanted or row.removed or any(each.wanted for each in followers)):
            return None
        before, followers = _expire_mail(connection, row, followers, now)
        if row.removed:
            cancel(connection, row, before, now)
            release(connection, [row.id], now)
            return None
        if addressee.refused:
            cancel(connection, row, before, now, addressee.refused)
            # It is one address, so they are refused as well.
            cancel_beside(connection, row.id, before, at=now, detail=addressee.refused)
            return None
        busy = (
            addressee.busy
            or find_quiet(row, now)
            or find_busy(connection, row, pace.get(row.kind), now)
        )
        if busy is None and not (row.wanted or followers):
            # Those that went their own way just now are wanted; this one waits until it is, too.
            put_off(connection, row, before, Busy(now))
            return None
        if busy is not None:
            put_off(connection, row, before, busy)
            return busy
        claim = self._begin(connection, row, before, now=now, lease_until=lease_until)
        beside: tuple[Enclosed, ...] = ()
        if followers:
            beside = begin_beside(connection, row.id, followers, self._recent, now)
        elif addressee.bundled and not is_fixed(row):
            beside = gather(connection, row, self._recent, now)
        return replace(claim, beside=beside)

    def _begin(
        self,
        connection: Connection,
        row: Row[Any],
        before: DeliveryState,
        *,
        now: datetime,
        lease_until: datetime,
    ) -> Claim:
        edition = self._recent.load(connection, row)
        return Claim(
            begin(connection, row, before, now=now, lease_until=lease_until),
            edition,
            in_doubt=row.wired,
            lease_until=lease_until,
            failures=row.failures,
            # Who sends several messages fixes first which they are.
            parts=NO_PARTS if row.draft is None else load_parts(connection, row.id),
            draft=row.draft or "",
            deferrals=row.deferrals or 0,
        )


def _expire_mail(
    connection: Connection, row: Row[Any], followers: Sequence[Row[Any]], now: datetime
) -> tuple[DeliveryState, Sequence[Row[Any]]]:
    """Say what an ended lease leaves behind; return the state, and who still follows."""
    if followers:
        lock(connection, row)
    before = expire(connection, row, now)
    if not followers or before == row.state:
        return before, followers
    keeps = is_fixed(row)
    expire_beside(connection, row.id, before, at=now, keeps=keeps)
    return before, followers if keeps else ()

"""People who read by mail: what they agree to is changed in one transaction, with its proof."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import bindparam, delete, select, update

from bot.adapters.store.agreements import (
    append_consent,
    change_row,
    did,
    find_subscriber,
    is_own,
    load_chosen,
    load_set_names,
    lock_subscriber,
    pending_record,
    see_confirmed,
    subscribe,
    subscriber_of,
    unsubscribe,
)
from bot.adapters.store.database import Database, insert_into
from bot.adapters.store.mail_tables import subscribers
from bot.adapters.store.prepared import Prepared
from bot.adapters.store.rows import to_micros
from bot.adapters.store.subscriptions import (
    find_subscriptions,
    put_subscription,
    schedule_record,
)
from bot.adapters.store.suppressions import load_suppression
from bot.adapters.store.tables import sets, subscriptions, turns
from bot.core.addresses import Address, hash_address, key_of
from bot.core.editions import DestinationKind
from bot.core.keyword_sets import SetKey
from bot.core.schedule import Schedule
from bot.core.subscribers import (
    Decision,
    Deed,
    ImportOutcome,
    Reader,
    Subscriber,
    SubscriberState,
)
from bot.core.subscriptions import PERSON, Subscription

# Built once: it is asked for each mail.
_READERS = (
    select(subscribers, subscriptions.c.id.label("subscription_id"))
    .join_from(subscribers, subscriptions, subscriptions.c.address == subscribers.c.address)
    .join(sets, sets.c.id == subscriptions.c.set_id)
    .where(
        subscribers.c.key == bindparam("key"),
        subscribers.c.state == SubscriberState.CONFIRMED.value,
        subscriptions.c.kind == DestinationKind.EMAIL.value,
        subscriptions.c.origin == PERSON,
    )
    .order_by(subscriptions.c.id)
)
_READER = Prepared(_READERS.where(sets.c.name == bindparam("name")))
_READER_OF_MANY = _READERS.where(sets.c.name.in_(bindparam("names", expanding=True)))


class Subscribers(Database):
    """Keep who reads by mail, and what they agreed to."""

    def find_subscriber(self, address: str) -> Subscriber | None:
        """Find a subscriber by address, however it is written."""
        with self.reading() as connection:
            return find_subscriber(connection, subscribers.c.key == key_of(address))

    def load_subscriber(self, number: int) -> Subscriber | None:
        """Load a subscriber by number."""
        with self.reading() as connection:
            return find_subscriber(connection, subscribers.c.id == number)

    def list_subscribers(self) -> tuple[tuple[Subscriber, tuple[str, ...]], ...]:
        """List all subscribers by address, each with the names of the sets they chose."""
        with self.reading() as connection:
            rows = connection.execute(select(subscribers).order_by(subscribers.c.key)).all()
            names = load_set_names(connection)
        return tuple((subscriber_of(row), names.get(row.address, ())) for row in rows)

    def load_chosen(self, number: int) -> tuple[Subscription, ...]:
        """Load what a person subscribed to by mail and did not leave, oldest first."""
        with self.reading() as connection:
            known = find_subscriber(connection, subscribers.c.id == number)
            return load_chosen(connection, known) if known is not None else ()

    def find_chosen(self, number: int, subscription_id: int) -> Subscription | None:
        """Find one subscription of a person's own by its number, left or not."""
        with self.reading() as connection:
            known = find_subscriber(connection, subscribers.c.id == number)
            if known is None:
                return None
            which = is_own(known) & (subscriptions.c.id == subscription_id)
            return next(iter(find_subscriptions(connection, which)), None)

    def find_reader(self, address: str, names: Sequence[str]) -> Reader | None:
        """Find a confirmed subscriber who chose any set of these names; None: nobody did."""
        key = key_of(address)
        with self.glancing() as connection:
            if len(names) == 1:
                rows = _READER.all(connection, {"key": key, "name": names[0]})
            else:
                wanted = {"key": key, "names": list(names)}
                rows = connection.execute(_READER_OF_MANY, wanted).all()
        if not rows:
            return None
        return Reader(subscriber_of(rows[0]), tuple(row.subscription_id for row in rows))

    def add_pending(
        self, address: Address, nonce: str, schedule: Schedule, at: datetime
    ) -> Subscriber:
        """Keep an address until it confirms; return it as it is, which may be confirmed already."""
        with self.writing() as connection:
            record = pending_record(address, nonce, schedule, at)
            add = insert_into(connection, subscribers).values(**record)
            save = add.on_conflict_do_update(
                index_elements=[subscribers.c.key],
                set_={name: record[name] for name in ("address", "created_at")},
                where=subscribers.c.state == SubscriberState.PENDING.value,
            )
            connection.execute(save)
            known = find_subscriber(connection, subscribers.c.key == address.key)
            assert known is not None  # noqa: S101 - it was added just now
            return known

    def forget_unconfirmed(self, before: datetime) -> int:
        """Remove addresses that were asked for before a moment and never confirmed.

        The bounds of whoever asked before it end with them. Returns how many addresses those were.
        """
        with self.writing() as connection:
            old = turns.c.name.startswith("ask ") & (turns.c.at < to_micros(before))
            connection.execute(delete(turns).where(old))
            gone = delete(subscribers).where(
                subscribers.c.state == SubscriberState.PENDING.value,
                subscribers.c.created_at < to_micros(before),
            )
            return connection.execute(gone).rowcount

    def confirm_subscriber(
        self,
        number: int,
        nonce: str,
        key: SetKey,
        schedule: Schedule,
        *,
        asked_at: datetime,
        at: datetime,
        proof: str,
    ) -> bool:
        """Begin what a person asked for; doing it twice changes nothing more.

        `schedule` is for whoever has none yet. False where the person left the set after asking,
        or the link is not theirs any more.
        """
        with self.writing() as connection:
            known = lock_subscriber(connection, number)
            if known is None or known.nonce != nonce:
                return False
            name = key[1]
            if did(connection, known, Deed.LEFT, name, asked_at):
                return False
            if did(connection, known, Deed.SUBSCRIBED, name, asked_at):
                return True
            known = see_confirmed(connection, known, schedule, at)
            subscribe(connection, known, key, at)
            append_consent(connection, known, Deed.SUBSCRIBED, name, at=at, proof=proof)
            return True

    def change_subscriber(
        self, number: int, nonce: str, decision: Decision, *, at: datetime, proof: str
    ) -> bool:
        """Make a person's subscriptions what they want; False where the link is not theirs."""
        until = None if decision.until is None else to_micros(decision.until)
        with self.writing() as connection:
            known = lock_subscriber(connection, number)
            if known is None or known.nonce != nonce:
                return False
            changes: dict[str, object] = {
                "schedule": schedule_record(decision.schedule),
                "bundled": decision.bundled,
                "paused_until": until,
            }
            if decision.sets and known.state is not SubscriberState.CONFIRMED:
                changes |= {
                    "state": SubscriberState.CONFIRMED.value,
                    "confirmed_at": to_micros(at),
                }
            change_row(connection, known, **changes)
            known = replace(known, schedule=decision.schedule, paused_until=decision.until)
            before = load_chosen(connection, known)
            had = {each.set_key: each for each in before}
            gone = [each for key, each in had.items() if key not in decision.sets]
            for each in gone:
                name = each.set_name
                append_consent(connection, known, Deed.LEFT, name, at=at, proof=proof)
            for key in sorted(set(decision.sets) - had.keys()):
                if subscribe(connection, known, key, at):
                    append_consent(connection, known, Deed.SUBSCRIBED, key[1], at=at, proof=proof)
            if gone:
                unsubscribe(connection, known, gone, at)
            for key in had.keys() & set(decision.sets):
                put_subscription(connection, _adapt(had[key], decision), at)
            return True

    def leave_subscriber(
        self, number: int, created_at: datetime, subscription_id: int, *, at: datetime, proof: str
    ) -> bool:
        """End one subscription of a person, or all of them for 0; False where there was none."""
        with self.writing() as connection:
            known = lock_subscriber(connection, number)
            if known is None or known.created_at != created_at:
                return False
            chosen = [
                each for each in load_chosen(connection, known) if subscription_id in (0, each.id)
            ]
            # Where the operator has an address get the set, too, nothing is there to end.
            if not chosen and (subscription_id or known.state is not SubscriberState.CONFIRMED):
                return False
            name = chosen[0].set_name if subscription_id else ""
            append_consent(connection, known, Deed.LEFT, name, at=at, proof=proof)
            unsubscribe(connection, known, chosen, at)
            return True

    def import_subscriber(
        self,
        address: Address,
        key: SetKey,
        schedule: Schedule,
        nonce: str,
        *,
        agreed_at: datetime,
        at: datetime,
        proof: str,
    ) -> ImportOutcome:
        """Subscribe an address that agreed elsewhere; doing it twice changes nothing more.

        Refused for a person who left the set, or all, since then.
        """
        with self.writing() as connection:
            if load_suppression(connection, hash_address(address.key)) is not None:
                return ImportOutcome.SUPPRESSED
            record = pending_record(address, nonce, schedule, at)
            add = insert_into(connection, subscribers).values(**record)
            connection.execute(add.on_conflict_do_nothing())
            known = find_subscriber(connection, subscribers.c.key == address.key, locks=True)
            assert known is not None  # noqa: S101 - it was added just now
            if did(connection, known, Deed.LEFT, key[1], agreed_at):
                return ImportOutcome.REFUSED
            known = see_confirmed(connection, known, schedule, agreed_at)
            if not subscribe(connection, known, key, at):
                return ImportOutcome.KNOWN
            append_consent(connection, known, Deed.IMPORTED, key[1], at=agreed_at, proof=proof)
            return ImportOutcome.ADDED

    def renew_nonce(self, number: int, nonce: str) -> bool:
        """Make all links to a person's preferences, and those to confirm, worthless."""
        change = update(subscribers).where(subscribers.c.id == number).values(nonce=nonce)
        with self.writing() as connection:
            return bool(connection.execute(change).rowcount)


def _adapt(each: Subscription, decision: Decision) -> Subscription:
    """Give a subscription the schedule and the pause; one that others paused stays so."""
    if each.paused and each.until is None:
        return replace(each, schedule=decision.schedule)
    return replace(
        each,
        schedule=decision.schedule,
        paused=decision.until is not None,
        until=decision.until,
        reason="",
    )

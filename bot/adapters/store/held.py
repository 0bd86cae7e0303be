"""All that the database holds of one address, for whoever it belongs to; changes nothing."""

from datetime import date

from sqlalchemy import select

from bot.adapters.store.agreements import find_subscriber, load_consents
from bot.adapters.store.database import Database
from bot.adapters.store.erasing import find_places, is_at
from bot.adapters.store.mail_tables import bounces, subscribers
from bot.adapters.store.rows import from_micros
from bot.adapters.store.subscriptions import find_subscriptions
from bot.adapters.store.suppressions import load_suppression
from bot.adapters.store.tables import deliveries, editions, sets, subscriptions
from bot.core.addresses import hash_address, key_of
from bot.core.subscribers import BounceNote, Held, SentLine


class Holdings(Database):
    """Gather what is held of an address."""

    def load_held(self, address: str) -> Held:
        """Load all that names an e-mail address, or is known by its hash."""
        known = hash_address(address)
        with self.reading() as connection:
            places = find_places(connection, address)
            sent = (
                select(
                    sets.c.name,
                    editions.c.day,
                    deliveries.c.state,
                    deliveries.c.address,
                    deliveries.c.planned_at,
                )
                .select_from(deliveries.join(editions).join(sets))
                .where(is_at(deliveries, places))
                .order_by(deliveries.c.id)
            )
            told = select(bounces).where(bounces.c.hash == known).order_by(bounces.c.at)
            reader = find_subscriber(connection, subscribers.c.key == key_of(address))
            return Held(
                reader,
                find_subscriptions(connection, is_at(subscriptions, places)),
                load_consents(connection, reader) if reader is not None else (),
                tuple(
                    SentLine(name, date.fromisoformat(day), state, place, from_micros(at))
                    for name, day, state, place, at in connection.execute(sent).all()
                ),
                tuple(
                    BounceNote(from_micros(each.at), each.verdict, each.status, each.detail)
                    for each in connection.execute(told).all()
                ),
                load_suppression(connection, known),
            )

"""Addresses that get no mail, whoever asks for it: only a hash of each is kept."""

from datetime import datetime

from sqlalchemy import delete, select

from bot.adapters.store.database import Database, insert_into
from bot.adapters.store.mail_tables import suppressions
from bot.adapters.store.rows import from_micros, storable, to_micros
from bot.core.subscribers import Suppression


class Suppressions(Database):
    """Keep which addresses get nothing, by their hashes (`core.addresses.hash_address`)."""

    def suppress(self, address_hash: str, reason: str, at: datetime) -> bool:
        """Let an address get no mail any more; False where it gets none already."""
        with self.writing() as connection:
            add = insert_into(connection, suppressions).values(
                hash=address_hash, reason=storable(reason), at=to_micros(at)
            )
            added = add.on_conflict_do_nothing().returning(suppressions.c.hash)
            return connection.execute(added).first() is not None

    def unsuppress(self, address_hash: str) -> bool:
        """Let an address get mail again; False where it may already."""
        gone = delete(suppressions).where(suppressions.c.hash == address_hash)
        with self.writing() as connection:
            return bool(connection.execute(gone).rowcount)

    def find_suppression(self, address_hash: str) -> Suppression | None:
        """Find why an address gets no mail; None: it may."""
        wanted = select(suppressions).where(suppressions.c.hash == address_hash)
        with self.reading() as connection:
            row = connection.execute(wanted).first()
        return None if row is None else Suppression(row.hash, row.reason, from_micros(row.at))

    def list_suppressions(self) -> tuple[Suppression, ...]:
        """List all addresses that get no mail, by their hashes, newest first."""
        wanted = select(suppressions).order_by(suppressions.c.at.desc(), suppressions.c.hash)
        with self.reading() as connection:
            rows = connection.execute(wanted).all()
        return tuple(Suppression(row.hash, row.reason, from_micros(row.at)) for row in rows)

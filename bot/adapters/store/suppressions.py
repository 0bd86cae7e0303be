"""Addresses that get no mail, whoever asks for it: only a hash of each is kept."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, select

from bot.adapters.store.database import Database, insert_into
from bot.adapters.store.mail_tables import suppressions
from bot.adapters.store.rows import from_micros, storable, to_micros
from bot.core.subscribers import Suppression


class Suppressions(Database):
    """Keep which addresses get nothing, by their hashes (`core.addresses.hash_address`)."""

    def suppress(self, address_hash: str, reason: str, at: datetime) -> bool:
        """Let an address get no mail any more; False where it gets none already."""
        with self.writing() as connection:
            return add_suppression(connection, address_hash, reason, at)

    def unsuppress(self, address_hash: str) -> bool:
        """Let an address get mail again; False where it may already."""
        gone = delete(suppressions).where(suppressions.c.hash == address_hash)
        with self.writing() as connection:
            return bool(connection.execute(gone).rowcount)

    def find_suppression(self, address_hash: str) -> Suppression | None:
        """Find why an address gets no mail; None: it may."""
        with self.reading() as connection:
            return load_suppression(connection, address_hash)

    def list_suppressions(self) -> tuple[Suppression, ...]:
        """List all addresses that get no mail, by their hashes, newest first."""
        wanted = select(suppressions).order_by(suppressions.c.at.desc(), suppressions.c.hash)
        with self.reading() as connection:
            rows = connection.execute(wanted).all()
        return tuple(map(_suppression_of, rows))


def add_suppression(connection: Connection, address_hash: str, reason: str, at: datetime) -> bool:
    """Let an address get no mail any more; False where it gets none already."""
    add = insert_into(connection, suppressions).values(
        hash=address_hash, reason=storable(reason), at=to_micros(at)
    )
    added = add.on_conflict_do_nothing().returning(suppressions.c.hash)
    return connection.execute(added).first() is not None


def load_suppression(connection: Connection, address_hash: str) -> Suppression | None:
    """Load why an address gets no mail; None: it may."""
    wanted = select(suppressions).where(suppressions.c.hash == address_hash)
    row = connection.execute(wanted).first()
    return None if row is None else _suppression_of(row)


def _suppression_of(row: Row[Any]) -> Suppression:
    return Suppression(row.hash, row.reason, from_micros(row.at))

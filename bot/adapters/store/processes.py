"""What the processes that share a database tell each other: turns, signs of life, counts."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select

from bot.adapters.store.database import Database, insert_into
from bot.adapters.store.rows import chunked, from_micros, to_micros
from bot.adapters.store.tables import counters, heartbeats, turns

_AT_ONCE = 500
# A process that was not heard of for so long is gone, and forgotten.
_FORGOTTEN = timedelta(days=1)


class Processes(Database):
    """Take turns, show life, count."""

    def take_turn(self, name: str, now: datetime, every: timedelta) -> bool:
        """Take a turn that all processes together take at most once within `every`.

        False where somebody took it. A turn of the future was taken before the clock was set
        back: it does not count.
        """
        moment = to_micros(now)
        free = or_(turns.c.at <= to_micros(now - every), turns.c.at > moment)
        with self.writing() as connection:
            take = insert_into(connection, turns).values(name=name, at=moment)
            taken = take.on_conflict_do_update(
                index_elements=[turns.c.name], set_={"at": moment}, where=free
            ).returning(turns.c.at)
            return connection.execute(taken).first() is not None

    def taken_turns(self, names: Iterable[str]) -> frozenset[str]:
        """Return which of these turns were ever taken."""
        found: set[str] = set()
        wanted = list(names)
        with self.reading() as connection:
            for some in chunked(wanted, _AT_ONCE):
                taken = select(turns.c.name).where(turns.c.name.in_(some))
                found.update(connection.execute(taken).scalars())
        return frozenset(found)

    def beat(self, process: str, role: str, now: datetime) -> None:
        """Say that a process is alive; forget those that were not for a day."""
        moment = to_micros(now)
        named = [heartbeats.c.process, heartbeats.c.role]
        with self.writing() as connection:
            beat = insert_into(connection, heartbeats).values(process=process, role=role, at=moment)
            connection.execute(
                beat.on_conflict_do_update(index_elements=named, set_={"at": moment})
            )
            connection.execute(
                delete(heartbeats).where(heartbeats.c.at < to_micros(now - _FORGOTTEN))
            )

    def load_heartbeats(self) -> tuple[tuple[str, str, datetime], ...]:
        """Return process, role and last sign of life of every process, newest first."""
        known = select(heartbeats.c.process, heartbeats.c.role, heartbeats.c.at).order_by(
            heartbeats.c.at.desc()
        )
        with self.reading() as connection:
            return tuple(
                (process, role, from_micros(at))
                for process, role, at in connection.execute(known).all()
            )

    def add_count(self, name: str, label: str, amount: int = 1) -> None:
        """Add to a count that all processes share."""
        named = [counters.c.name, counters.c.label]
        with self.writing() as connection:
            add = insert_into(connection, counters).values(name=name, label=label, count=amount)
            connection.execute(
                add.on_conflict_do_update(
                    index_elements=named, set_={"count": counters.c.count + amount}
                )
            )

    def load_counts(self, name: str) -> dict[str, int]:
        """Return the counts of a name by label."""
        known = select(counters.c.label, counters.c.count).where(counters.c.name == name)
        with self.reading() as connection:
            return {label: count for label, count in connection.execute(known).all()}  # noqa: C416 - rows are not pairs to mypy

"""Whose turn it is to ask a host, over all processes and machines that share a database."""

import fcntl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Select, case, or_, select, text, update

from bot.adapters.store.database import ARXIV_LOCK, Database, insert_into
from bot.adapters.store.tables import throttle
from bot.errors import StoreError

_MICROS = 1_000_000
# How far ahead slots may be taken before the clock must have been set back: fifty waiting
# processes, and at least two minutes.
_MOST_AHEAD = 50
_LEAST_AHEAD_S = 120.0
# Nobody is held off for longer; what is further ahead was written before the clock was set back.
_LONGEST = 86_400 * _MICROS


@dataclass(frozen=True, slots=True)
class Slot:
    """The next time at which somebody may ask, in Unix seconds; `taken`: it is the asker's."""

    at: float
    taken: bool


class Slots(Database):
    """Times at which somebody may ask a host, each given away once."""

    def reserve_slot(self, name: str, interval_s: float, now: float) -> float:
        """Take the next free slot of `name` and return its time; both times are Unix seconds.

        Slots are `interval_s` apart. A slot much further ahead than a queue can be (fifty
        intervals, two minutes) was taken before the clock was set back: it is forgotten.
        """
        interval = round(interval_s * _MICROS)
        moment = round(now * _MICROS)
        ahead = max(_MOST_AHEAD * interval, round(_LEAST_AHEAD_S * _MICROS))
        free = throttle.c.next_at.between(moment, moment + ahead)
        following = case((free, throttle.c.next_at + interval), else_=moment + interval)
        with self.writing() as connection:
            reserve = insert_into(connection, throttle).values(name=name, next_at=moment + interval)
            taken = reserve.on_conflict_do_update(
                index_elements=[throttle.c.name], set_={"next_at": following}
            ).returning(throttle.c.next_at)
            next_at: int = connection.execute(taken).scalar_one()
        return (next_at - interval) / _MICROS

    def take_slot(self, name: str, interval_s: float, now: float, *, within_s: float) -> Slot:
        """Take the next free slot of `name` if it comes within so many seconds, else only tell it.

        Slots are `interval_s` apart, and none is given away before a hold of the name ends.
        """
        interval, moment = round(interval_s * _MICROS), round(now * _MICROS)
        ahead = max(_MOST_AHEAD * interval, round(_LEAST_AHEAD_S * _MICROS))
        mine = throttle.c.name == name
        with self.writing() as connection:
            begin = insert_into(connection, throttle).values(name=name, next_at=moment)
            connection.execute(begin.on_conflict_do_nothing())
            next_at = connection.execute(
                select(throttle.c.next_at).where(mine).with_for_update()
            ).scalar_one()
            free = next_at if moment <= next_at <= moment + ahead else moment
            held = connection.execute(_hold_of(name)).scalar()
            at = max(free, _until(held, moment))
            taken = at - moment <= within_s * _MICROS
            if taken:
                connection.execute(update(throttle).where(mine).values(next_at=at + interval))
        return Slot(at / _MICROS, taken)

    def take_place(self, name: str, apart_s: float, ahead_s: float, now: datetime) -> bool:
        """Take one of the places that are so far apart, unless all so far ahead are taken."""
        return self.take_slot(name, apart_s, now.timestamp(), within_s=ahead_s).taken

    def hold_slots(self, name: str, until: float, now: float) -> None:
        """Give away no slot of `name` before this time, in Unix seconds; the latest hold counts."""
        end, moment = round(until * _MICROS), round(now * _MICROS)
        shorter = or_(throttle.c.next_at < end, throttle.c.next_at > moment + _LONGEST)
        with self.writing() as connection:
            hold = insert_into(connection, throttle).values(name=_name_hold(name), next_at=end)
            later = hold.on_conflict_do_update(
                index_elements=[throttle.c.name],
                set_={"next_at": end},
                where=shorter,
            )
            connection.execute(later)

    def find_hold(self, name: str, now: float) -> float:
        """Return when the hold of `name` ends, in Unix seconds; `now` where there is none."""
        moment = round(now * _MICROS)
        with self.reading() as connection:
            held = connection.execute(_hold_of(name)).scalar()
        return _until(held, moment) / _MICROS

    @contextmanager
    def hold_turn(self) -> Iterator[None]:
        """Hold arXiv's one connection for all who share the database; a process that dies lets go.

        Raise StoreError where that cannot be had.
        """
        if self.is_sqlite:
            path = f"{self.url.database}-lock"
            try:
                lock = Path(path).open("w")  # noqa: SIM115 - closed below, after the turn
            except OSError as error:
                msg = f"{path} cannot be written ({error.strerror}): make its folder writable"
                raise StoreError(msg) from error
            with lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                yield
            return
        with self.reading() as connection:
            connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": ARXIV_LOCK})
            try:
                yield
            finally:
                connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": ARXIV_LOCK})


def _name_hold(name: str) -> str:
    return f"{name} (hold)"


def _hold_of(name: str) -> Select[int]:
    return select(throttle.c.next_at).where(throttle.c.name == _name_hold(name))


def _until(held: int | None, moment: int) -> int:
    """Return the end of a hold; the moment itself where there is none that still counts."""
    return held if held is not None and moment < held <= moment + _LONGEST else moment


class SharedThrottle:
    """Wait so that all who share a database and a name ask once per interval together.

    Machines must agree on the time to within an interval or so; NTP does that.
    """

    def __init__(
        self,
        slots: Slots,
        name: str,
        interval_s: float,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Take nothing yet: the first `wait` of all returns at once."""
        self._slots = slots
        self._name = name
        self._interval_s = interval_s
        self._now = now
        self._sleep = sleep

    def wait(self) -> None:
        """Reserve the next slot and sleep until it comes."""
        now = self._now()
        pause = self._slots.reserve_slot(self._name, self._interval_s, now) - now
        if pause > 0:
            self._sleep(pause)

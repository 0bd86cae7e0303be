"""Work that no acknowledgement waits for: a few threads, a bound, and one person's in order."""

import threading
import time
from collections import deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.edges.logs import Log

THREADS = 6
# More than a busy workspace asks for while a database is locked for some seconds.
ROOM = 200


@dataclass(frozen=True, slots=True)
class _Job:
    """`what` it is, for the log; `slot` names those of which only the newest is wanted."""

    what: str
    work: Callable[[], None]
    slot: Hashable = None


class Jobs:
    """Does what was asked for on threads of its own.

    Jobs of one `line` (a person's) are done one after the other, so that of two clicks the second
    sees what the first did, and nobody keeps all threads busy alone.
    """

    def __init__(self, log: "Log", *, threads: int = THREADS, room: int = ROOM) -> None:
        """Start nothing yet; `room` bounds the jobs that wait or are being done."""
        self._log = log
        self._most = threads
        self._room = room
        self._lines: dict[Hashable, deque[_Job]] = {}
        self._ready: deque[Hashable] = deque()
        self._threads: list[threading.Thread] = []
        self._idle = 0
        self._taken = 0
        self._stopping = False
        self._bell = threading.Condition()

    def admit(self) -> bool:
        """Take a place for a job, which `start` or `leave` uses up; False where there is none."""
        with self._bell:
            if self._stopping or self._taken >= self._room:
                return False
            self._taken += 1
            return True

    def leave(self) -> None:
        """Give a place back that was taken for nothing."""
        with self._bell:
            self._taken -= 1
            self._bell.notify_all()

    def start(
        self, line: Hashable, what: str, work: Callable[[], None], *, slot: Hashable = None
    ) -> None:
        """Do something in the place that `admit` gave, after what its line waits for already.

        It takes the turn of a waiting job of the same line and slot, which is dropped.
        """
        job = _Job(what, work, slot)
        with self._bell:
            waiting = self._lines.get(line)
            if waiting is None:
                self._lines[line] = deque([job])
                self._ready.append(line)
            elif slot is not None and (older := _find(waiting, slot)) is not None:
                waiting[older] = job
                self._taken -= 1
            else:
                waiting.append(job)
            if len(self._ready) > self._idle and len(self._threads) < self._most:
                thread = threading.Thread(target=self._serve, name="slack's jobs", daemon=True)
                self._threads.append(thread)
                thread.start()
            self._bell.notify_all()

    def stop(self, seconds: float) -> bool:
        """Take nothing more and give what was admitted so long to end; False where it did not."""
        deadline = time.monotonic() + seconds
        with self._bell:
            self._stopping = True
            self._bell.notify_all()
            done = self._bell.wait_for(lambda: not self._taken, deadline - time.monotonic())
            # Nothing is begun any more; what is being done is left as a crash would leave it.
            self._lines.clear()
            self._ready.clear()
            left = self._taken
        if not done:
            self._log.warning("left", where="slack", what="not done in time", jobs=left)
        return done

    def _serve(self) -> None:
        while True:
            with self._bell:
                self._idle += 1
                self._bell.wait_for(lambda: self._ready or (self._stopping and not self._taken))
                self._idle -= 1
                if not self._ready:
                    return
                line = self._ready.popleft()
                job = self._lines[line].popleft()
            try:
                job.work()
            except Exception:  # noqa: BLE001 - the others go on
                self._log.error("job failed", where="slack", what=job.what, exc_info=True)
            with self._bell:
                self._taken -= 1
                if self._lines.get(line):
                    self._ready.append(line)
                else:
                    self._lines.pop(line, None)
                self._bell.notify_all()


def _find(waiting: deque[_Job], slot: Hashable) -> int | None:
    return next((place for place, job in enumerate(waiting) if job.slot == slot), None)

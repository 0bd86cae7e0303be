"""Jobs that name deliveries: made with the plan, hastened, and made again where one was lost.

Only SQL on Procrastinate's functions, in transactions of others; it needs no Procrastinate.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from bot.adapters.queue.schema import ensure_schema, find, is_installed
from bot.adapters.store import Store
from bot.adapters.store.rows import to_micros
from bot.core.records import Due

QUEUE = "papers"
DELIVER = "papers.deliver"

# How often to begin again where others add the same jobs at the same moment.
_TRIES = 5
# A job that was begun longer ago than this has let go of its delivery, should that be due.
_FRESH_SECONDS = 60
_USED = frozenset(
    {
        "procrastinate_jobs",
        "procrastinate_job_to_defer_v1",
        "procrastinate_defer_jobs_v1",
        "procrastinate_cancel_job_v1",
    }
)

# A job that waits for a later time than is wanted now makes room.
_HASTEN = text("""
SELECT procrastinate_cancel_job_v1(later.id, false, true)
  FROM (SELECT job.id
          FROM unnest(CAST(:names AS text[]), CAST(:at AS bigint[])) AS given (name, at)
          JOIN procrastinate_jobs AS job ON job.queueing_lock = given.name
         WHERE job.status = 'todo' AND job.scheduled_at > to_timestamp(given.at / 1e6)
         ORDER BY job.id) AS later
""")
# No `lock` is set: with one Procrastinate compares each job with all others, which makes it
# several times slower, and the ledger lets one process only claim a delivery anyway.
_DEFER = text("""
SELECT procrastinate_defer_jobs_v1(ARRAY(
  SELECT ROW(:queue, :task, 0, NULL, given.name,
             jsonb_build_object('delivery', given.id, 'at', given.at),
             to_timestamp(given.at / 1e6))::procrastinate_job_to_defer_v1
    FROM unnest(CAST(:names AS text[]), CAST(:ids AS bigint[]), CAST(:at AS bigint[]))
         AS given (name, id, at)
   WHERE NOT EXISTS (SELECT FROM procrastinate_jobs AS job
                      WHERE job.queueing_lock = given.name AND job.status = 'todo')
     AND NOT (:lost AND EXISTS (
           SELECT FROM procrastinate_jobs AS job
             JOIN procrastinate_events AS event ON event.job_id = job.id
            WHERE job.queueing_lock = given.name AND job.status = 'doing'
              AND event.type = 'started' AND event.at > now() - make_interval(secs => :fresh)))
   ORDER BY given.id))
""")


class Ripening(Protocol):
    """Holds back deliveries that seem abandoned until that is sure."""

    def ripe(self, due: Sequence[Due]) -> tuple[Due, ...]:
        """Pass those that may be claimed."""
        ...


def attach(store: Store) -> bool:
    """Have a store tell the queue what it plans; False where there is no queue to tell.

    On PostgreSQL the queue's tables are made where they are missing and can be made. Where nobody
    is told, a worker's sweep finds what is due. Raise StoreError where the database fails.
    """
    if store.is_sqlite:
        return False
    with store.reading() as connection:
        found = find(connection, _USED)
    usable = found == _USED
    if not found and is_installed():
        ensure_schema(store.url.render_as_string(hide_password=False))
        usable = True
    if usable:
        store.enqueue = enqueue
    return usable


def enqueue(connection: Connection, due: Sequence[tuple[int, datetime]]) -> None:
    """Have each delivery tried at its time, once the caller's transaction is committed.

    A delivery waits in one job at a time: one that waits for a later time makes room, and one
    that somebody else adds at the same moment stays.
    """
    _defer(connection, due, lost=False)


def sweep(store: Store, now: datetime, patience: Ripening) -> int:
    """Give each delivery that is due and that no job brings a new one; return how many there were.

    For jobs that were lost with a worker, or never made. Any number of processes may sweep at
    once. Raise StoreError where the database fails.
    """
    due = patience.ripe(store.due_deliveries(now))
    if not due:
        return 0
    with store.writing() as connection:
        return _defer(connection, [(each.id, now) for each in due], lost=True)


def name_job(delivery_id: int) -> str:
    """Return the name under which a delivery waits in one job only."""
    return f"{QUEUE}:{delivery_id}"


def _defer(connection: Connection, due: Sequence[tuple[int, datetime]], *, lost: bool) -> int:
    """Make the jobs that are missing; return how many that were."""
    if not due:
        return 0
    # Of several times for one delivery the earliest counts.
    earliest = dict(sorted(((number, to_micros(at)) for number, at in due), reverse=True))
    given = {"names": [*map(name_job, earliest)], "at": [*earliest.values()]}
    connection.execute(_HASTEN, given)
    wanted = {
        **given,
        "ids": [*earliest],
        "queue": QUEUE,
        "task": DELIVER,
        "lost": lost,
        "fresh": _FRESH_SECONDS,
    }
    for _ in range(_TRIES):
        try:
            with connection.begin_nested():
                return len(connection.execute(_DEFER, wanted).scalar_one() or ())
        except IntegrityError:
            # Somebody else's job for one of them is there since a moment: the next try sees it.
            continue
    return 0

"""The worker: delivers what the ledger says is due, from the queue where there is one."""

import random
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from bot.errors import StoreError
from bot.flows.deliver import Outcome, Result

if TYPE_CHECKING:
    from bot.app import App
    from bot.edges.logs import Log

BEAT_SECONDS = 15
SWEEP_SECONDS = 60
GRACE_SECONDS = 8.0
# What somebody may have to see to; the rest goes its way.
_LOUD = frozenset({Result.FAILED, Result.PAUSED, Result.UNKNOWN})
_SILENT = frozenset({Result.SKIPPED, Result.BUSY})


def serve_worker(
    app: "App", process: str, stop: threading.Event, log: "Log", wake: threading.Event | None = None
) -> None:
    """Deliver until `stop` is set; look at once where `wake` is set.

    What is on its way then has some seconds to end; after them it is left to its lease, as after a
    crash. `process` names this process among those that share the database.
    """

    def report(delivery_id: int, outcome: Outcome) -> None:
        if outcome.result not in _SILENT:
            say = log.warning if outcome.result in _LOUD else log.info
            again = {"again": outcome.again.isoformat(timespec="minutes")} if outcome.again else {}
            where = str(outcome.destination or f"delivery {delivery_id}")
            say(
                outcome.result.value,
                where=where,
                what=outcome.detail,
                delivery=delivery_id,
                **again,
            )

    def trouble(error: StoreError) -> None:
        log.warning("worker trouble", problem=str(error))

    threading.Thread(
        target=_beat, args=(app, process, stop, trouble), name="worker's beat", daemon=True
    ).start()
    if app.store.is_sqlite:
        from bot.flows.draining import Drain

        Drain(
            app.store,
            app.deliver_one,
            app.clock,
            workers=app.settings.workers,
            look_after=app.terms.margin,
            report=report,
            trouble=trouble,
            grace=GRACE_SECONDS,
            chance=random.random,
        ).run(stop, wake)
        return
    from bot.adapters.queue import ensure_schema, run_worker

    ensure_schema(app.settings.database_url)
    run_worker(
        app.settings.database_url,
        app.deliver_one,
        workers=app.settings.workers,
        stop=stop,
        report=report,
        trouble=trouble,
        grace=GRACE_SECONDS,
    )


def _beat(
    app: "App", process: str, stop: threading.Event, trouble: Callable[[StoreError], None]
) -> None:
    """Show life, and find what no queue's job brings, until `stop` is set."""
    seconds = 0
    while True:
        try:
            app.store.beat(process, "worker", app.clock.now())
            if seconds % SWEEP_SECONDS == 0:
                app.sweep()
        except StoreError as error:
            trouble(error)
        if stop.wait(BEAT_SECONDS):
            return
        seconds += BEAT_SECONDS

"""A worker of Procrastinate that is begun again whenever it loses the database.

It knows nothing of deliveries but their numbers. Only this module imports Procrastinate at once.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from datetime import datetime
from threading import Event, Thread
from typing import Any

import procrastinate.worker
import psycopg
import psycopg_pool
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException, ProcrastinateException
from procrastinate.jobs import Status
from sqlalchemy import URL
from sqlalchemy.exc import OperationalError

from bot.adapters.queue.jobs import DELIVER, QUEUE, name_job
from bot.adapters.store.database import has_news
from bot.adapters.store.faults import explain
from bot.adapters.store.rows import to_micros
from bot.errors import StoreError

_RECOVER = "papers.recover"
_EVERY_MINUTE = "* * * * *"
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 30.0
# A query waits so long for a connection, in seconds, before the database counts as away.
_PATIENCE = 5.0
_CONNECTIONS = 4


@dataclass(frozen=True, slots=True)
class Worker:
    """What a worker needs: `attempt` is called with a delivery's number and its job's time."""

    url: URL
    attempt: Callable[[int, int], datetime | None]
    threads: Executor
    number: int
    stop: Event
    trouble: Callable[[StoreError], None]
    grace: float

    def run(self, service: Future[None]) -> None:
        """Work until told to stop; tell `service` the end."""
        try:
            asyncio.run(self._serve())
        except BaseException as error:  # noqa: BLE001 - raised again by who waits for it
            service.set_exception(error)
        else:
            service.set_result(None)

    async def _serve(self) -> None:
        stopped = asyncio.Event()
        loop = asyncio.get_running_loop()

        def tell() -> None:
            self.stop.wait()
            with contextlib.suppress(RuntimeError):  # nobody is left to be told
                loop.call_soon_threadsafe(stopped.set)

        Thread(target=tell, name="queue-stop", daemon=True).start()
        pause = _FIRST_PAUSE
        while not stopped.is_set():
            began = time.monotonic()
            cause: BaseException = ConnectionError("the connection was lost")
            try:
                await self._work(stopped)
            except (ProcrastinateException, psycopg.Error, OSError) as error:
                cause = error.__cause__ or error
            if stopped.is_set():
                return
            if time.monotonic() - began > _LONGEST_PAUSE:
                pause = _FIRST_PAUSE
            said = explain(OperationalError("", None, cause), self.url)
            self.trouble(StoreError(f"the queue's worker begins again in {pause:.0f} s: {said}"))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stopped.wait(), pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    async def _work(self, stopped: asyncio.Event) -> None:
        """Work until told to stop, or until the connection is lost."""
        _, arguments = self.url.get_dialect()().create_connect_args(self.url)
        # A pool would try for half a minute before it says what is wrong.
        async with await psycopg.AsyncConnection.connect(**arguments):
            pass
        app = self._build_app(arguments)
        try:
            await app.open_async()
            worker = procrastinate.worker.Worker(
                app,
                queues=[QUEUE],
                name=QUEUE,
                concurrency=self.number,
                delete_jobs="always",
                install_signal_handlers=False,
                shutdown_graceful_timeout=self.grace,
            )

            async def watch() -> None:
                await stopped.wait()
                worker.stop()  # type: ignore[no-untyped-call] # Procrastinate left this one out

            watching = asyncio.create_task(watch())
            try:
                await worker.run()  # type: ignore[no-untyped-call] # the same
            finally:
                watching.cancel()
        finally:
            await app.close_async()

    def _build_app(self, arguments: Mapping[str, Any]) -> procrastinate.App:
        app = procrastinate.App(
            connector=procrastinate.PsycopgConnector(
                kwargs=dict(arguments),
                configure=_commit_at_once,
                pool_factory=_build_pool,
                min_size=1,
                max_size=_CONNECTIONS,
                timeout=_PATIENCE,
            )
        )

        @app.task(name=DELIVER, queue=QUEUE)
        async def deliver(delivery: int, at: int) -> None:
            loop = asyncio.get_running_loop()
            again = await loop.run_in_executor(self.threads, self.attempt, delivery, at)
            if again is None:
                return
            later = app.configure_task(
                DELIVER, queue=QUEUE, queueing_lock=name_job(delivery), schedule_at=again
            )
            with contextlib.suppress(AlreadyEnqueued):  # somebody wanted it earlier
                await later.defer_async(delivery=delivery, at=to_micros(again))

        # Beside its work this keeps Procrastinate's side tasks watched: without any periodic task
        # a worker would not notice that it has stopped listening or showing life.
        @app.periodic(cron=_EVERY_MINUTE)
        @app.task(name=_RECOVER, queue=QUEUE, queueing_lock=_RECOVER)
        async def recover(timestamp: int) -> None:  # noqa: ARG001 - Procrastinate's signature
            # A worker that is gone may have sent something, so its jobs are not begun again: they
            # end, and the sweep gives their deliveries new ones when it is time.
            for job in await app.job_manager.get_stalled_jobs(queue=QUEUE):
                with contextlib.suppress(ConnectorException):  # another worker was first
                    await app.job_manager.finish_job(job, Status.FAILED, delete_job=True)

        return app


async def _commit_at_once(connection: psycopg.AsyncConnection) -> None:
    """Spare two ways there and back: each of Procrastinate's transactions is one statement."""
    await connection.set_autocommit(True)


def _build_pool(**arguments: Any) -> psycopg_pool.AsyncConnectionPool:  # noqa: ANN401 - its own
    """Build a pool that looks whether a connection is alive, instead of asking the server."""
    return psycopg_pool.AsyncConnectionPool(**{**arguments, "check": _look})


async def _look(connection: psycopg.AsyncConnection) -> None:
    """Raise OperationalError where the server has left."""
    if has_news(connection.fileno()):
        message = "the server closed the connection"
        raise psycopg.OperationalError(message)

"""The clock: an in-memory ticker that calls the flows; what is due is the database's to say."""

import threading
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bot.core.days import say_day_briefly, say_days_briefly
from bot.errors import BotError
from bot.flows.bouncing import say_reading
from bot.flows.following import Following

if TYPE_CHECKING:
    from bot.app import App
    from bot.core.editions import CategoryReceipt
    from bot.edges.logs import Log

BEAT_SECONDS = 15
FOLLOW_SECONDS = 30
PRUNE_SECONDS = 3600
BOUNCES_SECONDS = 180
# The clock was set, or the machine slept, where its two clocks differ by so much more than before.
_SET_SECONDS = 5.0


class Ticker:
    """Calls functions every so many seconds, each never twice at once, whatever the clock does.

    APScheduler waits for times of day: after the clock was set back by an hour it would wait an
    hour longer, so every job is due at once where the clock was set or the machine slept.
    """

    def __init__(
        self,
        log: "Log",
        wall: Callable[[], float] = time.time,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        """Nothing runs yet; `wall` and `steady` are seconds, of which only the first are set."""
        from apscheduler.executors.pool import ThreadPoolExecutor
        from apscheduler.schedulers.background import BackgroundScheduler

        self._log = log
        self._wall = wall
        self._steady = steady
        self._problems: dict[str, str] = {}
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            executors={"default": ThreadPoolExecutor(4)},
            # APScheduler warns where a job is begun more often than this; see `add`.
            job_defaults={"coalesce": True, "misfire_grace_time": None, "max_instances": 100},
        )

    def add(self, name: str, every_seconds: int, act: Callable[[], None]) -> None:
        """Call `act` at once and then every so many seconds; an error is logged, and it goes on."""
        at_it = threading.Lock()

        def safely() -> None:
            # Reading many days takes longer than a tick, and that is fine.
            if not at_it.acquire(blocking=False):
                return
            try:
                act()
            except BotError as error:
                self._complain(name, str(error))
            except Exception as error:  # noqa: BLE001 - the clock never stops
                self._complain(name, f"{type(error).__name__}: {error}")
            else:
                self._problems.pop(name, None)
            finally:
                at_it.release()

        self._scheduler.add_job(
            safely, "interval", seconds=every_seconds, id=name, next_run_time=datetime.now(UTC)
        )

    def run(self, stop: threading.Event) -> None:
        """Tick until `stop` is set; what is being done then is left to end by itself."""
        offset = self._wall() - self._steady()
        self._scheduler.start()
        while not stop.wait(1.0):
            moved = self._wall() - self._steady() - offset
            if abs(moved) > _SET_SECONDS:
                offset += moved
                self._log.warning("clock moved", seconds=round(moved))
                for job in self._scheduler.get_jobs():
                    job.modify(next_run_time=datetime.now(UTC))
        self._scheduler.shutdown(wait=False)

    def _complain(self, name: str, problem: str) -> None:
        """Log what keeps a job from its work, once until it is another problem."""
        if self._problems.get(name) != problem:
            self._problems[name] = problem
            self._log.warning("clock trouble", job=name, problem=problem)


def serve_clock(
    app: "App", process: str, stop: threading.Event, log: "Log", wake: threading.Event | None = None
) -> None:
    """Follow arXiv and publish until `stop` is set; `wake` is set where something may be due."""
    app.sync_subscriptions(app.clock.now())
    following = Following(
        source=app.source(),
        history=app.history(),
        store=app.store,
        kinds=tuple(app.senders),
        report=lambda line: _log_line(log, line),
        warn=lambda problem: log.warning("left out", problem=problem),
    )

    def follow() -> None:
        if app.store.end_pauses(app.clock.now()) and wake:
            wake.set()
        published = following.turn(app.sets(paused=True), app.categories, app.clock.now())
        for each in published:
            edition = each.edition
            log.info(
                "published",
                where=edition.set.name,
                what=say_days_briefly(edition.since, edition.day),
                papers=len(edition.items),
                deliveries=len(each.deliveries),
            )
        if published and wake:
            wake.set()

    def prune() -> None:
        pruned = app.prune()
        if pruned:
            log.info("pruned", **asdict(pruned))

    ticker = Ticker(log)
    ticker.add("beat", BEAT_SECONDS, lambda: app.store.beat(process, "clock", app.clock.now()))
    ticker.add("follow", FOLLOW_SECONDS, follow)
    ticker.add("prune", PRUNE_SECONDS, prune)
    add_mail_jobs(ticker, app, log)
    ticker.run(stop)


def add_mail_jobs(ticker: Ticker, app: "App", log: "Log") -> None:
    """Read what came back by mail, and tell the operator of blocks, where that is set up."""

    def read_bounces() -> None:
        reading = app.read_bounces()
        if reading:
            log.info("bounces", what=say_reading(reading))
        for address in reading.suppressed:
            log.warning("suppressed", where=address, what="it gets no more: `papers bounces`")

    def tell_of_blocks() -> None:
        for pause in app.tell_of_blocks():
            where = pause.domain or "the relay"
            log.warning("blocked", where=where, what=pause.reason, until=pause.until.isoformat())

    if app.settings.mail.bounce_source is not None:
        ticker.add("bounces", BOUNCES_SECONDS, read_bounces)
    if app.settings.mail.can_send:
        ticker.add("blocks", BOUNCES_SECONDS, tell_of_blocks)


def _log_line(log: "Log", line: "CategoryReceipt") -> None:
    what = f"{say_day_briefly(line.day)}, {line.state}"
    counts = {"announced": line.announced, "stored": line.stored}
    if line.problems:
        log.warning("read", where=line.category, what=what, **counts, problem=line.problems[0])
    else:
        log.info("read", where=line.category, what=what, **counts)

"""A worker process on the real delivery path, and the nursery that starts and ends many.

`python -m tests.crash.worker` reads one line of JSON at a time and answers each with one:

    {"start": {...}}              a Job; answers the worker's process id
    {"end": PID, "signal": 9}     sends the signal, waits; answers how it ended, as subprocess says

Workers are forked from here, where all is imported already, so that many can be started. When its
input ends the nursery kills what is left and ends.
"""

import json
import os
import random
import signal
import sys
import threading
import time
import traceback
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jinja2

from bot.adapters.queue import attach, jobs, run_worker, sweep
from bot.adapters.queue import worker as queue_worker
from bot.adapters.slack.client import SlackClients
from bot.adapters.slack.history import PaperReader
from bot.adapters.slack.places import Places
from bot.adapters.slack.rates import Rates
from bot.adapters.slack.sender import SlackSender
from bot.adapters.smtp.connection import Limits
from bot.adapters.smtp.mailer import Mailbox, Mailer
from bot.adapters.smtp.pool import Pool
from bot.adapters.smtp.sender import MailSender, OperatorLinks
from bot.adapters.store import Store, open_store
from bot.adapters.timing import SystemClock
from bot.config.mail import Relay, Security
from bot.core.editions import DestinationKind
from bot.core.retrying import Pace
from bot.errors import StoreError
from bot.flows.deliver import Outcome, Terms, deliver
from bot.flows.draining import Drain
from bot.flows.picking import Patience
from bot.render.email import Composer, Letterhead
from bot.render.templates import build_environment
from tests.crash.senders import build_senders
from tests.fakes.domains import OwnDomains
from tests.fakes.processes import ROOT

# Back-off waits are minutes, so the tests' time runs this much faster; all processes agree on it.
SPEED = 60.0
# The tests' time begins this long before the real one and stays behind it, so that to the queue,
# which goes by the database's clock, whatever is planned for now is due.
_BEHIND = timedelta(days=30)
# In real seconds: how often the ledger is looked at, how long a job that was begun is thought to
# have its worker still, and the longest wait for a database that is away.
_LOOK_S = 0.1
_FRESH_S = 1.0
_AWAY_S = 1.0


@dataclass(frozen=True, slots=True)
class Job:
    """What one worker is told. Times are in real seconds.

    `anchor`: the moment since 1970 at which the tests' time began. `look_after`: how long an ended
    lease is watched. `asks`: whether an askable destination is asked. `set_clock`: a file that
    says by how many of the tests' seconds the time of day was set. `slack`: where a fake Slack's
    Web API is, and `token` what it knows the bot by; then channels are Slack's. `smtp`: the port of
    a mail server; then mails are real ones.
    """

    url: str
    port: int
    anchor: float
    lease: float = 4.0
    margin: float = 2.5
    look_after: float = 0.1
    workers: int = 4
    asks: bool = True
    set_clock: str = ""
    slack: str = ""
    token: str = ""
    smtp: int = 0


class FastClock:
    """The machine's clocks, `SPEED` times as fast from the anchor on."""

    def __init__(self, anchor: float, set_clock: str = "") -> None:
        self.anchor = anchor
        self._begin = datetime.fromtimestamp(anchor, UTC) - _BEHIND
        self._system = SystemClock()
        self._set_clock = Path(set_clock) if set_clock else None

    def now(self) -> datetime:
        fast = (time.time() - self.anchor) * SPEED
        if self._set_clock:
            fast += float(self._set_clock.read_text())
        return self._begin + timedelta(seconds=fast)

    def elapsed(self) -> float:
        return self._system.elapsed() * SPEED

    def to_real(self, fast: datetime) -> datetime:
        """Say when by the machine's clock it is that time of the tests."""
        wait = (fast - self.now()).total_seconds() / SPEED
        return datetime.now(UTC) + timedelta(seconds=wait)


def build_terms(job: Job) -> Terms:
    """Terms as the program has them, with short leases; their times are the tests'."""
    return Terms(
        lease=timedelta(seconds=job.lease * SPEED),
        margin=timedelta(seconds=job.margin * SPEED),
        paces={
            DestinationKind.CHANNEL: Pace(interval=timedelta(seconds=1), alone=True),
            DestinationKind.EMAIL: Pace(at_once=8),
        },
    )


def work(job: Job) -> None:
    """Deliver until told to stop (SIGTERM) or killed."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    clock = FastClock(job.anchor, job.set_clock)
    terms = build_terms(job)
    senders = build_senders(job.port, asks=job.asks)
    with open_store(job.url) as store:
        if job.slack:
            senders[DestinationKind.CHANNEL] = _build_slack(job, store)
        if job.smtp:
            senders[DestinationKind.EMAIL] = _build_mail(job, clock)

        def deliver_one(delivery_id: int, seen: int | None = None) -> Outcome:
            return deliver(delivery_id, store, senders, clock, terms, seen=seen)

        look_after = timedelta(seconds=job.look_after * SPEED)
        if store.is_sqlite:
            drain = Drain(
                store,
                deliver_one,
                clock,
                workers=job.workers,
                look_after=look_after,
                report=_ignore,
                trouble=_tell,
                idle=_LOOK_S,
                grace=10 * SPEED,
                chance=random.random,
            )
            drain.run(stop)
            return

        def deliver_job(delivery_id: int) -> Outcome:
            outcome = deliver_one(delivery_id)
            return replace(outcome, again=outcome.again and clock.to_real(outcome.again))

        attach(store)
        patience = Patience(clock, look_after)
        threading.Thread(target=_sweep, args=(store, clock, patience, stop), daemon=True).start()
        run_worker(
            job.url, deliver_job, workers=job.workers, stop=stop, report=_ignore, trouble=_tell
        )


def _build_slack(job: Job, store: Store) -> SlackSender:
    """Build what posts, as fast as the fake takes it."""
    rates = Rates(store, posts_per_minute=1e9, channel_every_s=0.0)
    clients = SlackClients(rates, api_url=job.slack, home_token=job.token)
    return SlackSender(clients, Places(clients), PaperReader(clients, store), store)


def _build_mail(job: Job, clock: FastClock) -> MailSender:
    """Build what sends mail; whatever can still happen to one happens within the margin."""
    limits = Limits(opening=1.0, asking=1.0, sending=job.margin / 2)
    pool = Pool(Relay("127.0.0.1", job.smtp, Security.NONE), "lab.example", limits=limits)
    letterhead = Letterhead("digest@lab.example")
    return MailSender(
        Composer(build_environment(jinja2.FileSystemLoader(ROOT / "templates")), letterhead),
        Mailer(pool, OwnDomains(), Mailbox("bounces@lab.example", "s" * 32)),
        OperatorLinks("lab@lab.example", "", lambda _edition, _key: ""),
        clock.now,
    )


def _sweep(store: Store, clock: FastClock, patience: Patience, stop: threading.Event) -> None:
    while not stop.wait(_LOOK_S):
        try:
            sweep(store, clock.now(), patience)
        except StoreError as error:
            _tell(error)


def _ignore(delivery_id: int, outcome: Outcome) -> None:
    """Say nothing: the ledger says it all."""


def _tell(error: StoreError) -> None:
    sys.stderr.write(f"{error}\n")


def main() -> None:
    # The queue's figures are for the program's own time.
    jobs._FRESH_SECONDS = _FRESH_S  # type: ignore[assignment] # noqa: SLF001
    queue_worker._LONGEST_PAUSE = _AWAY_S  # noqa: SLF001
    for line in sys.stdin:
        wish = json.loads(line)
        if "start" in wish:
            answer = _fork(Job(**wish["start"]))
        else:
            os.kill(wish["end"], wish["signal"])
            _, status = os.waitpid(wish["end"], 0)
            answer = os.waitstatus_to_exitcode(status)
        sys.stdout.write(f"{answer}\n")
        sys.stdout.flush()
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.killpg(0, signal.SIGKILL)


def _fork(job: Job) -> int:
    sys.stderr.flush()
    number = os.fork()
    if number:
        return number
    code = 1
    try:
        # Neither the nursery's orders nor its answers are the worker's.
        nothing = os.open(os.devnull, os.O_RDWR)
        os.dup2(nothing, 0)
        os.dup2(nothing, 1)
        work(job)
        code = 0
    except BaseException:  # noqa: BLE001 - nothing may return into the nursery's own loop
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    main()

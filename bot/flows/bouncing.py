"""Read what came back, record what follows from it, and tell the operator of blocks."""

from collections import Counter
from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from bot.core.bounces import (
    Bounce,
    DomainPause,
    Fate,
    Recorded,
    Report,
    Verdict,
    choose_fate,
    classify,
)
from bot.errors import BotError, MailRefusedError

# The operator hears of a domain that refuses us so often at most.
TOLD_AGAIN = timedelta(days=1)

_SAID = {Verdict.NONE: "no bounce"}
_FOR_THE_ADDRESS = frozenset({Verdict.HARD, Verdict.DOMAIN, Verdict.SOFT})


class Mail(Protocol):
    """A mail of the mailbox."""

    @property
    def data(self) -> bytes:
        """Its bytes, or as much of them as is ever read."""
        ...

    def settle(self, *, handled: bool) -> None:
        """File it, so that it is not read again; what was not handled is left to people."""
        ...


class Mailbox(Protocol):
    """Where bounces arrive."""

    def fetch(self) -> Generator[Mail, None, None]:
        """Yield what was not filed yet; raise MailboxError where that cannot be read."""
        ...


class BounceStore(Protocol):
    """What is kept of deliveries and of what came back of them."""

    def address_of(self, delivery_key: str) -> str | None:
        """Return the address that a delivery by mail went to; None where it was erased since."""
        ...

    def record_bounce(self, bounce: Bounce, at: datetime) -> Recorded:
        """Record a report once, and suppress its address or pause its domain where that follows."""
        ...


class Turn(Protocol):
    """The next time at which something may happen; `taken`: it is the asker's."""

    @property
    def taken(self) -> bool:
        """Whether it is the asker's."""
        ...


class BlockStore(Protocol):
    """What is kept of domains that are left alone."""

    def load_domain_pauses(self) -> tuple[DomainPause, ...]:
        """Load the domains that are left alone, or were and took no mail since."""
        ...

    def take_slot(self, name: str, interval_s: float, now: float, *, within_s: float) -> Turn:
        """Take the next free slot of `name` if it comes within so many seconds, else only tell."""
        ...


@dataclass(frozen=True, slots=True)
class Reading:
    """What one reading of the mailbox brought.

    `counts` holds what was recorded, and delays and answers under NONE; `repeated` counts reports
    that had been read before, `ignored` mails that are no reports of ours. `suppressed` are the
    addresses that get no more, `paused` the domains that are left alone.
    """

    counts: Mapping[Verdict, int] = field(default_factory=dict)
    repeated: int = 0
    ignored: int = 0
    suppressed: tuple[str, ...] = ()
    paused: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether there was any mail."""
        return bool(self.counts or self.repeated or self.ignored)


def read_bounces(
    mailbox: Mailbox, read: Callable[[bytes], Report], store: BounceStore, now: datetime
) -> Reading:
    """Read all that is in the mailbox, and file each mail once what it says is recorded.

    A process that dies in between leaves a mail that is read again, and then changes nothing.
    Reports that do not prove which delivery they are about change nothing, either. `read` never
    raises. Raise MailboxError or StoreError; what was read before stays done.
    """
    counts: Counter[Verdict] = Counter()
    repeated = ignored = 0
    suppressed: dict[str, None] = {}
    paused: dict[str, None] = {}
    with closing(mailbox.fetch()) as mails:
        for mail in mails:
            bounce = _find_bounce(read(mail.data), store)
            if bounce is None:
                ignored += 1
                mail.settle(handled=False)
                continue
            verdict = bounce.fate.verdict
            recorded = Recorded(new=True)
            if verdict is not Verdict.NONE:
                recorded = store.record_bounce(bounce, now)
            mail.settle(handled=True)
            if not recorded.new:
                repeated += 1
                continue
            counts[verdict] += 1
            if recorded.suppressed:
                suppressed[bounce.address] = None
            if recorded.paused:
                paused[bounce.address.rpartition("@")[2]] = None
    return Reading(dict(counts), repeated, ignored, tuple(suppressed), tuple(paused))


def say_reading(reading: Reading) -> str:
    """Say what a reading brought.

    >>> say_reading(Reading({Verdict.HARD: 2}, ignored=1))
    '2 hard, 1 ignored'
    """
    parts = [
        f"{reading.counts[verdict]} {_SAID.get(verdict, verdict)}"
        for verdict in Verdict
        if verdict in reading.counts
    ]
    if reading.repeated:
        parts.append(f"{reading.repeated} read before")
    if reading.ignored:
        parts.append(f"{reading.ignored} ignored")
    return ", ".join(parts) or "nothing"


def note_refusal(store: BounceStore, key: str, error: MailRefusedError, now: datetime) -> Recorded:
    """Record a refusal that a server told at once, as if it had come back as a report.

    Only what is said of the address counts: a block is known to the sender already. Whatever the
    store raises ends here, as the delivery has an outcome of its own.
    """
    nothing = Recorded(new=False)
    if not error.permanent:
        return nothing
    said = str(error)
    status = error.status or f"{error.code // 100}.0.0"
    verdict = classify(status, said)
    if verdict not in _FOR_THE_ADDRESS:
        return nothing
    try:
        address = store.address_of(key)
        if address is None:
            return nothing
        fate = Fate(verdict, status, said)
        return store.record_bounce(Bounce(f"refused {key} {status}", key, address, fate), now)
    except BotError:
        return nothing


def tell_of_blocks(
    store: BlockStore, tell: Callable[[DomainPause], None], now: datetime
) -> tuple[DomainPause, ...]:
    """Tell the operator of domains that refuse us, each once a day; return those that were told.

    `tell` may raise BotError, which ends here: who cannot be told by mail finds it in the log.
    """
    told = []
    for pause in store.load_domain_pauses():
        lately = pause.until > now - TOLD_AGAIN
        if not (pause.is_block and lately and _is_time(store, pause.domain, now)):
            continue
        told.append(pause)
        try:
            tell(pause)
        except BotError:
            continue
    return tuple(told)


def _is_time(store: BlockStore, domain: str, now: datetime) -> bool:
    name, often = f"told of {domain}", TOLD_AGAIN.total_seconds()
    return store.take_slot(name, often, now.timestamp(), within_s=0.0).taken


def _find_bounce(report: Report, store: BounceStore) -> Bounce | None:
    """Find out whom a report is about; None where it proves nothing, or says nothing."""
    if not report.key or not report.fates:
        return None
    address = store.address_of(report.key)
    if address is None:
        return None
    return Bounce(report.name, report.key, address, choose_fate(report.fates, address))

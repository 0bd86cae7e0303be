"""A mailbox in memory, and a store of what came back that follows the same rules as ours."""

from collections.abc import Generator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from bot.core.bounces import Action, Bounce, DomainPause, Past, Recorded, decide
from bot.errors import StoreError

if TYPE_CHECKING:
    from bot.flows.bouncing import BlockStore, BounceStore, Mail, Mailbox


@dataclass(slots=True)
class MemoryMail:
    """A mail that knows how it was filed."""

    data: bytes
    handled: bool | None = None

    def settle(self, *, handled: bool) -> None:
        self.handled = handled


class MemoryMailbox:
    """Mails, of which those that were filed are not there any more."""

    def __init__(self, *mails: bytes) -> None:
        self.mails = [MemoryMail(data) for data in mails]
        self.closed = 0

    def fetch(self) -> Generator[MemoryMail, None, None]:
        try:
            yield from [mail for mail in self.mails if mail.handled is None]
        finally:
            self.closed += 1

    @property
    def filed(self) -> list[bool | None]:
        return [mail.handled for mail in self.mails]


@dataclass(frozen=True, slots=True)
class MemoryTurn:
    """A turn that is the asker's or not."""

    taken: bool


@dataclass(slots=True)
class MemoryBounces:
    """Deliveries by key, what came back of each address, and who gets no more."""

    addresses: dict[str, str] = field(default_factory=dict)
    reports: dict[str, Bounce] = field(default_factory=dict)
    history: dict[str, list[Past]] = field(default_factory=dict)
    suppressed: set[str] = field(default_factory=set)
    pauses: tuple[DomainPause, ...] = ()
    turns: dict[str, float] = field(default_factory=dict)
    broken: bool = False

    def address_of(self, delivery_key: str) -> str | None:
        if self.broken:
            msg = "papers.db is locked"
            raise StoreError(msg)
        return self.addresses.get(delivery_key)

    def record_bounce(self, bounce: Bounce, at: datetime) -> Recorded:
        if bounce.name in self.reports:
            return Recorded(new=False)
        self.reports[bounce.name] = bounce
        past = self.history.setdefault(bounce.address, [])
        past.append(Past(at, bounce.fate.verdict))
        action = decide(bounce.fate.verdict, past)
        new = action is Action.SUPPRESS and bounce.address not in self.suppressed
        if new:
            self.suppressed.add(bounce.address)
        return Recorded(new=True, suppressed=new, paused=action is Action.PAUSE)

    def load_domain_pauses(self) -> tuple[DomainPause, ...]:
        return self.pauses

    def take_slot(
        self,
        name: str,
        interval_s: float,
        now: float,
        *,
        within_s: float,
    ) -> MemoryTurn:
        taken = self.turns.get(name, now) <= now + within_s
        if taken:
            self.turns[name] = now + interval_s
        return MemoryTurn(taken)


if TYPE_CHECKING:
    _MAIL: Mail = MemoryMail(b"")
    _MAILBOX: Mailbox = MemoryMailbox()
    _BOUNCES: BounceStore = MemoryBounces()
    _BLOCKS: BlockStore = MemoryBounces()

"""What subscribing by mail needs beside a store: mails that are kept in a list."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.adapters.seals import Seals
from bot.core.keyword_sets import KeywordSet
from bot.errors import DeliveryError
from bot.flows.choosing import Offer
from bot.flows.consenting import Consenting, ConsentStore, Means
from tests.fakes.clocks import StillClock
from tests.fakes.papers import NOW

if TYPE_CHECKING:
    from bot.flows.consenting import Notices

CLOUDS = KeywordSet("Clouds", keywords=(("cloud",),))
SHEEP = KeywordSet("Sheep", keywords=(("sheep",),))
SEALS = Seals("k" * 32)


@dataclass(slots=True)
class KeptNotices:
    """`sent` are kind, address, set and token; `fault` is raised instead where there is one."""

    sent: list[tuple[str, str, str, str]] = field(default_factory=list)
    fault: DeliveryError | None = None

    def ask_to_confirm(self, address: str, set_name: str, schedule: str, token: str) -> None:
        del schedule
        self._keep("confirm", address, set_name, token)

    def show_preferences(self, address: str, set_name: str, token: str) -> None:
        self._keep("preferences", address, set_name, token)

    def _keep(self, *notice: str) -> None:
        if self.fault is not None:
            raise self.fault
        kind, address, set_name, token = notice
        self.sent.append((kind, address, set_name, token))


class Desk:
    """A flow of consent with all that it needs; `sets` are those that are offered now."""

    def __init__(self, store: ConsentStore) -> None:
        self.clock = StillClock(NOW)
        self.notices = KeptNotices()
        self.reports: list[str] = []
        self.sets: Sequence[KeywordSet] = (CLOUDS, SHEEP)
        self._nonces = 0
        self.consent = self.build(store)

    def build(
        self,
        store: ConsentStore,
        *,
        contact: str = "",
        mailed: Sequence[str] = (),
        later: Callable[[Callable[[], None]], None] = lambda work: work(),
    ) -> Consenting:
        return Consenting(
            store,
            SEALS,
            Offer(
                lambda: self.sets,
                lambda each: f"about {each.name}",
                "Europe/Berlin",
                mailed,
                contact,
            ),
            self.clock,
            Means(self.notices, self._write_nonce, later, self.reports.append),
        )

    def _write_nonce(self) -> str:
        self._nonces += 1
        return f"nonce {self._nonces}"


if TYPE_CHECKING:
    _NOTICES: Notices = KeptNotices()

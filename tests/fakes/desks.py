"""What people of Slack are answered from, in memory: a store with marks, and who is where."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from bot.core.editions import DeliveryState, Edition
from bot.core.keyword_sets import KeywordSet
from bot.core.papers import Paper
from bot.core.records import LedgerLine, Mark, MarkedPaper, Step
from bot.core.slack_names import Person, parse_place
from bot.core.subscriptions import Subscription
from bot.errors import BotError
from tests.fakes.stores import MemoryStore

if TYPE_CHECKING:
    from bot.adapters.store import Store
    from bot.flows.permitting import Workspaces
    from bot.flows.slack_desk import DeskStore

_WAITING = (DeliveryState.PENDING, DeliveryState.RETRY, DeliveryState.UNKNOWN)
_NOT_BEGUN = (DeliveryState.PENDING, DeliveryState.CANCELLED)


class DeskMemory(MemoryStore):
    """A store in memory with all that `DeskStore` promises."""

    def __init__(self) -> None:
        super().__init__()
        self.marks: dict[tuple[Person, Mark, str, str], datetime] = {}

    def add_set(self, keyword_set: KeywordSet) -> bool:
        if keyword_set.key in self.sets:
            return False
        self.save_set(keyword_set)
        return True

    def load_subscription(self, subscription_id: int) -> Subscription | None:
        live = {each.id: each for each in self.load_subscriptions()}
        return live.get(subscription_id)

    def load_workspace_subscriptions(self, team: str) -> tuple[Subscription, ...]:
        return tuple(
            each
            for each in self.load_subscriptions()
            if each.destination.kind == "channel"
            and parse_place(each.destination.address).team == team
        )

    def count_waiting(self, subscription_id: int) -> int:
        return len(self._waiting(subscription_id))

    def next_dues(self, subscription_ids: Collection[int]) -> Mapping[int, datetime]:
        found = {number: self._waiting(number) for number in subscription_ids}
        return {number: waiting[0][0] for number, waiting in found.items() if waiting}

    def last_deliveries(self, subscription_ids: Collection[int]) -> Mapping[int, LedgerLine]:
        found = {}
        for number, row in self.ledger.items():
            if row.subscription_id in subscription_ids and row.delivery.state not in _NOT_BEGUN:
                state, attempt, at, detail = self.history[number][-1]
                found[row.subscription_id] = LedgerLine(
                    row.delivery,
                    row.edition.set.name,
                    tuple(sorted(each.day for each in row.editions)),
                    None,
                    row.repeats,
                    Step(at, state, attempt, detail),
                )
        return found

    def load_waiting(self, subscription_id: int) -> tuple[Edition, datetime] | None:
        for due, number in self._waiting(subscription_id):
            return self.ledger[number].edition, due
        return None

    def _waiting(self, subscription_id: int) -> list[tuple[datetime, int]]:
        return sorted(
            (row.due, number)
            for number, row in self.ledger.items()
            if row.subscription_id == subscription_id and row.delivery.state in _WAITING
        )

    def load_papers(self, base_ids: Iterable[str]) -> Mapping[str, Paper]:
        found = (self.load_paper(base_id) for base_id in base_ids)
        return {each.paper.base_id: each.paper for each in found if each}

    def save_mark(
        self, person: Person, mark: Mark, base_id: str, at: datetime, *, place: str = ""
    ) -> bool:
        before = len(self.marks)
        self.marks.setdefault((person, mark, base_id, place), at)
        return len(self.marks) > before

    def remove_mark(self, person: Person, mark: Mark, base_id: str) -> bool:
        gone = [key for key in self.marks if key[:3] == (person, mark, base_id)]
        for key in gone:
            del self.marks[key]
        return bool(gone)

    def load_marks(self, person: Person, mark: Mark) -> tuple[MarkedPaper, ...]:
        found = (
            MarkedPaper(base_id, place, at)
            for (of, each, base_id, place), at in self.marks.items()
            if (of, each) == (person, mark)
        )
        return tuple(sorted(found, key=lambda marked: marked.at, reverse=True))


@dataclass(slots=True)
class KnownWorkspaces:
    """Who administers a workspace and who is in which conversation; of others nothing is known."""

    members: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    admins: set[Person] = field(default_factory=set)

    def is_admin(self, person: Person) -> bool:
        return person in self.admins

    def is_member(self, person: Person, channel: str) -> bool:
        known = self.members.get((person.team, channel))
        if known is None:
            msg = f"Slack knows of no conversation {channel}"
            raise BotError(msg)
        return person.user in known


if TYPE_CHECKING:
    _WORKSPACES: Workspaces = KnownWorkspaces()
    _MEMORY: DeskStore = DeskMemory()

    def _is_desk_store(store: Store) -> DeskStore:
        return store

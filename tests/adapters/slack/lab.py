"""A workspace with a channel, a database with editions to deliver there, and who delivers them."""

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from sqlalchemy import text

from bot.adapters.slack.client import SlackClients, Tokens
from bot.adapters.slack.history import PaperReader
from bot.adapters.slack.places import Places
from bot.adapters.slack.rates import Rates
from bot.adapters.slack.sender import SlackSender
from bot.adapters.store import Store
from bot.adapters.timing import SystemClock
from bot.core.editions import (
    Destination,
    DestinationKind,
    Edition,
    Field,
    Hit,
    Item,
    Receipt,
    SetSummary,
)
from bot.core.keyword_sets import KeywordSet
from bot.core.papers import AnnounceType, Paper
from bot.core.schedule import Slot
from bot.core.subscriptions import Frozen, Plan, Subscription
from bot.flows.deliver import Outcome, Terms, deliver
from tests.adapters.store.made_up import DAY, announce, save
from tests.fakes.slack_api import Channel, Message, SlackApi, Team

CLOUDS = KeywordSet("Clouds", keywords=(("cloud",),), owner="slack:T0LAB")
CREATOR = "slack:T0LAB/U0ADA"
PLACE = "T0LAB/C0PAPERS"


def make_papers(number: int, first: int = 1) -> tuple[Paper, ...]:
    """Make papers, of which about a dozen fill a message."""
    return tuple(
        Paper(
            base_id=f"2512.{each:05d}",
            version=1,
            title=f"Clouds of kind {each} over the sea",
            authors=("Ada Example", "Bo Sample", "Cy Placeholder"),
            abstract=f"We count clouds of kind {each}. There are many of them. " * 8,
            categories=("cs.CV",),
        )
        for each in range(first, first + number)
    )


def make_edition(
    papers: Sequence[Paper], kind: AnnounceType = AnnounceType.NEW, name: str = CLOUDS.name
) -> Edition:
    items = tuple(
        Item(paper, kind, (Hit("cloud", Field.TITLE, 0, 6, "Clouds"),), {"cs.CV": kind})
        for paper in papers
    )
    receipt = Receipt(DAY, len(items), len(items))
    return Edition(SetSummary(name, ("cloud",)), DAY, items, receipt)


class Lab:
    """One workspace, one database."""

    def __init__(self, slack: SlackApi, store: Store) -> None:
        self.slack = slack
        self.store = store
        self.slept: list[float] = []
        self.team: Team = slack.add_team("T0LAB", "Lab")
        self.team.add_user("U0ADA", "ada", admin=True)
        self.team.add_user("U0BEN", "ben")
        self.papers: Channel = self.team.add_channel(
            "C0PAPERS", "papers", members={"U0ADA", "U0BEN"}
        )

    def rates(self, slots: object = None, per_minute: float = 1e9, every_s: float = 0) -> Rates:
        """Give rates that wait in Slack's time, which goes by at once where nobody else waits."""
        return Rates(
            slots if slots is not None else self.store,  # type: ignore[arg-type]  # or what stands before it
            per_minute,
            channel_every_s=every_s,
            now=self.slack.clock.now,
            sleep=self.sleep,
        )

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.slack.advance(seconds)

    def clients(
        self,
        store: object = None,
        *,
        home_token: str | None = None,
        tokens: Tokens | None = None,
        rates: Rates | None = None,
        elapsed: Callable[[], float] = time.monotonic,
    ) -> SlackClients:
        slots = store if store is not None else self.store
        return SlackClients(
            rates or self.rates(slots),
            api_url=self.slack.url,
            home_token=self.team.token if home_token is None else home_token,
            tokens=tokens,
            elapsed=elapsed,
        )

    def sender(
        self, clients: SlackClients | None = None, *, store: object = None, page: str = ""
    ) -> SlackSender:
        asked = clients or self.clients(store)
        memory = store if store is not None else self.store
        reader = PaperReader(asked, memory)  # type: ignore[arg-type]  # the same
        return SlackSender(asked, Places(asked), reader, memory, lambda _key, _edition: page)  # type: ignore[arg-type]  # the same

    def plan(
        self,
        papers: Sequence[Paper],
        *,
        kind: AnnounceType = AnnounceType.NEW,
        address: str = PLACE,
        origin: str = CREATOR,
        keyword_set: KeywordSet = CLOUDS,
    ) -> int:
        """Freeze an edition and plan its delivery; return that one's number."""
        save(self.store, announce(*papers, kind=kind))
        subscription = self.store.save_subscription(
            Subscription(
                *keyword_set.key, Destination(DestinationKind.CHANNEL, address), origin=origin
            ),
            datetime.now(UTC),
        )
        now = datetime.now(UTC)
        edition = make_edition(papers, kind, keyword_set.name)
        (planned,) = self.store.save_editions(
            [Frozen(keyword_set, edition, (Plan(subscription, Slot(DAY, now)),))], now
        )
        assert planned is not None
        (delivery,) = planned
        return delivery.id

    def deliver(
        self,
        number: int,
        sender: SlackSender | None = None,
        *,
        store: object = None,
        terms: Terms | None = None,
    ) -> Outcome:
        """Make one attempt, now; what waits for its time or for a lease to end waits no longer."""
        self.make_due(number)
        ledger = store if store is not None else self.store
        return deliver(
            number,
            ledger,  # type: ignore[arg-type]  # the store, or what stands before it
            {DestinationKind.CHANNEL: sender or self.sender()},
            SystemClock(),
            terms or Terms(),
        )

    def make_due(self, number: int) -> None:
        self.execute(
            "UPDATE deliveries SET due_at = 0, lease_until = CASE WHEN lease_until IS NULL"
            " THEN NULL ELSE 0 END WHERE id = :number",
            number=number,
        )

    def execute(self, statement: str, **values: object) -> list[tuple[object, ...]]:
        with self.store.writing() as connection:
            done = connection.execute(text(statement), values)
            return [tuple(row) for row in done.all()] if done.returns_rows else []

    def states(self, number: int) -> list[str]:
        found = self.store.load_delivery(number)
        assert found is not None
        return [step.state.value for step in found[1]]

    def paused(self, number: int) -> Subscription:
        found = self.store.load_delivery(number)
        assert found is not None
        subscription = self.store.subscription_of(found[0].delivery.key)
        assert subscription is not None
        return subscription


def shown(messages: Sequence[Message]) -> list[str]:
    """Return the papers whose menus stand in messages, in order."""
    return [
        option["value"].partition(":")[2]
        for message in messages
        for block in message.blocks
        for element in (block.get("accessory") or {}, *block.get("elements", ()))
        if isinstance(element, dict) and element.get("type") == "overflow"
        for option in element["options"][:1]
    ]


def ids(papers: Sequence[Paper]) -> list[str]:
    return [paper.base_id for paper in papers]


def check_thread(lab: Lab, papers: Sequence[Paper], channel: Channel | None = None) -> None:
    """One digest is there: one message in the channel, each paper once and in order below it."""
    there = channel or lab.papers
    (parent,) = [message for message in there.messages if message.bot_id]
    _, *replies = there.thread(parent.ts)
    assert shown(replies) == ids(papers)
    parts = [
        message.metadata["event_payload"]["part"]
        for message in (parent, *replies)
        if message.metadata
    ]
    assert parts == list(range(1, len(replies) + 2))
    assert len([each for each in lab.slack.posted if each.channel is there]) == len(parts)
    assert lab.slack.payload_faults == []

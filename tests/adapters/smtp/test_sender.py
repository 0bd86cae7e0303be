"""Editions as mails through the ledger: once, and the same bytes where once cannot be known."""

import email
import email.policy
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from email.message import EmailMessage
from pathlib import Path
from typing import TYPE_CHECKING

import jinja2
import pytest

from bot.adapters.smtp.connection import USUAL_LIMITS
from bot.adapters.smtp.mailer import Mailbox, Mailer
from bot.adapters.smtp.sender import MailSender, NoticeSender, OperatorLinks, Weeks, no_weeks
from bot.adapters.store import Store
from bot.core.doubts import InDoubt
from bot.core.editions import DeliveryState, Destination, DestinationKind, Edition
from bot.core.records import CannotTell, Enclosed
from bot.core.weeks import Week
from bot.errors import DeliveryError
from bot.flows.deliver import Outcome, Result, Terms, deliver
from bot.render.email import Composer, Confirm, Letterhead, NoticeWriter, Recipient
from bot.render.templates import build_environment
from tests.adapters.smtp.conftest import OpenPool
from tests.adapters.store.made_up import (
    CATS,
    MAIL,
    NOW,
    announce,
    freeze,
    make_edition,
    make_paper,
    save,
)
from tests.fakes.clocks import StillClock
from tests.fakes.domains import OwnDomains
from tests.fakes.smtp_server import END, Act, Script, SmtpServer
from tests.fakes.trails import FreeTrail

if TYPE_CHECKING:
    from bot.adapters.smtp.sender import Links
    from bot.flows.passage import Sender

LETTERHEAD = Letterhead("digest@lab.example", base_url="https://papers.lab.example")
EDITION = make_edition(make_paper())
LATE = NOW + timedelta(hours=9)


class MadeUpLinks:
    """Gives every reader the same links."""

    def __init__(self, url: str = "https://papers.lab.example/u/token") -> None:
        self.url = url
        self.asked: list[tuple[str, int]] = []

    def recipient(self, address: str, editions: Sequence[Edition]) -> Recipient:
        self.asked.append((address, len(editions)))
        return Recipient(address, "You asked for it.", self.url)

    def page(self, edition: Edition, key: str) -> str:  # noqa: ARG002 - as all do
        return f"https://papers.lab.example/r/{edition.set.name}"


OpenSender = Callable[..., MailSender]


@pytest.fixture(scope="module")
def composer() -> Composer:
    folder = Path(__file__).parents[3] / "templates"
    return Composer(build_environment(jinja2.FileSystemLoader(folder)), LETTERHEAD)


@pytest.fixture
def clock() -> StillClock:
    return StillClock(LATE)


@pytest.fixture
def open_sender(open_pool: OpenPool, composer: Composer, clock: StillClock) -> OpenSender:
    def build(
        server: SmtpServer,
        links: "Links | None" = None,
        weeks: Weeks = no_weeks,
    ) -> MailSender:
        mailer = Mailer(open_pool(server), OwnDomains(), Mailbox("bounces@lab.example"))
        return MailSender(composer, mailer, links or MadeUpLinks(), clock.now, weeks)

    return build


def read(data: bytes) -> EmailMessage:
    parsed = email.message_from_bytes(data, policy=email.policy.default)
    assert isinstance(parsed, EmailMessage)
    assert parsed.defects == []
    return parsed


def text_of(message: EmailMessage) -> str:
    body = message.get_body(("plain",))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


def test_an_edition_arrives(open_sender: OpenSender) -> None:
    links, trail = MadeUpLinks(), FreeTrail()
    with SmtpServer() as server:
        sent = open_sender(server, links).send(EDITION, MAIL, "key-1", trail)
        (message,) = server.messages
    assert sent.reference == "<key-1@lab.example> 2.0.0 queued as 1.1"
    parsed = read(message.data)
    assert message.recipient == parsed["To"] == "lab@lab.example"
    assert parsed["Subject"] == "1 new: Cats · 4 Dec"
    assert parsed["List-Unsubscribe"] == "<https://papers.lab.example/u/token>"
    assert "https://papers.lab.example/r/Cats" in text_of(parsed)
    assert links.asked == [("lab@lab.example", 1)]
    assert trail.left == [0]


def test_its_date_is_when_it_first_left(open_sender: OpenSender, clock: StillClock) -> None:
    trail = FreeTrail()
    with SmtpServer() as server:
        sender = open_sender(server)
        for _ in range(2):
            sender.send(EDITION, MAIL, "key-1", trail)
            clock.advance(timedelta(days=1))
        first, second = server.messages
    assert first.data == second.data
    assert b"\r\nDate: Thu, 04 Dec 2025 10:02:03 +0000\r\n" in first.data
    assert trail.draft == "2025-12-04T10:02:03+00:00"


def test_a_clock_in_another_zone_gives_the_same_bytes(
    open_pool: OpenPool, composer: Composer
) -> None:
    there = LATE.astimezone(timezone(timedelta(hours=5, minutes=45)))
    dates = []
    for now in (LATE, there):
        with SmtpServer() as server:
            mailer = Mailer(open_pool(server), OwnDomains(), Mailbox("bounces@lab.example"))
            sender = MailSender(composer, mailer, MadeUpLinks(), lambda now=now: now)  # type: ignore[misc]
            sender.send(EDITION, MAIL, "key-1", FreeTrail())
            dates.append(server.messages[0].data)
    assert dates[0] == dates[1]


def test_nothing_is_fixed_before_the_server_is_ready_for_it(open_sender: OpenSender) -> None:
    trail = FreeTrail()
    with SmtpServer(Script("DATA", [Act("451 4.3.0 later")])) as server:
        with pytest.raises(DeliveryError):
            open_sender(server).send(EDITION, MAIL, "key-1", trail)
        assert server.messages == []
    assert (trail.draft, trail.left) == ("", [])


def test_several_sets_are_one_mail(open_sender: OpenSender) -> None:
    links = MadeUpLinks()
    dogs = replace(EDITION, set=replace(EDITION.set, name="Dogs"))
    asked: list[tuple[str, str]] = []

    def find_weeks(edition: Edition, key: str) -> tuple[Week, ...]:
        asked.append((edition.set.name, key))
        return ()

    with SmtpServer() as server:
        sender = open_sender(server, links, find_weeks)
        together = (Enclosed(EDITION, "key-1", 1), Enclosed(dogs, "key-2", 2))
        sender.send_together(together, MAIL, "key-2", FreeTrail())
        text = text_of(read(server.messages[0].data))
    assert text.startswith("1 paper in 2 sets: Cats (1) · Dogs (1)\n")
    assert links.asked == [("lab@lab.example", 2)]
    # Pages and charts are found by each one's own delivery.
    assert asked == [("Cats", "key-1"), ("Dogs", "key-2")]


def test_a_chart_is_shown_where_there_are_weeks_to_show(open_sender: OpenSender) -> None:
    weeks = (Week(date(2025, 11, 24), 3), Week(date(2025, 12, 1), 6))
    with SmtpServer() as server:
        open_sender(server, weeks=lambda _edition, _key: weeks).send(
            EDITION, MAIL, "k", FreeTrail()
        )
        text = text_of(read(server.messages[0].data))
    assert "24 Nov 2025 to 1 Dec 2025: 3 6\n" in text


@pytest.mark.parametrize(
    ("address", "url"),
    [
        ("no address", "https://papers.lab.example/u/token"),
        ("ada@example.org", "https://papers.lab.example/u/to ken"),
        ("ada@example.org", "https://papers.lab.example/u/\r\nBcc: eve@example.org"),
    ],
)
def test_what_cannot_stand_in_a_mail_is_given_up(
    open_sender: OpenSender, address: str, url: str
) -> None:
    with SmtpServer() as server:
        with pytest.raises(DeliveryError) as refused:
            open_sender(server, MadeUpLinks(url)).send(
                EDITION, Destination(DestinationKind.EMAIL, address), "key-1", FreeTrail()
            )
        assert server.connections == 0
    assert refused.value.permanent


def test_mail_cannot_say_whether_it_arrived(open_sender: OpenSender) -> None:
    with SmtpServer() as server:
        found = open_sender(server).find(EDITION, MAIL, "key-1", FreeTrail())
    assert found is CannotTell.CANNOT_TELL


@pytest.mark.parametrize(
    ("contact", "base_url", "why"),
    [
        ("", "", "You get this because the operator of papers-bot wants it."),
        (
            "ada@lab.example",
            "https://papers.lab.example",
            (
                "You get this because the operator of papers-bot at https://papers.lab.example "
                "wants it; write to ada@lab.example to change that."
            ),
        ),
    ],
)
def test_whom_the_operator_subscribed_is_told_whom_to_ask(
    contact: str, base_url: str, why: str
) -> None:
    links = OperatorLinks(contact, base_url, lambda edition, key: f"{edition.set.name} {key}")
    assert links.recipient("bo@example.org", [EDITION]) == Recipient("bo@example.org", why)
    assert links.page(EDITION, "key-1") == "Cats key-1"


def test_no_step_outlasts_what_is_left_of_a_lease() -> None:
    assert timedelta(seconds=USUAL_LIMITS.sending) < Terms().margin


def run(sender: MailSender, store: Store, clock: StillClock, terms: Terms | None = None) -> Outcome:
    senders: dict[DestinationKind, Sender] = {DestinationKind.EMAIL: sender}
    due = store.due_deliveries(clock.now())
    (outcome,) = [deliver(each.id, store, senders, clock, terms or Terms()) for each in due]
    return outcome


def plan(store: Store) -> int:
    paper = make_paper()
    save(store, announce(paper))
    (planned,) = freeze(store, CATS, make_edition(paper), [(MAIL, NOW)]) or ()
    return planned.id


def test_a_drop_after_it_left_is_repeated_with_the_same_bytes_and_counted(
    store: Store, open_sender: OpenSender, clock: StillClock
) -> None:
    number = plan(store)
    with SmtpServer(
        Script(END, [Act(drop=True, takes=True), Act(drop=True, takes=True)])
    ) as server:
        sender = open_sender(server)
        assert run(sender, store, clock).result is Result.UNKNOWN
        clock.advance(timedelta(hours=1))
        assert run(sender, store, clock).result is Result.UNKNOWN
        clock.advance(timedelta(days=2))
        assert run(sender, store, clock).result is Result.SENT
        assert len(server.messages) == 3
        assert len({message.data for message in server.messages}) == 1
    ((line, _),) = [store.load_delivery(number) or pytest.fail("it is gone")]
    assert (line.delivery.state, line.repeats) == (DeliveryState.SENT, 2)


def test_what_may_have_arrived_is_held_where_the_operator_wants_that(
    store: Store, open_sender: OpenSender, clock: StillClock
) -> None:
    plan(store)
    with SmtpServer(Script(END, [Act(drop=True)])) as server:
        sender = open_sender(server)
        assert run(sender, store, clock).result is Result.UNKNOWN
        clock.advance(timedelta(hours=1))
        held = run(sender, store, clock, Terms(in_doubt=InDoubt.HOLD))
        assert held.result is Result.FAILED
        assert server.messages == []


@pytest.mark.parametrize(
    ("reply", "result"),
    [("450 4.2.0 later", Result.LATER), ("550 5.1.1 who?", Result.FAILED)],
)
def test_a_refusal_is_tried_again_or_not(
    store: Store, open_sender: OpenSender, clock: StillClock, reply: str, result: Result
) -> None:
    plan(store)
    with SmtpServer(Script("RCPT", [Act(reply)])) as server:
        sender = open_sender(server)
        outcome = run(sender, store, clock)
        assert outcome.result is result
        assert reply in outcome.detail
        assert store.due_deliveries(clock.now()) == ()
        clock.advance(timedelta(days=1))
        if result is Result.LATER:
            assert run(sender, store, clock).result is Result.SENT
        assert len(server.messages) == (result is Result.LATER)


def test_a_process_that_is_late_sends_nothing(
    store: Store, open_pool: OpenPool, composer: Composer, clock: StillClock
) -> None:
    plan(store)

    def freeze_up() -> datetime:
        clock.advance(timedelta(minutes=4))
        return clock.now()

    with SmtpServer() as server:
        mailer = Mailer(open_pool(server), OwnDomains(), Mailbox("bounces@lab.example"))
        sender = MailSender(composer, mailer, MadeUpLinks(), freeze_up)
        assert run(sender, store, clock).result is Result.SKIPPED
        assert server.messages == []
        assert "DATA" in server.commands


def test_a_notice_arrives_and_is_the_same_when_repeated(
    open_pool: OpenPool, composer: Composer
) -> None:
    del composer
    folder = Path(__file__).parents[3] / "templates"
    writer = NoticeWriter(build_environment(jinja2.FileSystemLoader(folder)), LETTERHEAD)
    notice = Confirm("Cats", "daily", "https://papers.lab.example/confirm/token")
    with SmtpServer() as server:
        mailer = Mailer(open_pool(server), OwnDomains(), Mailbox("bounces@lab.example"))
        notices = NoticeSender(writer, mailer)
        for _ in range(2):
            assert notices.send(notice, "ada@example.org", "n1", NOW) == "<n1@lab.example>"
        with pytest.raises(DeliveryError) as refused:
            notices.send(notice, "nobody", "n2", NOW)
        assert refused.value.permanent
        first, second = server.messages
    assert first.data == second.data
    assert read(first.data)["Date"].datetime == NOW.replace(microsecond=0).astimezone(UTC)


if TYPE_CHECKING:
    _LINKS: list[Links] = [MadeUpLinks(), OperatorLinks("", "", lambda _edition, _key: "")]

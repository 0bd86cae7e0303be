"""People subscribe by mail, as a whole: forms, mails, links and digests, on either database."""

import json
import random
import re
import string
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from bot.app import App
from bot.config.mail import MailSettings, Relay, Security
from bot.config.settings import Settings
from bot.core.addresses import hash_address
from bot.core.subscribers import SubscriberState
from bot.edges.web import build_site
from bot.errors import MissingError
from bot.flows.consenting import Consenting
from bot.flows.ingest import Ingest
from bot.flows.publish import publish
from bot.flows.reader_links import LINK_LIVES, write_leaving, write_preferences, write_wish
from tests.adapters.store.made_up import dump
from tests.fakes.clocks import StillClock
from tests.fakes.papers import DAY, NOW, announce, make_paper
from tests.fakes.sites import fill, read_settings, serving
from tests.fakes.smtp_server import Act, Script, SmtpServer
from tests.fakes.sources import CannedSource

ADA, BO = "Ada+papers@lab.example", "bo@lab.example"
HOME = "https://papers.lab.example"
LINK = re.compile(rf"{HOME}(/[^\s<>\"]+)")
UNKNOWN_CLOUDS = "a/b & <b>c</b>?"


@dataclass(slots=True)
class World:
    """A site on which people subscribe, its relay, and what was reported."""

    app: App
    consent: Consenting
    client: FlaskClient
    server: SmtpServer
    clock: StillClock
    url: str
    reports: list[str] = field(default_factory=list)

    def subscribe(
        self, address: str = ADA, name: str = "Clouds", source: str = "192.0.2.1", **fields: str
    ) -> TestResponse:
        page = self.client.get(f"/sets/{name}").text
        found = re.search(r'name="csrf" value="([^"]+)"', page)
        assert found
        form = {"csrf": found[1], "set": name, "on": "daily", "address": address, **fields}
        return self.client.post("/subscribe", data=form, environ_overrides={"REMOTE_ADDR": source})

    def mails(self, to: str = ADA) -> list[EmailMessage]:
        return [
            message_from_bytes(each.data, policy=policy.default)
            for each in self.server.messages
            if each.recipient.casefold() == to.casefold()
        ]

    def link(self, kind: str, to: str = ADA) -> str:
        """Return the path of the newest link of a kind that was mailed."""
        texts = [text_of(mail) for mail in self.mails(to)]
        found = [path for text in texts for path in LINK.findall(text) if path.startswith(kind)]
        return str(found[-1])

    def join(self, to: str = ADA, name: str = "Clouds", source: str = "192.0.2.1") -> None:
        assert self.subscribe(to, name, source).status_code == 200
        assert self.client.post(self.link("/confirm/", to)).status_code == 200

    def announce(self, number: int) -> None:
        """Have a day announced with something on clouds, and deliver what is due."""
        day = DAY + timedelta(days=number)
        announcement = announce(make_paper(10 + number, title=f"Clouds {number}"), day=day)
        Ingest(CannedSource({announcement.category: announcement}), self.app.store).run(
            day, (announcement.category,), self.clock.now()
        )
        publish(
            day,
            self.app.sets(),
            self.app.store,
            categories=self.app.categories,
            now=self.clock.now(),
            kinds=tuple(self.app.senders),
        )
        for due in self.app.store.due_deliveries(self.clock.now()):
            self.app.deliver_one(due.id)

    def held(self) -> dict[str, list[str]]:
        """Return what the database holds, but for who asked how often."""
        rows = dump(self.url)
        return {
            table: sorted(map(repr, rows[table]))
            for table in ("subscribers", "consents", "subscriptions", "suppressions", "deliveries")
        }


def text_of(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body
    return str(body.get_content())


@pytest.fixture
def server() -> Iterator[SmtpServer]:
    with SmtpServer() as running:
        yield running


def wire(url: str, server: SmtpServer, clock: StillClock) -> App:
    base = read_settings(Settings("config.toml", database_url=url))
    relay = Relay("127.0.0.1", server.port, Security.NONE)
    app = App(
        replace(
            base,
            secret_key="k" * 32,
            base_url=HOME,
            timezone="Europe/Berlin",
            mail=MailSettings(relay, "digest@lab.example", notice_address="notices@lab.example"),
        )
    )
    app.__dict__["clock"] = clock
    return app


def open_world(url: str, server: SmtpServer) -> Iterator[World]:
    clock = StillClock(NOW)
    with wire(url, server, clock) as app:
        fill(app)
        reports: list[str] = []
        consent = app.consent(lambda work: work(), reports.append)
        assert consent is not None
        site = build_site(app, consent=consent)
        yield World(app, consent, site.test_client(), server, clock, url, reports)


@pytest.fixture
def world(database_url: str, server: SmtpServer) -> Iterator[World]:
    """Give a site on either kind of database."""
    yield from open_world(database_url, server)


@pytest.fixture
def small(tmp_path: Path, server: SmtpServer) -> Iterator[World]:
    """Give a site on SQLite, for what no database does differently."""
    yield from open_world(f"sqlite:///{tmp_path / 'papers.db'}", server)


def test_a_person_subscribes_reads_chooses_and_leaves_with_one_click(world: World) -> None:
    assert world.subscribe().status_code == 200
    (asked,) = world.mails()
    assert asked["From"].addresses[0].addr_spec == "notices@lab.example"
    assert world.app.store.load_subscriptions() == ()
    confirm = world.link("/confirm/")
    assert "Ada+papers@lab.example" in world.client.get(confirm).text
    assert world.app.store.load_subscriptions() == ()
    for _ in range(2):
        assert "come" in world.client.post(confirm).text
    (begun,) = world.app.store.load_subscriptions()
    assert (begun.set_name, begun.origin, begun.destination.address) == ("Clouds", "person", ADA)
    world.announce(1)
    digest = world.mails()[-1]
    assert "Clouds 1" in text_of(digest)
    assert (
        "You get this because Ada+papers@lab.example subscribed on Thursday 4 December"
        in " ".join(text_of(digest).split())
    )
    header = digest["List-Unsubscribe"]
    assert digest["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    one_click = urlsplit(header.strip("<>")).path
    assert re.fullmatch(rf"<{HOME}/u/[\w.~-]+>", header)
    preferences = world.link("/preferences/")
    form = {
        "action": "save",
        "set": ["Clouds", UNKNOWN_CLOUDS],
        "on": "weekly",
        "at": "09:00",
        "timezone": "Europe/Berlin",
        "bundled": "yes",
    }
    assert "Saved." in world.client.post(preferences, data=form).text
    schedules = {each.set_name: each.schedule for each in world.app.store.load_subscriptions()}
    assert set(schedules) == {"Clouds", UNKNOWN_CLOUDS}
    assert len(set(schedules.values())) == 1
    assert "“Clouds”" in world.client.get(one_click).text
    for _ in range(2):
        left = world.client.post(one_click, data={"List-Unsubscribe": "One-Click"})
        assert (left.status_code, left.headers.get("Set-Cookie")) == (200, None)
        names = [each.set_name for each in world.app.store.load_subscriptions()]
        assert names == [UNKNOWN_CLOUDS]
    assert not world.reports


def test_what_waits_for_who_left_is_never_mailed_and_subscribing_again_works(
    world: World,
) -> None:
    world.join()
    preferences = world.link("/confirm/")
    token = world.client.post(preferences).text
    found = re.search(r'href="(/preferences/[^"]+)"', token)
    assert found
    assert world.client.post(found[1], data={"action": "leave"}).status_code == 200
    known = world.app.store.find_subscriber(ADA)
    assert known
    assert known.state is SubscriberState.LEFT
    # A confirmation that was used before does not undo that.
    assert "you left after this link" in world.client.post(preferences).text.casefold()
    world.announce(1)
    assert len(world.mails()) == 1
    world.clock.advance(timedelta(days=1, seconds=1))
    world.subscribe()
    assert len(world.mails()) == 2
    assert world.client.post(world.link("/confirm/")).status_code == 200
    assert [each.set_name for each in world.app.store.load_subscriptions()] == ["Clouds"]
    world.announce(2)
    assert len(world.mails()) == 3


def test_a_scanner_that_opens_every_link_changes_nothing(world: World) -> None:
    world.join()
    world.announce(1)
    world.subscribe(BO, source="192.0.2.2")
    before = world.held()
    seen = 0
    for address in (ADA, BO):
        for mail in world.mails(address):
            html = mail.get_body(("html",))
            assert html
            links = {
                path.replace("&amp;", "&")
                for text in (text_of(mail), html.get_content(), mail["List-Unsubscribe"] or "")
                for path in LINK.findall(text)
            }
            for path in links:
                world.client.get(path)
                world.client.head(path)
                world.client.get(f"{path}?List-Unsubscribe=One-Click")
                seen += 1
    assert seen >= 5
    assert world.held() == before


def test_whoever_asks_for_whomever_hears_and_waits_for_the_same(world: World) -> None:
    world.join()
    world.app.store.suppress(hash_address(BO), "complaint", NOW)
    world.clock.advance(timedelta(days=2))
    answers = [
        world.subscribe(address, source=f"192.0.2.{10 + number}")
        for number, address in enumerate((ADA, BO, "new@lab.example", ADA, "new@lab.example"))
    ]
    assert len({(each.status_code, each.text) for each in answers}) == 1
    assert world.mails(BO) == []
    assert len(world.mails("new@lab.example")) == 1
    (again,) = world.mails()[1:]
    assert "/preferences/" in text_of(again)
    assert "/confirm/" not in text_of(again)


def test_a_stranger_is_mailed_once_a_day_whoever_asks_from_wherever(world: World) -> None:
    spellings = ("Eve@lab.example", "eve@LAB.example", "EVE@lab.example", "eve@lab.example")
    for number in range(60):
        address = spellings[number % len(spellings)]
        world.subscribe(address, source=f"198.51.100.{number}")
        world.clock.advance(timedelta(minutes=20))
    assert len(world.mails("eve@lab.example")) == 1
    world.clock.advance(timedelta(hours=5))
    world.subscribe("eve@lab.example")
    assert len(world.mails("eve@lab.example")) == 2


def test_a_source_asks_five_times_an_hour_and_all_together_thirty_times_a_minute(
    small: World,
) -> None:
    for number in range(9):
        assert small.subscribe(f"a{number}@lab.example").status_code == 200
    assert len(small.server.messages) == 5
    for number in range(9):
        small.subscribe(f"b{number}@lab.example", source=f"2001:db8:0:1::{number}")
    assert len(small.server.messages) == 10
    small.clock.advance(timedelta(hours=1))
    before = len(small.server.messages)
    for number in range(60):
        small.subscribe(f"c{number}@lab.example", source=f"2001:db8:{number:x}::1")
        small.clock.advance(timedelta(seconds=1))
    assert 15 < len(small.server.messages) - before <= 30
    assert any("more than 30 a minute" in each for each in small.reports)


@pytest.mark.parametrize(
    "address",
    [
        "a@lab.example\r\nBcc: x@lab.example",
        "a@lab.example\nSubject: hi",
        "a\0@lab.example",
        "a@lab.example\0",
        "аda@lab.example",  # a Cyrillic а
        "a@lab.example, b@lab.example",
        '"a b"@lab.example',
        "a@[127.0.0.1]",
        "<a@lab.example>",
        "a@" + "b" * 64_000 + ".example",
        "a" * 65_536,
        "",
    ],
)
def test_what_is_no_address_is_refused_clearly_and_mailed_nothing(
    small: World, address: str
) -> None:
    answer = small.subscribe(address)
    assert answer.status_code == 400
    assert "write it like ada@lab.example" in answer.text
    assert len(answer.text) < 5000
    assert small.server.commands == []


def test_an_address_with_a_domain_beyond_ascii_is_written_in_ascii(small: World) -> None:
    small.subscribe("ada@bücher.example")
    small.client.post(small.link("/confirm/", "ada@xn--bcher-kva.example"))
    (kept,) = small.app.store.load_subscriptions()
    assert kept.destination.address == "ada@xn--bcher-kva.example"


def test_a_link_to_confirm_ends_after_three_days(small: World) -> None:
    small.subscribe()
    link = small.link("/confirm/")
    small.clock.advance(LINK_LIVES + timedelta(seconds=1))
    for answer in (small.client.get(link), small.client.post(link)):
        assert answer.status_code == 404
        assert "older than 72 hours" in answer.text
    small.subscribe(BO)
    # Who never confirmed is forgotten.
    assert small.app.store.find_subscriber(ADA) is None


def test_a_set_that_is_public_no_more_begins_for_nobody(small: World) -> None:
    small.subscribe()
    link = small.link("/confirm/")
    settings = replace(small.app.settings, public=frozenset({UNKNOWN_CLOUDS}))
    small.app.settings = settings
    consent = small.app.consent(lambda work: work(), small.reports.append)
    client = build_site(small.app, consent=consent).test_client()
    assert "not to be had by mail any more" in client.post(link).text
    assert small.app.store.load_subscriptions() == ()


def test_a_mail_that_surely_did_not_leave_may_be_asked_for_again(small: World) -> None:
    small.server.scripts.append(Script("MAIL", [Act("451 4.3.0 later")]))
    assert small.subscribe().status_code == 200
    assert small.mails() == []
    assert small.reports
    assert not re.search(r"/confirm/\w", "".join(small.reports))
    small.clock.advance(timedelta(hours=1))
    small.app.store.clear_domain("")
    small.app.store.clear_domain("lab.example")
    small.subscribe(source="192.0.2.77")
    assert len(small.mails()) == 1


def test_a_person_takes_everything_along_and_is_forgotten(world: World) -> None:
    world.join()
    world.announce(1)
    one_click, preferences = world.link("/u/"), world.link("/preferences/")
    data = json.loads(world.client.post(preferences, data={"action": "export"}).text)
    assert data["subscriber"]["address"] == ADA
    assert [each["set"] for each in data["subscriptions"]] == ["Clouds"]
    assert [each["what"] for each in data["consent"]] == ["subscribed"]
    assert data["consent"][0]["proof"].startswith("confirmed by the link mailed on 2025-12-04")
    assert [each["state"] for each in data["digests"]] == ["sent"]
    erased = world.client.post(preferences, data={"action": "erase", "sure": "yes"})
    assert erased.status_code == 200
    assert "ada+papers" not in repr(dump(world.url)).casefold()
    assert world.app.store.list_suppressions() == ()
    # Somebody else may get the number that is free now; old links do nothing to them.
    world.clock.advance(timedelta(minutes=5))
    world.join(BO, source="192.0.2.9")
    assert world.client.post(one_click).status_code == 200
    assert world.client.get(one_click).status_code == 404
    assert world.client.post(preferences, data={"action": "leave"}).status_code == 404
    assert [each.destination.address for each in world.app.store.load_subscriptions()] == [BO]


def test_what_the_operator_wants_mailed_is_no_persons_to_end(world: World) -> None:
    store, now = world.app.store, world.clock.now()
    world.join()
    world.app.settings = replace(world.app.settings, posts={})
    (own,) = store.load_subscriptions()
    theirs = replace(own, id=0, set_name=UNKNOWN_CLOUDS, origin="operator")
    store.save_subscription(theirs, now)
    world.announce(1)
    assert world.client.post(world.link("/u/")).status_code == 200
    (kept,) = store.load_subscriptions()
    assert (kept.set_name, kept.origin) == (UNKNOWN_CLOUDS, "operator")


def mangle(draw: random.Random, token: str) -> str:
    """Cut, change, lengthen or shuffle a token."""
    alphabet = string.ascii_letters + string.digits + "-_."
    place = draw.randrange(len(token))
    match draw.randrange(6):
        case 0:
            return token[:place]
        case 1:
            return token[:place] + draw.choice(alphabet) + token[place + 1 :]
        case 2:
            return token + draw.choice(alphabet)
        case 3:
            return token[place:] + token[:place]
        case 4:
            return "".join(draw.choices(alphabet, k=draw.randrange(1, 200)))
        case _:
            return token[:place] + draw.choice("é\0 \n%🙂\ud800") + token[place:]


def test_a_hundred_thousand_forged_cut_and_replayed_tokens_have_no_effect(small: World) -> None:
    small.join()
    small.announce(1)
    known = small.app.store.find_subscriber(ADA)
    assert known
    seals = small.app.seals
    (begun,) = small.app.store.load_subscriptions()
    used = small.link("/confirm/").rpartition("/")[2]
    good = {
        used,
        write_wish(seals, known, ("config", "Clouds"), "daily", NOW - timedelta(hours=73)),
        write_wish(seals, replace(known, id=99), ("config", "Clouds"), "daily", NOW),
        write_wish(seals, replace(known, nonce="x"), ("config", "Clouds"), "daily", NOW),
        write_preferences(seals, known),
        write_preferences(seals, replace(known, nonce="old")),
        write_leaving(seals, replace(known, created_at=NOW - timedelta(days=9)), 0),
        write_leaving(seals, known, begun.id + 1),
        write_leaving(seals, known, 0),
        seals.seal("edition", "config", "Clouds", "2025-12-04"),
        seals.seal("form", "subscribe", 1),
    }
    consent = small.consent
    deeds: tuple[Callable[[str], object], ...] = (
        consent.show_wish,
        consent.confirm,
        consent.show_choices,
        consent.show_leaving,
        consent.leave,
        consent.export,
        consent.erase,
    )
    before, draw, refused = small.held(), random.Random(5), 0  # noqa: S311 - drawn alike each time
    tokens = sorted(good)
    for number in range(100_000):
        token = mangle(draw, tokens[number % len(tokens)])
        if token in good:
            continue
        try:
            deeds[number % len(deeds)](token)
        except MissingError:
            refused += 1
    assert refused > 99_000
    # What was used, is too old, or is for something else.
    for token in good - {write_preferences(seals, known), write_leaving(seals, known, 0)}:
        for deed in (consent.confirm, consent.show_choices, consent.export, consent.erase):
            if token == used and deed == consent.confirm:
                deed(token)
                continue
            with pytest.raises(MissingError):
                deed(token)
    for token in (
        write_leaving(seals, replace(known, created_at=NOW - timedelta(days=9)), 0),
        write_leaving(seals, known, begun.id + 1),
    ):
        consent.leave(token)
    assert small.held() == before
    assert small.reports == []


def test_a_preferences_link_that_was_renewed_is_worthless_and_leaving_works(small: World) -> None:
    small.join()
    small.announce(1)
    preferences, leave = small.link("/preferences/"), small.link("/u/")
    known = small.app.store.find_subscriber(ADA)
    assert known
    assert "Or change what comes" in small.client.get(leave).text
    small.app.store.renew_nonce(known.id, "another")
    assert small.client.get(preferences).status_code == 404
    assert "Or change what comes" not in small.client.get(leave).text
    assert small.client.post(leave).status_code == 200
    assert small.app.store.load_subscriptions() == ()


def test_the_same_mail_has_the_same_links(small: World) -> None:
    small.join()
    edition = small.app.store.load_frozen(1)
    links = small.app.mail.digests._links  # noqa: SLF001 - what a mail is made with
    assert links.recipient(ADA, [edition]) == links.recipient(ADA, [edition])
    assert links.recipient(BO, [edition]).unsubscribe_url == ""


def test_a_site_that_runs_mails_beside_its_answers_and_logs_no_link(
    tmp_path: Path, server: SmtpServer, caplog: pytest.LogCaptureFixture
) -> None:
    server.scripts.append(Script("MAIL", [Act(delay=0.5, reply="250 2.1.0 ok")]))
    with wire(f"sqlite:///{tmp_path / 'papers.db'}", server, StillClock(NOW)) as app:
        fill(app)
        with caplog.at_level("DEBUG"), serving(app) as site:
            token = re.search(r'name="csrf" value="([^"]+)"', site.get("/sets/Clouds").text)
            assert token
            form = {"csrf": token[1], "set": "Clouds", "on": "daily", "address": ADA}
            assert site.client.post("/subscribe", data=form).status_code == 200
            # What was asked for is mailed although the site stops.
            assert server.messages == []
        (mail,) = server.messages
        link = LINK.findall(text_of(message_from_bytes(mail.data, policy=policy.default)))[0]
        with caplog.at_level("DEBUG"), serving(app) as site:
            assert site.get(link).status_code == 200
            done = site.client.post(link)
            preferences = re.search(r'href="/preferences/([^"]+)"', done.text)
            assert preferences
            site.get(f"/preferences/{preferences[1]}")
            site.get(f"{link}x")
        # The browser here logs what it asks for; the site must not.
        ours = [each.getMessage() for each in caplog.records if not each.name.startswith("http")]
        said = repr((ours, site.log.lines))
        for secret in (link.rpartition("/")[2], preferences[1]):
            assert secret not in said

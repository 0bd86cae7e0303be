"""Genuine reports, and digests as they arrive: handed to Postfix, which delivers or sends back."""

import re
import smtplib
from collections.abc import Iterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import jinja2
import mailparser  # type: ignore[import-untyped]
import pytest

from bot.adapters.bounces.maildir import Maildir
from bot.adapters.bounces.reading import read_report
from bot.adapters.smtp.mailer import Mailbox, Mailer
from bot.adapters.smtp.pool import Pool
from bot.adapters.store import Store, open_store
from bot.config.mail import Relay, Security
from bot.core.bounces import Verdict
from bot.core.editions import Destination, DestinationKind
from bot.flows.bouncing import Reading, read_bounces
from bot.render.email import Composer, Letterhead, Recipient, Section
from bot.render.templates import build_environment
from tests.adapters.bounces.reports import SECRET, write_block, write_report
from tests.adapters.bounces.servers import Postfix
from tests.adapters.store.made_up import CATS, NOW, announce, freeze, make_edition, make_paper, save
from tests.fakes.domains import OwnDomains

BOUNCES = "bounces@lab.example"
LETTER = b"Subject: 3 new: cats\r\nTo: you\r\n\r\n.cats\r\n"
FATES = {
    "nobody@lab.example": (Verdict.HARD, "5.1.1"),
    "gone@remote.example": (Verdict.HARD, "5.1.1"),
    "full@lab.example": (Verdict.SOFT, "5.2.2"),
    "over@remote.example": (Verdict.SOFT, "5.2.2"),
    "ada@away.example": (Verdict.SOFT, "4.4.1"),
    "ada@nowhere.example": (Verdict.DOMAIN, "5.1.2"),
    "policy@remote.example": (Verdict.BLOCK, "5.7.26"),
    "spam@remote.example": (Verdict.BLOCK, "5.7.1"),
    "vague@remote.example": (Verdict.BLOCK, "5.7.1"),
}


@pytest.fixture(scope="module")
def mailer(postfix: Postfix) -> Iterator[Mailer]:
    pool = Pool(Relay("127.0.0.1", postfix.port, Security.NONE), "lab.example")
    made = Mailer(pool, OwnDomains(), Mailbox(BOUNCES, SECRET))
    yield made
    made.close()


@pytest.fixture(scope="module")
def sent(postfix: Postfix, mailer: Mailer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Send one delivery to each address; return the database's file once all are back."""
    file = tmp_path_factory.mktemp("store") / "papers.db"
    with open_store(f"sqlite:///{file}") as store:
        save(store, announce(make_paper()))
        places = [(Destination(DestinationKind.EMAIL, address), NOW) for address in FATES]
        for each in freeze(store, CATS, make_edition(make_paper()), places) or ():
            mailer.send(each.destination.address, each.key, len(LETTER), lambda: LETTER)
    postfix.wait_for("bounces", len(FATES))
    return file


@pytest.fixture
def opened(sent: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{sent}") as store:
        yield store


def read(postfix: Postfix, store: Store) -> Reading:
    source = Maildir(str(postfix.mail / "bounces"))
    return read_bounces(source, lambda data: read_report(data, SECRET), store, NOW)


def test_what_postfix_sends_back_counts_as_the_table_says(postfix: Postfix, opened: Store) -> None:
    reading = read(postfix, opened)
    assert reading.counts == {
        Verdict.HARD: 2,
        Verdict.SOFT: 3,
        Verdict.DOMAIN: 1,
        Verdict.BLOCK: 3,
    }
    assert set(reading.suppressed) == {"nobody@lab.example", "gone@remote.example"}
    assert (reading.ignored, reading.repeated) == (0, 0)
    assert set(reading.paused) == {"remote.example"}
    lines = opened.list_bounces(NOW)
    assert {line.address: (line.verdict, line.status) for line in lines} == FATES
    assert {line.address for line in lines if line.suppressed} == set(reading.suppressed)
    assert not any(re.search(r"\w@", line.detail) for line in lines)
    (pause,) = opened.load_domain_pauses()
    assert (pause.domain, pause.is_block) == ("remote.example", True)
    folder = postfix.mail / "bounces"
    assert list((folder / "new").iterdir()) == []
    assert all(path.name.endswith(":2,S") for path in (folder / "cur").iterdir())


def test_what_is_read_again_changes_nothing(postfix: Postfix, opened: Store) -> None:
    before = opened.list_bounces(NOW)
    folder = postfix.mail / "bounces"
    for path in (folder / "cur").iterdir():
        path.rename(folder / "new" / path.name.partition(":")[0])
    assert read(postfix, opened) == Reading(repeated=len(FATES))
    assert opened.list_bounces(NOW) == before


def test_a_report_that_somebody_made_up_changes_nothing(postfix: Postfix, opened: Store) -> None:
    path = f"bounces+{'0' * 32}.aaaaaaaaaaaaaaaa@lab.example"
    data = write_report(write_block("5.1.1"), path=path, inner=path)
    with smtplib.SMTP("127.0.0.1", postfix.port) as client:
        client.sendmail("mailer-daemon@mx.example", [path, BOUNCES], data)
    postfix.wait_for("bounces", 2)
    before = opened.list_bounces(NOW)
    assert read(postfix, opened) == Reading(ignored=2)
    assert opened.list_bounces(NOW) == before


def test_a_digest_arrives_to_the_byte_and_every_parser_reads_it(
    postfix: Postfix, mailer: Mailer
) -> None:
    templates = Path(__file__).parents[3] / "templates"
    composer = Composer(
        build_environment(jinja2.FileSystemLoader(templates)),
        Letterhead("digest@lab.example", "Lab papers", base_url="https://papers.lab.example"),
    )
    token = "t" * 120
    recipient = Recipient(
        "reader@lab.example",
        "You asked for it.",
        unsubscribe_url=f"https://papers.lab.example/u/{token}",
        preferences_url=f"https://papers.lab.example/preferences/{token}",
    )
    title = "Über Katzen: $\\alpha$-猫 & <b>dogs</b>"
    edition = make_edition(make_paper(title=title), *map(make_paper, range(2, 12)))
    letter = composer.write([Section(edition)], recipient, "f" * 32)
    mailer.send(recipient.address, "f" * 32, len(letter), lambda: letter.dated(NOW))
    (arrived,) = postfix.wait_for("reader", 1)
    data = arrived.read_bytes()
    assert data.startswith(b"Return-Path: <bounces+ffff")
    whole = letter.dated(NOW).replace(b"\r\n", b"\n")
    assert data[data.index(b"\nFrom: ") + 1 :].rstrip(b"\n") == whole.rstrip(b"\n")

    mail = message_from_bytes(data, _class=EmailMessage, policy=default)
    assert not mail.defects
    assert mail["Delivered-To"] == "reader@lab.example"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert b"\nList-Unsubscribe: <https://papers.lab.example/u/" + token.encode() in data
    text, html = (mail.get_body((kind,)) for kind in ("plain", "html"))
    assert text is not None
    assert html is not None

    other = mailparser.parse_from_bytes(data)
    assert not other.defects
    assert other.message_id == letter.message_id == mail["Message-ID"]
    assert other.from_ == [("Lab papers", "digest@lab.example")]
    assert other.to == [("", "reader@lab.example")]
    assert other.subject == mail["Subject"]
    assert other.text_plain[0].strip() == text.get_content().replace("\r\n", "\n").strip()
    assert other.text_html[0].strip() == html.get_content().strip()
    assert other.attachments == []
    for said in (*other.text_plain, *other.text_html):
        assert "Über Katzen" in said
        assert "猫" in said

"""`papers bounces`: what came back, from the mail that left to the list that it is on."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.adapters.store import open_store
from bot.app import App
from bot.config import load_settings
from bot.core.findings import Finding, Health
from bot.edges.cli.doctor import find_in_mail
from tests.adapters.bounces.reports import FORGED, write_block, write_report
from tests.edges.cli.conftest import SAMPLE, Papers
from tests.fakes.smtp_server import Act, Script, SmtpServer

FOLDER = '{ folder = "digests" }'
ADDRESS = '{ email = "lab@lab.example" }'
SECRET = "s" * 32


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAPERS_SECRET_KEY", SECRET)


@pytest.fixture
def maildir(tmp_path: Path) -> Path:
    made = tmp_path / "mail"
    for name in ("new", "cur"):
        (made / name).mkdir(parents=True)
    return made


def configure(folder: Path, server: SmtpServer, maildir: Path | None = None) -> None:
    text = (SAMPLE / "config.toml").read_text("utf-8").replace(FOLDER, ADDRESS, 2)
    mail = (
        f'[mail]\nrelay = "smtp://127.0.0.1:{server.port}"\nfrom = "digest@lab.example"\n'
        'bounces = "bounces@lab.example"\n'
    )
    if maildir is not None:
        mail += f'bounce_source = "maildir:{maildir}"\n'
    contact = '[bot]\ncontact = "ada@operator.example"\nbase_url = "https://papers.lab.example"\n'
    (folder / "config.toml").write_text(f"{contact}{mail}{text}", "utf-8")


def find_mailbox(folder: Path) -> Finding:
    """Ask what the doctor says of the mailbox."""
    settings = load_settings(folder / "config.toml", {"PAPERS_SECRET_KEY": SECRET})
    with App(replace(settings, database_url=f"sqlite:///{folder / 'papers.db'}")) as app:
        found = {each.subject: each for each in find_in_mail(app, offline=False)}
        assert "mailbox of bounces" not in {
            each.subject for each in find_in_mail(app, offline=True)
        }
    return found["mailbox of bounces"]


def put(maildir: Path, name: str, data: bytes) -> None:
    (maildir / "new" / name).write_bytes(data)


def test_an_address_that_is_gone_gets_no_more(
    papers: Papers, tmp_path: Path, maildir: Path
) -> None:
    with SmtpServer() as server:
        configure(tmp_path, server, maildir)
        assert papers("send", "--source", SAMPLE).code == 0
        path = server.messages[0].sender
    assert "Nothing came back in the last 30 days.\n" in papers("bounces").out
    put(maildir, "1", write_report(write_block("5.1.1", "550 5.1.1 who?"), path=path))
    put(maildir, "2", write_report(write_block("5.1.1"), path=FORGED, inner=FORGED, name="2"))
    put(maildir, "3", write_report(write_block("5.1.1", "550 5.1.1 who?"), path=path))
    ran = papers("bounces")
    assert ran.code == 0
    lines = ran.out.splitlines()
    assert lines[0] == "Read 1 hard, 1 read before, 1 ignored."
    assert lines[1].startswith("lab@lab.example: hard at ")
    assert lines[1].endswith("; gets no more")
    assert lines[2] == "      5.1.1 550 5.1.1 who?"
    assert papers("bounces", "--once").out == "Read nothing.\n"
    told = json.loads(papers("bounces", "--json").out)
    assert told["paused"] == []
    assert told["read"]["counts"] == {}
    (bounce,) = told["bounces"]
    assert (bounce["address"], bounce["verdict"], bounce["suppressed"]) == (
        "lab@lab.example",
        "hard",
        True,
    )
    assert "bounces" not in json.loads(papers("bounces", "--json", "--once").out)


def test_a_block_pauses_its_domain_and_is_told_once(
    papers: Papers, tmp_path: Path, maildir: Path
) -> None:
    with SmtpServer() as server:
        configure(tmp_path, server, maildir)
        papers("send", "--source", SAMPLE)
        senders = [message.sender for message in server.messages]
        for number, path in enumerate(senders):
            block = write_block("5.7.26", "550 5.7.26 unauthenticated")
            put(maildir, str(number), write_report(block, path=path, name=str(number)))
        out = papers("bounces").out
        (notice,) = server.messages[2:]
        papers("bounces", "--once")
        assert len(server.messages) == 3
        assert out.startswith("Read 2 block.\n")
        assert "gets no more" not in out
        assert "lab.example: left alone at " in out
        assert notice.recipient == "ada@operator.example"
        assert b"Subject: lab.example refuses our mail" in notice.data
        assert b"https://papers.lab.example/operator" in notice.data
        found = papers("doctor", "--offline").out
        assert "look  mail to lab.example: lab.example is left alone since " in found
        assert "5.7.26 550 5.7.26 unauthenticated; when that is mended" in found
        (paused,) = json.loads(papers("bounces", "--json").out)["paused"]
        assert (paused["domain"], paused["trips"]) == ("lab.example", 1)
        assert papers("bounces", "--resume", "Lab.Example").code == 0
        assert papers("bounces", "--resume", "lab.example").code == 2
        assert json.loads(papers("bounces", "--json").out)["paused"] == []


def test_an_address_that_is_refused_at_once_counts_as_if_it_came_back(
    papers: Papers, tmp_path: Path
) -> None:
    with SmtpServer(Script("RCPT", [Act("550 5.1.1 who?")] * 2)) as server:
        configure(tmp_path, server)
        assert papers("send", "--source", SAMPLE).code == 1
    ran = papers("bounces")
    assert ran.code == 0
    assert "Nothing was read: add [mail] bounce_source to config.toml." in ran.err
    assert ran.out.count("lab@lab.example: hard ") == ran.out.count("; gets no more") > 0
    with open_store(f"sqlite:///{tmp_path / 'papers.db'}") as store:
        lines = store.list_bounces(datetime(2025, 1, 1, tzinfo=UTC))
    assert {line.status for line in lines} == {"5.1.1"}
    assert "@lab" not in lines[0].detail.replace("…@lab", "")
    once = papers("bounces", "--once")
    assert once.code == 2
    assert "there is no mailbox of bounces: add [mail] bounce_source" in once.err


def test_what_cannot_be_read_is_said(papers: Papers, tmp_path: Path) -> None:
    with SmtpServer() as server:
        configure(tmp_path, server, tmp_path / "nowhere")
        ran = papers("bounces")
        assert ran.code == 1
        assert ran.err.startswith("papers: there is no Maildir at ")
        found = find_mailbox(tmp_path)
        assert found.health is Health.BAD
        assert found.message.startswith("there is no Maildir at ")


def test_the_doctor_looks_into_the_mailbox_and_leaves_it_as_it_is(
    tmp_path: Path, maildir: Path
) -> None:
    put(maildir, "1", b"Subject: hello\n\n")
    with SmtpServer() as server:
        configure(tmp_path, server, maildir)
        found = find_mailbox(tmp_path)
    assert (found.health, found.message) == (Health.FINE, f"{maildir} can be read")
    assert (maildir / "new" / "1").exists()

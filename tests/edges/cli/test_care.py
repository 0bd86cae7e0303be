"""`papers backup`, `migrate`, `prune` and `erase` as a person types them."""

import io
import json
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from bot.adapters.store import open_store
from bot.adapters.store.database import Database, parse_url
from bot.adapters.store.opening import HEAD
from bot.adapters.store.upgrading import upgrade
from bot.core.records import Pruned
from bot.edges.cli.care import count, say_pruned
from tests.adapters.store.made_up import announce, make_paper, save
from tests.edges.cli.conftest import SAMPLE, Papers

CONFIG = """
[arxiv]
categories = ["cs.CL", "cs.CV", "cs.LG", "cs.RO"]

[[sets]]
name = "Grasping"
query = "grasp*"
post = [{ folder = "digests" }]
"""


@pytest.fixture
def configured(papers: Papers, tmp_path: Path) -> Papers:
    """Run commands in a folder with a configuration."""
    (tmp_path / "config.toml").write_text(CONFIG, encoding="utf-8")
    return papers


def configure(tmp_path: Path, more: str) -> None:
    (tmp_path / "config.toml").write_text(CONFIG + more, encoding="utf-8")


def answer(monkeypatch: pytest.MonkeyPatch, words: str) -> None:
    """Let a person sit at the terminal and answer."""

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stdin", Terminal(words))


def test_a_backup_is_a_database_of_its_own(configured: Papers, tmp_path: Path) -> None:
    assert configured("send", "--source", SAMPLE).code == 0
    ran = configured("backup", "copy.db")
    assert ran.code == 0
    assert ran.out.startswith("Copied the database to copy.db: ")
    assert ran.out.endswith(" KiB, checked.\n")
    (tmp_path / "papers.db").unlink()
    (tmp_path / "copy.db").rename(tmp_path / "papers.db")
    assert "sent at" in configured("deliveries").out


def test_a_backup_replaces_nothing_unless_it_is_told_to(configured: Papers) -> None:
    configured("migrate")
    assert configured("backup", "copy.db").code == 0
    ran = configured("backup", "copy.db")
    assert (ran.code, ran.out) == (2, "")
    assert "copy.db is there already: name another file, or replace it with --force" in ran.err
    assert configured("backup", "copy.db", "--force").code == 0


def test_a_backup_of_nothing_makes_nothing(configured: Papers, tmp_path: Path) -> None:
    ran = configured("backup", "copy.db")
    assert ran.code == 2
    assert "there is no database papers.db yet" in ran.err
    assert [path.name for path in tmp_path.iterdir()] == ["config.toml"]


def test_a_backup_of_postgresql_names_its_tool_without_the_password(
    configured: Papers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://me:secret@db.example/papers")
    ran = configured("backup", "copy.dump")
    assert (ran.code, ran.out) == (2, "")
    command = "pg_dump --format=custom --file=copy.dump postgresql://me@db.example/papers"
    assert f"`{command}`" in ran.err
    assert "secret" not in ran.err


def make_old(tmp_path: Path) -> str:
    """Make a database of an older revision."""
    url = f"sqlite:///{tmp_path / 'papers.db'}"
    with Database(parse_url(url)) as database, database.rebuilding(1) as connection:
        upgrade(connection, "0002")
    return url


def test_a_backup_may_be_made_before_an_upgrade(configured: Papers, tmp_path: Path) -> None:
    make_old(tmp_path)
    assert configured("backup", "copy.db").code == 0
    out = f"Brought the database up to date, from revision 0002 to {HEAD}.\n"
    assert configured("migrate").out == out
    (tmp_path / "copy.db").replace(tmp_path / "papers.db")
    assert configured("migrate").out == out


def test_a_database_that_is_up_to_date_is_said_to_be(configured: Papers) -> None:
    assert configured("migrate").out == f"Made the database, at revision {HEAD}.\n"
    assert configured("migrate").out == f"The database is up to date, at revision {HEAD}.\n"


def test_the_revisions_are_told_to_programs(configured: Papers, tmp_path: Path) -> None:
    assert json.loads(configured("migrate", "--json").out) == {"before": None, "after": HEAD}
    (tmp_path / "papers.db").unlink()
    make_old(tmp_path)
    assert json.loads(configured("migrate", "--json").out) == {"before": "0002", "after": HEAD}


def test_on_postgresql_the_queue_has_its_tables_too(
    configured: Papers, postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", postgresql_url)
    for _ in range(2):
        assert configured("migrate").code == 0
        with open_store(postgresql_url) as store, store.reading() as connection:
            found = connection.exec_driver_sql("SELECT to_regclass('procrastinate_jobs')")
            assert found.scalar() == "procrastinate_jobs"


def test_without_a_wish_everything_is_kept_for_ever(configured: Papers) -> None:
    assert configured("send", "--source", SAMPLE).code == 0
    ran = configured("prune")
    assert (ran.code, ran.out) == (0, "Nothing is too old.\n")
    assert "Everything is kept for ever: [retention] papers_days and history_days" in ran.err


def test_what_is_too_old_is_counted_and_then_thrown_away(
    configured: Papers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The day after that of the sample.
    now = datetime(2026, 6, 3, 12, tzinfo=UTC)
    monkeypatch.setattr("bot.adapters.timing.SystemClock.now", lambda _self: now)
    configure(tmp_path, "\n[retention]\npapers_days = 100\nhistory_days = 30\n")
    assert configured("send", "--source", SAMPLE).code == 0
    with open_store(f"sqlite:///{tmp_path / 'papers.db'}") as store:
        for number in (1, 2, 3):
            save(store, announce(make_paper(number), day=date(2000, 1, number)))
        with store.writing() as connection:
            connection.exec_driver_sql("UPDATE deliveries SET settled_at = 0")
    counted = {"papers": 2, "versions": 2, "entries": 2, "receipts": 2, "steps": 4}
    assert json.loads(configured("prune", "--dry-run", "--json").out) == counted
    said = "2 papers (2 versions, 2 announcements), 2 receipts, 4 lines of\ndeliveries' history.\n"
    assert configured("prune", "--dry-run").out == f"Too old: {said}"
    assert json.loads(configured("prune", "--json").out) == counted
    assert configured("prune").out == "Nothing is too old.\n"
    assert "sent to folder digests (delivery 1)" in configured("why", "2606.00351").out


def test_what_was_thrown_away_is_said_in_numbers() -> None:
    pruned = Pruned(papers=1, versions=2, entries=1200, receipts=1, steps=0)
    assert say_pruned(pruned, dry_run=False) == (
        "Thrown away: 1 paper (2 versions, 1,200 announcements), 1 receipt,"
        " 0 lines of deliveries' history."
    )
    assert count(1, "delivery") == "1 delivery"
    assert count(2, "delivery") == "2 deliveries"


@pytest.fixture
def subscribed(configured: Papers) -> Papers:
    """Run commands where a person is subscribed in two spellings."""
    for address in ("Ada@lab.example", "ada@lab.example"):
        assert configured("subscriptions", "add", "grasping", "--email", address).code == 0
    return configured


def test_an_address_is_erased_once_a_person_agrees(
    subscribed: Papers, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    told = "Ada@lab.example and ada@lab.example: 2 subscriptions, 0 deliveries, 0 lines of history."
    answer(monkeypatch, "n\n")
    ran = subscribed("erase", "ADA@lab.example")
    assert ran.code == 1
    assert f"This erases {told}" in " ".join(ran.out.split())
    assert ran.out.endswith("Nothing was erased.\n")
    assert "ada@lab.example" in subscribed("subscriptions").out
    answer(monkeypatch, "y\n")
    ran = subscribed("erase", "ADA@lab.example")
    assert ran.code == 0
    said = " ".join(ran.out.split())
    assert f"Erased {told}" in said
    assert said.endswith("backups made before hold the address still: let them go, too.")
    assert "lab.example" not in subscribed("subscriptions").out
    assert b"lab.example" not in (tmp_path / "papers.db").read_bytes()


def test_what_waits_for_an_address_that_is_erased_is_called_off(configured: Papers) -> None:
    at = ("--at", "09:00", "--on", "weekly mon")
    configured("subscriptions", "add", "grasping", "--folder", "people/ada", *at)
    configured("send", "--source", SAMPLE)
    ran = configured("erase", "people//ada/", "--yes")
    assert ran.out.startswith(
        "Erased folder people/ada: 1 subscription, 1 delivery (1 of them not gone out), 1\n"
        "line of history."
    )
    out = configured("deliveries").out
    assert "   2  Grasping · 2 Jun · to folder erased 2\n      cancelled at " in out
    assert out.count("the address was erased") == 1


def test_a_script_says_that_it_means_it(
    subscribed: Papers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    ran = subscribed("erase", "ada@lab.example")
    assert (ran.code, ran.out) == (2, "")
    assert "nobody is here to ask" in ran.err
    assert subscribed("erase", "ada@lab.example", "--yes").code == 0
    ran = subscribed("erase", "ada@lab.example", "--yes")
    assert (ran.code, ran.out) == (1, "The database holds nothing of ada@lab.example.\n")


def test_what_the_configuration_names_is_taken_out_there_first(
    configured: Papers, tmp_path: Path
) -> None:
    configure(tmp_path, '\n[bot]\ncontact = "ada@lab.example"\n')
    configured("subscriptions", "add", "grasping", "--email", "ada@lab.example")
    ran = configured("erase", "ada@lab.example", "--yes")
    assert (ran.code, ran.out) == (2, "")
    assert "the configuration file names ada@lab.example on line 11: take that out" in ran.err
    assert "ada@lab.example" in configured("subscriptions").out
    configure(tmp_path, "")
    assert configured("erase", "ada@lab.example", "--yes").code == 0


def test_an_address_is_needed(configured: Papers) -> None:
    assert "name the e-mail address, channel or folder" in configured("erase", " ").err

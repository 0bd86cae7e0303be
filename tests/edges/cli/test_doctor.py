import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.adapters.store import Store, open_store
from bot.core.editions import DeliveryState, Destination, DestinationKind
from bot.core.subscriptions import Subscription
from tests.adapters.store.made_up import (
    CATS,
    announce,
    freeze,
    make_edition,
    make_paper,
    save,
    take,
)
from tests.edges.cli.conftest import SAMPLE, Papers
from tests.fakes.slack_api import UNLIMITED, SlackApi
from tests.fakes.smtp_server import SmtpServer

DOCTOR = ["doctor", "--config", SAMPLE / "config.toml", "--offline"]
CHANNEL = Destination(DestinationKind.CHANNEL, "#papers-mllm")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Give the database that the commands use, too; it is closed by whoever opens it."""
    return open_store(f"sqlite:///{tmp_path / 'papers.db'}")


def findings(papers: Papers) -> dict[str, tuple[str, str]]:
    told = json.loads(papers(*DOCTOR, "--json").out)
    subjects = [each["subject"] for each in told]
    assert len(set(subjects)) == len(subjects)
    return {each["subject"]: (each["health"], each["message"]) for each in told}


def test_where_nothing_runs_nobody_is_missed(papers: Papers, store: Store) -> None:
    store.close()
    found = findings(papers)
    assert not {"clock", "worker", "web", "deliveries"} & found.keys()
    assert found["database"][1].endswith("0 papers stored")


def test_the_clock_says_when_it_last_ticked(papers: Papers, store: Store) -> None:
    with store:
        store.beat("host:1", "clock", datetime.now(UTC) - timedelta(seconds=12))
    health, message = findings(papers)["clock"]
    assert health == "ok"
    assert message in {f"last tick {seconds} s ago" for seconds in range(12, 40)}
    assert "ok    deliveries: 0 due\n" in papers(*DOCTOR).out


def test_a_clock_that_stopped_is_bad(papers: Papers, store: Store) -> None:
    with store:
        store.beat("host:1", "clock", datetime.now(UTC) - timedelta(hours=5))
    ran = papers(*DOCTOR)
    assert ran.code == 1
    assert (
        "bad   clock: last heard of 5 h ago: look into its log, and start it again by "
        "`papers run` or `papers clock`\n"
    ) in ran.out


def test_what_waits_and_what_failed_says_what_to_do(papers: Papers, store: Store) -> None:
    now = datetime.now(UTC)
    due = now - timedelta(hours=3)
    with store:
        paper = make_paper()
        save(store, announce(paper), now)
        other = Destination(DestinationKind.FOLDER, "digests")
        edition = make_edition(paper)
        failed, _ = freeze(store, CATS, edition, [(CHANNEL, due), (other, due)], due) or ()
        claim = take(store, failed.id, now)
        assert claim
        store.settle(claim, DeliveryState.FAILED, at=now, detail="no such channel")
        store.beat("host:1", "clock", now)
    found = findings(papers)
    assert found["deliveries"][0] == "look"
    assert found["deliveries"][1].startswith("1 due, the oldest for 3 h: see that `papers run`")
    assert "`papers deliveries list --state failed`" in found["failed deliveries"][1]


def test_a_paused_subscription_says_how_to_go_on(papers: Papers, store: Store) -> None:
    with store:
        saved = store.save_subscription(Subscription(*CATS.key, CHANNEL), datetime.now(UTC))
        store.pause_subscription(saved.id, paused=True, reason="it was archived")
    assert findings(papers)[f"subscription {saved.id}"] == (
        "look",
        (
            "Cats to channel #papers-mllm is paused: it was archived; when that is mended, "
            f"`papers subscriptions resume {saved.id}`"
        ),
    )


def test_a_database_that_fails_after_it_was_opened_is_bad(papers: Papers, store: Store) -> None:
    with store, store.writing() as connection:
        connection.exec_driver_sql("DROP TABLE heartbeats")
    ran = papers(*DOCTOR)
    assert ran.code == 1
    assert "\nbad   database: " in ran.out


def test_without_categories_arxiv_is_not_asked(papers: Papers, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('[[sets]]\nname = "A"\nkeywords = ["x"]\n')
    ran = papers("doctor")
    assert ran.code == 1
    assert "bad   categories: no categories are followed: add [arxiv]" in ran.out
    assert "arXiv:" not in ran.out


SLACK = """\
[slack]
api_url = "{url}"

[[sets]]
name = "Clouds"
keywords = ["cloud"]
post = [{{ channel = "#papers" }}, {{ channel = "#apart" }}]
"""


def test_slack_is_asked_and_a_channel_is_named_with_its_line(
    papers: Papers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with SlackApi(rates=UNLIMITED) as slack:
        team = slack.add_team("T0LAB", "Lab")
        team.add_channel("C0PAPERS", "papers")
        team.add_channel("C0APART", "apart", bot=False)
        (tmp_path / "config.toml").write_text(SLACK.format(url=slack.url))
        monkeypatch.setenv("SLACK_BOT_TOKEN", team.token)
        ran = papers("doctor")
        assert "ok    Slack token: papers in Lab (T0LAB)" in ran.out
        assert 'look  Slack: transport = "socket" needs SLACK_APP_TOKEN' in ran.out
        assert "ok    channel #papers: papers is in #papers\n" in ran.out
        assert (
            "look  channel #apart: papers is not in #apart: type `/invite @papers` there (line 7 of"
            " config.toml)\n"
        ) in ran.out
        asked = len(slack.calls())
        assert "Slack token" not in papers("doctor", "--offline").out
        assert len(slack.calls()) == asked
        assert team.token not in ran.out


def test_channels_without_a_token_say_where_to_put_one(papers: Papers, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(SLACK.format(url="https://slack.com/api"))
    out = papers("doctor", "--offline").out
    assert "look  channel destinations: 2 in the configuration, but there is no token to" in out
    assert "Slack:" not in out


MAIL = """\
[arxiv]
categories = ["cs.CV"]
[mail]
relay = "smtp://127.0.0.1:{port}"
from = "digest@lab.example"
[[sets]]
name = "Cats"
keywords = ["cat"]
post = [{{ email = "lab@lab.example" }}]
"""


def test_a_relay_that_answers_is_fine_and_gets_no_mail(papers: Papers, tmp_path: Path) -> None:
    with SmtpServer() as server:
        (tmp_path / "config.toml").write_text(MAIL.format(port=server.port))
        told = json.loads(papers("doctor", "--json").out)
        assert server.messages == []
    found = {each["subject"]: (each["health"], each["message"]) for each in told}
    assert found["mail relay"] == ("ok", f"127.0.0.1:{server.port} takes mail (none)")
    assert "email destinations" not in found
    assert found["mail links"][0] == "look"
    assert "PAPERS_SECRET_KEY" in found["mail links"][1]
    assert found["mail bounces"][0] == found["mail postal address"][0] == "look"


def test_a_relay_that_does_not_answer_says_what_to_see_to(papers: Papers, tmp_path: Path) -> None:
    with SmtpServer() as server:
        pass
    (tmp_path / "config.toml").write_text(MAIL.format(port=server.port))
    ran = papers("doctor")
    assert ran.code == 1
    assert (
        f"bad   mail relay: 127.0.0.1:{server.port}: Connection refused. See [mail] in config.toml"
    ) in ran.out
    assert "mail relay" not in papers("doctor", "--offline").out


def test_without_a_relay_addresses_say_what_is_missing(papers: Papers, tmp_path: Path) -> None:
    before, _, after = MAIL.partition("[mail]\n")
    (tmp_path / "config.toml").write_text((before + after[after.index("[[sets]]") :]).format())
    found = papers("doctor", "--offline").out
    assert (
        "look  email destinations: 1 in the configuration, but there is no relay to take them: "
        "add [mail]\n"
    ) in found
    assert "mail links" not in found

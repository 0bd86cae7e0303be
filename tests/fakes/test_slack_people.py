"""The fake's people against a real Bolt app: over a websocket, and as signed HTTP requests."""

import time
from collections.abc import Iterator

import pytest
from slack_bolt import Ack
from slack_bolt.adapter.socket_mode import SocketModeHandler

from tests.fakes.slack_api import (
    GONE,
    UNLIMITED,
    Channel,
    Forgery,
    Person,
    SlackApi,
    Team,
    sign,
)
from tests.fakes.slack_bot import Bot, connected, served


@pytest.fixture
def slack() -> Iterator[SlackApi]:
    with SlackApi(rates=UNLIMITED) as api:
        yield api
        assert api.payload_faults == []


@pytest.fixture
def team(slack: SlackApi) -> Team:
    return slack.add_team("T0LAB", "Lab")


@pytest.fixture
def ada(team: Team) -> Person:
    team.add_user("U0ADA", "ada", admin=True)
    return team.user("U0ADA")


@pytest.fixture
def papers(team: Team) -> Channel:
    return team.add_channel("C0PAPERS", "papers", members={"U0ADA"})


@pytest.fixture(params=["socket", "http"])
def bot(request: pytest.FixtureRequest, slack: SlackApi, team: Team) -> Iterator[Bot]:
    made = Bot(slack, team)
    with (connected if request.param == "socket" else served)(slack, made):
        yield made


def test_a_command_its_answer_a_click_and_a_modal(
    slack: SlackApi, ada: Person, papers: Channel, bot: Bot
) -> None:
    done = ada.command("/papers try R&D in #papers", papers)
    assert done.ack.ok
    assert done.ack.seconds < 3
    assert done.wait_response()["text"] == "hello"
    assert bot.heard == [("command", "try R&amp;D in <#C0PAPERS|papers>")]
    answer = done.wait_message()
    assert answer.only_for == "U0ADA"
    view = ada.click(answer, "go").wait_view()
    assert ada.submit(view, {"name": "taken"}).errors == {"name": "there is one"}
    assert view.open
    assert ada.submit(view, {"name": "more", "categories": ["cs.CV"]}).errors == {}
    assert (view.callback_id, view.open) == ("changed", True)
    with pytest.raises(AssertionError, match="name is required"):
        ada.submit(view, {"name": ""})
    with pytest.raises(AssertionError, match="takes 20 characters"):
        ada.submit(view, {"name": "x" * 21})
    with pytest.raises(AssertionError, match="there is no"):
        ada.submit(view, {"colour": "red"})
    assert len(slack.views) == 1
    chosen = bot.heard[-1][1]["categories"]["category_options"]["selected_options"]
    assert [option["value"] for option in chosen] == ["cs.CV"]
    assert bot.heard[-1][0] == "7"


def test_menus_suggestions_and_inputs_that_dispatch(
    slack: SlackApi, ada: Person, papers: Channel, bot: Bot
) -> None:
    message = ada.command("/papers", papers).wait_message()
    ada.click(message, "paper", "why")
    assert bot.heard[-1][1]["selected_option"]["value"] == "why"
    with pytest.raises(AssertionError, match="is none of"):
        ada.click(message, "paper", "dance")
    with pytest.raises(AssertionError, match="there is no dance"):
        ada.click(message, "dance")
    view = ada.click(message, "go").wait_view()
    (option,) = ada.suggest(view, "category_options", "cs")
    assert option["value"] == "cs.CV"
    assert ada.fill(view, "name", "MLLM") is None
    done = ada.fill(view, "categories", ["cs.CV"])
    assert done
    assert done.payload["view"]["state"]["values"]["name"]["value"]["value"] == "MLLM"
    ada.submit(view)
    assert bot.heard[-1][1]["name"]["value"]["value"] == "MLLM"
    assert not view.open
    assert slack.views == [view]


def test_events_and_shortcuts(ada: Person, papers: Channel, bot: Bot, team: Team) -> None:
    assert ada.open_home().ack.ok
    message, done = ada.share_link(papers, "https://arxiv.org/abs/2512.01234")
    assert done.ack.ok
    done.world.wait(lambda: message.unfurls)
    said = ada.say(papers, "read this")
    assert ada.message_shortcut(said, "save_papers").wait_response()["text"] == "saved"
    team.uninstall()
    done.world.wait(lambda: len(bot.heard) == 5)
    heard = {name for name, _ in bot.heard}
    assert heard == {
        "app_home_opened",
        "link_shared",
        "shortcut",
        "tokens_revoked",
        "app_uninstalled",
    }
    assert team.tokens[0].error == "account_inactive"


def test_what_people_say_is_stored_as_slack_stores_it(
    slack: SlackApi, ada: Person, papers: Channel
) -> None:
    said = ada.say(papers, "R&D: https://arxiv.org/abs/2512.01234?a=1&b=2 in #papers")
    assert said.text == (
        "R&amp;D: <https://arxiv.org/abs/2512.01234?a=1&amp;b=2> in <#C0PAPERS|papers>"
    )
    assert said.links == [
        "https://arxiv.org/abs/2512.01234?a=1&amp;b=2",
        "https://arxiv.org/abs/2512.01234?a=1&b=2",
    ]
    assert papers.messages == [said]
    assert slack.calls() == []


def test_what_is_sent_again_is_the_same(ada: Person, papers: Channel, bot: Bot) -> None:
    done = ada.command("/papers list", papers)
    assert done.again().ok
    done.wait_response(2)
    assert bot.heard == [("command", "list")] * 2


def test_forged_requests(slack: SlackApi, ada: Person, papers: Channel, team: Team) -> None:
    bot = Bot(slack, team)
    now = str(int(time.time()))
    with served(slack, bot):
        for forgery in (
            Forgery(signature="v0=bad"),
            Forgery(secret="another"),  # noqa: S106 - nobody's
            Forgery(timestamp=str(int(time.time()) - 301)),
            Forgery(body=b"payload={}", signature=sign("payload={} ", now, "x"), timestamp=now),
            Forgery(headers={"X-Slack-Signature": ""}),
        ):
            assert ada.command("/papers list", papers, forgery).ack.status == 401
        assert bot.heard == []
        fields = {"text": "forged", "team_domain": GONE}
        assert ada.command("/papers list", papers, Forgery(fields)).ack.ok
        assert bot.heard == [("command", "forged")]
        message = ada.command("/papers list", papers).wait_message()
        ada.click(message, "go", forge=Forgery({"actions.0.value": "other"})).wait_view()
        assert bot.heard[-1] == ("go", "other")


def test_a_socket_that_is_asked_to_reconnect_or_cut_misses_nothing(
    slack: SlackApi, ada: Person, papers: Channel, team: Team
) -> None:
    bot = Bot(slack, team)
    with connected(slack, bot):
        slack.sockets.disconnect()
        assert ada.command("/papers one", papers).ack.ok
        slack.sockets.drop(reset=True)
        assert ada.command("/papers two", papers).ack.ok
        assert [envelope.acks for envelope in slack.sockets.envelopes] == [1, 1]
        other = SocketModeHandler(bot.app, slack.app.app_token, ping_interval=1)
        other.client.connect()
        slack.wait_connected(2)
        for _ in range(4):
            assert ada.command("/papers", papers).ack.ok
        assert sorted(len(link.sent) for link in slack.sockets.links) == [2, 3]
        slack.sockets.drop()
        other.client.close()


def test_what_nobody_acknowledges_is_known(
    slack: SlackApi, ada: Person, papers: Channel, team: Team
) -> None:
    slack.ack_patience = 0.2
    bot = Bot(slack, team)

    @bot.app.command("/slow")
    def be_slow(ack: Ack) -> None:
        time.sleep(0.5)
        ack()

    with served(slack, bot):
        assert ada.command("/slow", papers).ack.status == 0
    slack.events_url = ""
    with connected(slack, bot):
        assert ada.command("/slow", papers).ack.status == 0
        slack.wait(lambda: slack.sockets.envelopes[0].acked)
        assert slack.sockets.envelopes[0].seconds > 0.4

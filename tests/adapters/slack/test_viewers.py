"""What people are shown, asked of a Slack over HTTP."""

import pytest

from bot.adapters.slack.client import SlackClients
from bot.adapters.slack.errors import SlackError
from bot.adapters.slack.rates import Rates
from bot.adapters.slack.viewers import Viewers
from bot.adapters.store import Store
from bot.core.slack_names import Person
from tests.fakes.slack_api import BROKEN, Fault, SlackApi, Team

ADA = Person("T0LAB", "U0ADA")


class Watch:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def team(slack: SlackApi) -> Team:
    team = slack.add_team("T0LAB")
    team.add_user("U0ADA", "ada", tz="Asia/Tokyo")
    return team


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def viewers(slack: SlackApi, team: Team, file_store: Store, watch: Watch) -> Viewers:
    clients = SlackClients(Rates(file_store, 240), api_url=slack.url, home_token=team.token)
    return Viewers(clients, elapsed=watch)


def answer(slack: SlackApi, user: str) -> None:
    slack.misbehave(Fault(body='{"ok": true, "user": ' + user + "}"), "users.info")


@pytest.mark.parametrize(
    ("user", "belongs"),
    [
        ('{"team_id": "T0LAB"}', True),
        ('{"team_id": "T0OTHER"}', False),
        ('{"team_id": "T0OTHER", "enterprise_user": {"teams": ["T0X", "T0LAB"]}}', True),
        ('{"team_id": "T0OTHER", "enterprise_user": {"teams": ["T0X"]}}', False),
        ('{"team_id": "T0OTHER", "enterprise_user": {"teams": "T0LAB"}}', False),
        ('{"team_id": "T0LAB", "is_stranger": true}', False),
        ('{"team_id": "T0LAB", "deleted": true}', False),
        ('"odd"', False),
        ("null", False),
    ],
)
def test_who_belongs_to_a_workspace(
    slack: SlackApi, viewers: Viewers, user: str, *, belongs: bool
) -> None:
    answer(slack, user)
    assert viewers.is_colleague(ADA) is belongs


def test_whom_slack_does_not_know_belongs_nowhere(slack: SlackApi, viewers: Viewers) -> None:
    assert not viewers.is_colleague(Person("T0LAB", "U0NOBODY"))
    slack.misbehave(BROKEN, "users.info")
    with pytest.raises(SlackError):
        viewers.is_colleague(ADA)


def test_the_clock_of_a_person_is_kept_for_a_minute(
    slack: SlackApi, viewers: Viewers, team: Team, watch: Watch
) -> None:
    assert viewers.find_timezone(ADA) == "Asia/Tokyo"
    team.users["U0ADA"].tz = "Europe/Rome"
    assert viewers.find_timezone(ADA) == "Asia/Tokyo"
    assert len(slack.calls("users.info")) == 1
    watch.now = 61
    assert viewers.find_timezone(ADA) == "Europe/Rome"


def test_where_slack_does_not_say_a_time_zone_there_is_none(
    slack: SlackApi, viewers: Viewers
) -> None:
    slack.misbehave(BROKEN, "users.info")
    assert viewers.find_timezone(ADA) == ""
    slack.behave()
    answer(slack, '{"tz": 7}')
    assert viewers.find_timezone(ADA) == ""


def test_private_channels_of_others_are_hidden(
    slack: SlackApi, viewers: Viewers, team: Team, watch: Watch
) -> None:
    assert viewers.find_hidden(ADA) == frozenset()
    team.add_channel("C0OPEN", "open", members=set())
    team.add_channel("C0MINE", "mine", private=True, members={"U0ADA"})
    team.add_channel("C0THEIRS", "theirs", private=True, members={"U0BEN"})
    team.add_channel("G0OLD", "old", private=True, members={"U0BEN"})
    team.add_channel("C0UNSEEN", "unseen", private=True, bot=False, members={"U0BEN"})
    watch.now = 61
    slack.world.page = 1
    assert viewers.find_hidden(ADA) == {"C0THEIRS", "G0OLD"}
    watch.now = 122
    slack.misbehave(BROKEN, "users.conversations")
    with pytest.raises(SlackError):
        viewers.find_hidden(ADA)


def test_a_list_without_an_end_is_refused(
    slack: SlackApi, viewers: Viewers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.adapters.slack.viewers._MOST_PAGES", 3)
    endless = '{"ok": true, "channels": 5, "response_metadata": {"next_cursor": "x"}}'
    slack.misbehave(Fault(body=endless), "users.conversations")
    with pytest.raises(SlackError, match="too many private channels"):
        viewers.find_hidden(ADA)


def test_little_is_kept(slack: SlackApi, viewers: Viewers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.adapters.slack.viewers._MOST_KEPT", 1)
    for _ in range(2):
        viewers.find_timezone(ADA)
        viewers.is_colleague(Person("T0LAB", "U0NOBODY"))
    assert len(slack.calls("users.info")) == 4

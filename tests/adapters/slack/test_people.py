"""Who is an admin, and who is in a channel: asked for once a minute."""

import json
from typing import TYPE_CHECKING

import pytest

from bot.adapters.slack.errors import SlackError, Trouble
from bot.adapters.slack.people import People
from bot.core.slack_names import Person
from tests.adapters.slack.lab import Lab
from tests.fakes.slack_api import BROKEN, Fault

if TYPE_CHECKING:
    from bot.flows.permitting import Workspaces

    def keep(people: People) -> Workspaces:
        return people


ADA, BEN = Person("T0LAB", "U0ADA"), Person("T0LAB", "U0BEN")


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_admins_are_told_from_others(lab: Lab) -> None:
    people = People(lab.clients())
    assert people.is_admin(ADA)
    assert not people.is_admin(BEN)
    assert not people.is_admin(Person("T0LAB", "U0NOBODY"))


@pytest.mark.parametrize(
    ("user", "admin"),
    [
        ({"team_id": "T0LAB", "is_admin": True}, True),
        ({"team_id": "T0LAB", "is_owner": True}, True),
        ({"team_id": "T0LAB", "is_admin": "yes"}, False),
        ({"team_id": "T0LAB", "is_admin": True, "deleted": True}, False),
        ({"team_id": "T0LAB", "is_admin": True, "is_stranger": True}, False),
        # An admin of another workspace, in a shared channel.
        ({"team_id": "T0FAR", "is_admin": True}, False),
        ({"is_admin": True}, False),
        ({"team_id": "T0FAR", "enterprise_user": {"teams": ["T0LAB"]}, "is_admin": True}, True),
        ({"team_id": "T0FAR", "enterprise_user": {"teams": ["T0SEA"]}, "is_admin": True}, False),
        ({"team_id": "T0FAR", "enterprise_user": {"teams": "T0LAB"}, "is_admin": True}, False),
        ("ada", False),
    ],
)
def test_only_an_admin_of_this_workspace_is_one_here(
    lab: Lab, user: object, *, admin: bool
) -> None:
    lab.slack.misbehave(Fault(body=json.dumps({"ok": True, "user": user})), "users.info")
    assert People(lab.clients()).is_admin(ADA) is admin


def test_members_of_a_channel_are_told_however_many_they_are(lab: Lab) -> None:
    lab.slack.world.page = 10
    lab.papers.members |= {f"U1{number:03}" for number in range(45)}
    people = People(lab.clients())
    assert people.is_member(BEN, "C0PAPERS")
    assert people.is_member(Person("T0LAB", "U1044"), "C0PAPERS")
    assert not people.is_member(Person("T0LAB", "U0NOBODY"), "C0PAPERS")
    assert len(lab.slack.calls("conversations.members")) == 5


def test_a_channel_that_nobody_can_count_is_not_told(lab: Lab) -> None:
    lab.slack.world.page = 1
    lab.papers.members |= {f"U1{number:03}" for number in range(120)}
    with pytest.raises(SlackError, match="channel C0PAPERS has too many members to tell"):
        People(lab.clients()).is_member(BEN, "C0PAPERS")


def test_answers_are_kept_for_a_minute_each_for_what_it_was_asked(lab: Lab) -> None:
    clock = Clock()
    people = People(lab.clients(), elapsed=clock)
    for _ in range(3):
        assert people.is_admin(ADA)
        assert not people.is_admin(BEN)
        assert people.is_member(BEN, "C0PAPERS")
    assert len(lab.slack.calls("users.info")) == 2
    lab.papers.members.discard("U0BEN")
    assert people.is_member(BEN, "C0PAPERS")
    clock.now = 61
    assert not people.is_member(BEN, "C0PAPERS")


@pytest.mark.parametrize("error", ["channel_not_found", "missing_scope"])
def test_where_slack_cannot_tell_that_is_said_and_not_kept(lab: Lab, error: str) -> None:
    people = People(lab.clients())
    rule = lab.slack.misbehave(Fault(error=error), "conversations.members")
    with pytest.raises(SlackError, match=error):
        people.is_member(BEN, "C0PAPERS")
    lab.slack.behave(rule)
    assert people.is_member(BEN, "C0PAPERS")
    lab.slack.misbehave(BROKEN, "users.info")
    with pytest.raises(SlackError) as unsure:
        people.is_admin(ADA)
    assert unsure.value.trouble is Trouble.UNSURE


def test_not_everything_is_kept_for_ever(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.adapters.slack.people._MOST_KEPT", 2)
    people = People(lab.clients())
    for person in (ADA, BEN, Person("T0LAB", "U0NOBODY"), ADA):
        people.is_admin(person)
    assert len(lab.slack.calls("users.info")) == 4

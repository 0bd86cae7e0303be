from dataclasses import dataclass, field, replace

import pytest

from bot.core.editions import Destination, DestinationKind
from bot.core.keyword_sets import KeywordSet
from bot.core.slack_names import Person, SlackPlace, workspace_owner
from bot.core.subscriptions import CONFIG, OPERATOR, Subscription
from bot.errors import BotError, RefusedError, UserError
from bot.flows.permitting import (
    check_place,
    check_set,
    check_subscription,
    missing_set,
    missing_subscription,
)

HERE, ELSEWHERE = "T111", "T222"
ADA, BOB, ROOT, ZOE = (Person(HERE, user) for user in ("UADA", "UBOB", "UROOT", "UZOE"))
# The same ids may stand for other people in another workspace.
STRANGER = Person(ELSEWHERE, "UADA")
CHANNEL, DIRECT, GONE = "C111", "D111", "C999"


class UnreachableError(BotError):
    """Slack did not answer."""


@dataclass
class KnownWorkspaces:
    """What Slack would say: Bob is in the channel, Ada in her direct message, Root an admin."""

    admins: set[Person] = field(default_factory=lambda: {ROOT, Person(ELSEWHERE, "UROOT")})
    members: dict[str, set[Person]] = field(default_factory=lambda: {CHANNEL: {BOB}, DIRECT: {ADA}})
    silent: set[str] = field(default_factory=set)
    asked: int = 0

    def is_admin(self, person: Person) -> bool:
        self.asked += 1
        if "admins" in self.silent:
            msg = "Slack does not say who is an admin"
            raise UnreachableError(msg)
        return person in self.admins

    def is_member(self, person: Person, channel: str) -> bool:
        self.asked += 1
        if channel not in self.members:
            msg = f"there is no {channel}"
            raise UnreachableError(msg)
        return person in self.members[channel]


@pytest.fixture
def workspaces() -> KnownWorkspaces:
    return KnownWorkspaces()


MLLM = KeywordSet("MLLM", query="VLM", owner=workspace_owner(HERE), creator=ADA.origin)


def subscribe(
    channel: str, team: str = HERE, kind: DestinationKind = DestinationKind.CHANNEL
) -> Subscription:
    place = Destination(kind, str(SlackPlace(team, channel)))
    return Subscription(*MLLM.key, place, origin=ADA.origin, id=7)


@pytest.mark.parametrize("person", [ADA, ROOT])
def test_a_set_is_changed_by_its_creator_and_by_admins(
    workspaces: KnownWorkspaces, person: Person
) -> None:
    check_set(person, MLLM, workspaces)


@pytest.mark.parametrize("creator", [ADA.origin, ""])
def test_others_are_told_who_may_change_a_set(workspaces: KnownWorkspaces, creator: str) -> None:
    with pytest.raises(RefusedError) as refused:
        check_set(BOB, replace(MLLM, creator=creator), workspaces)
    assert isinstance(refused.value, UserError)
    assert str(refused.value) == (
        "only who made the set 'MLLM' or an admin of this workspace may change it: ask one of"
        " them, or make a set of your own"
    )


@pytest.mark.parametrize("owner", [CONFIG, OPERATOR])
@pytest.mark.parametrize("person", [ADA, ROOT, STRANGER])
def test_the_operators_sets_are_theirs(
    workspaces: KnownWorkspaces, owner: str, person: Person
) -> None:
    with pytest.raises(RefusedError) as refused:
        check_set(person, replace(MLLM, owner=owner), workspaces)
    assert str(refused.value) == "the set 'MLLM' is the operator's: ask them to change it"
    assert workspaces.asked == 0


@pytest.mark.parametrize("owner", [workspace_owner(HERE), "person:7", ""])
@pytest.mark.parametrize("person", [STRANGER, Person(ELSEWHERE, "UROOT")])
def test_anothers_set_is_refused_as_one_that_does_not_exist(
    workspaces: KnownWorkspaces, owner: str, person: Person
) -> None:
    with pytest.raises(RefusedError) as refused:
        check_set(person, replace(MLLM, owner=owner, creator=person.origin), workspaces)
    assert str(refused.value) == str(missing_set("MLLM"))
    assert str(refused.value).startswith("there is no set 'MLLM' here")
    assert workspaces.asked == 0


@pytest.mark.parametrize("person", [ADA, BOB, ROOT])
def test_a_channels_subscription_is_changed_by_whoever_asked_members_and_admins(
    workspaces: KnownWorkspaces, person: Person
) -> None:
    check_subscription(person, subscribe(CHANNEL), workspaces)


def test_others_are_told_who_may_change_a_subscription(workspaces: KnownWorkspaces) -> None:
    with pytest.raises(RefusedError) as refused:
        check_subscription(ZOE, subscribe(CHANNEL), workspaces)
    assert str(refused.value) == (
        "only who asked for subscription 7, members of its channel and admins of this workspace"
        " may change it: ask one of them"
    )


@pytest.mark.parametrize("person", [ADA, ROOT])
def test_a_gone_channels_subscription_can_still_be_removed(
    workspaces: KnownWorkspaces, person: Person
) -> None:
    check_subscription(person, subscribe(GONE), workspaces)


def test_nobody_is_let_through_or_refused_where_slack_cannot_tell(
    workspaces: KnownWorkspaces,
) -> None:
    with pytest.raises(UnreachableError):
        check_subscription(BOB, subscribe(GONE), workspaces)
    workspaces.silent = {"admins"}
    with pytest.raises(UnreachableError):
        check_subscription(ZOE, subscribe(CHANNEL), workspaces)
    with pytest.raises(UnreachableError):
        check_set(BOB, MLLM, workspaces)
    with pytest.raises(UnreachableError):
        check_place(ZOE, SlackPlace(HERE, CHANNEL), workspaces)
    check_subscription(BOB, subscribe(CHANNEL), workspaces)


def test_a_direct_messages_subscription_is_its_owners_alone(workspaces: KnownWorkspaces) -> None:
    check_subscription(ADA, subscribe(DIRECT), workspaces)
    for person in (BOB, ROOT):
        with pytest.raises(RefusedError) as refused:
            check_subscription(person, subscribe(DIRECT), workspaces)
        assert str(refused.value) == str(missing_subscription(7))
    assert workspaces.asked == 0


@pytest.mark.parametrize("origin", [ADA.origin, STRANGER.origin, CONFIG, OPERATOR])
@pytest.mark.parametrize(
    "subscription",
    [
        subscribe(CHANNEL),
        subscribe(DIRECT),
        subscribe("", ""),
        subscribe("lab@lab.example", "", DestinationKind.EMAIL),
        subscribe("digests", "", DestinationKind.FOLDER),
        subscribe(CHANNEL, kind=DestinationKind.FOLDER),
    ],
)
def test_what_is_not_seen_here_is_refused_as_if_it_did_not_exist(
    workspaces: KnownWorkspaces, subscription: Subscription, origin: str
) -> None:
    for person in (STRANGER, Person(ELSEWHERE, "UROOT")):
        with pytest.raises(RefusedError) as refused:
            check_subscription(person, replace(subscription, origin=origin), workspaces)
        assert str(refused.value) == "there is no subscription 7 here: choose a listed number"
    assert workspaces.asked == 0


@pytest.mark.parametrize("origin", [CONFIG, OPERATOR])
@pytest.mark.parametrize("place", [(CHANNEL, HERE), ("#papers", ""), (CHANNEL, "")])
@pytest.mark.parametrize("person", [ADA, BOB, ROOT])
def test_the_operators_subscriptions_are_theirs(
    workspaces: KnownWorkspaces, origin: str, place: tuple[str, str], person: Person
) -> None:
    subscription = replace(subscribe(*place), origin=origin)
    with pytest.raises(RefusedError) as refused:
        check_subscription(person, subscription, workspaces)
    assert str(refused.value) == "subscription 7 is the operator's: ask them to change it"
    assert workspaces.asked == 0


def test_the_operators_subscription_of_a_direct_message_is_nobodys_here(
    workspaces: KnownWorkspaces,
) -> None:
    with pytest.raises(RefusedError, match="there is no subscription 7"):
        check_subscription(ROOT, replace(subscribe(DIRECT), origin=OPERATOR), workspaces)


@pytest.mark.parametrize(
    ("person", "channel"), [(BOB, CHANNEL), (ROOT, CHANNEL), (ROOT, GONE), (ADA, DIRECT)]
)
def test_digests_go_where_members_and_admins_want_them(
    workspaces: KnownWorkspaces, person: Person, channel: str
) -> None:
    check_place(person, SlackPlace(HERE, channel), workspaces)


@pytest.mark.parametrize(
    ("person", "place"),
    [
        (ZOE, SlackPlace(HERE, CHANNEL)),
        (Person(ELSEWHERE, "UROOT"), SlackPlace(HERE, CHANNEL)),
        (ROOT, SlackPlace("", CHANNEL)),
        (ROOT, SlackPlace(HERE, "#papers")),
        (ROOT, SlackPlace(HERE, "")),
    ],
)
def test_no_digests_go_to_a_channel_by_others_wish(
    workspaces: KnownWorkspaces, person: Person, place: SlackPlace
) -> None:
    with pytest.raises(RefusedError) as refused:
        check_place(person, place, workspaces)
    assert str(refused.value) == (
        "only members of that channel and admins of this workspace may have digests sent there:"
        " join it, or ask one of them"
    )


@pytest.mark.parametrize("person", [BOB, ROOT, STRANGER])
def test_no_digests_go_to_anothers_direct_message(
    workspaces: KnownWorkspaces, person: Person
) -> None:
    with pytest.raises(RefusedError) as refused:
        check_place(person, SlackPlace(HERE, DIRECT), workspaces)
    assert str(refused.value) == (
        "digests come to a direct message only where its own person asks for them: ask there"
    )

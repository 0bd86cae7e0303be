"""Who may change what from Slack: a refusal says who may, and nothing of what is not theirs."""

from collections.abc import Callable
from typing import Protocol

from bot.core.editions import DestinationKind
from bot.core.keyword_sets import KeywordSet
from bot.core.slack_names import (
    HOME,
    Person,
    SlackPlace,
    is_channel,
    parse_owner,
    parse_place,
)
from bot.core.subscriptions import CONFIG, OPERATOR, Subscription
from bot.errors import BotError, RefusedError


class Workspaces(Protocol):
    """What Slack knows of people; both raise BotError where it cannot tell."""

    def is_admin(self, person: Person) -> bool:
        """Whether somebody administers their workspace."""
        ...

    def is_member(self, person: Person, channel: str) -> bool:
        """Whether somebody is in a conversation of their workspace, named by its id."""
        ...


def check_set(person: Person, keyword_set: KeywordSet, workspaces: Workspaces) -> None:
    """Let a set's creator and the admins of its workspace change it; raise RefusedError.

    Another workspace's set is refused as one that does not exist.
    """
    name = keyword_set.name
    if keyword_set.owner in (CONFIG, OPERATOR):
        msg = f"the set {name!r} is the operator's: ask them to change it"
        raise RefusedError(msg)
    if parse_owner(keyword_set.owner) != person.team:
        raise missing_set(name)
    if keyword_set.creator == person.origin:
        return
    if not _any_holds(lambda: workspaces.is_admin(person)):
        msg = (
            f"only who made the set {name!r} or an admin of this workspace may change it: ask one"
            " of them, or make a set of your own"
        )
        raise RefusedError(msg)


def check_subscription(person: Person, subscription: Subscription, workspaces: Workspaces) -> None:
    """Let who asked for a subscription, its channel's members and admins change it.

    In a direct message only who asked for it; raise RefusedError for all others. What another
    workspace, another's direct messages, mail or folders get is refused as if it did not exist.
    """
    place = _find_place(subscription)
    operators = subscription.origin in (CONFIG, OPERATOR)
    mine = subscription.origin == person.origin
    near = place.team == person.team or (operators and place.team == HOME)
    if not near or not place.channel or (place.is_direct and not mine):
        raise missing_subscription(subscription.id)
    if operators:
        msg = f"subscription {subscription.id} is the operator's: ask them to change it"
        raise RefusedError(msg)
    if not mine and not _reigns(person, place, workspaces):
        msg = (
            f"only who asked for subscription {subscription.id}, members of its channel and admins"
            " of this workspace may change it: ask one of them"
        )
        raise RefusedError(msg)


def check_place(person: Person, place: SlackPlace, workspaces: Workspaces) -> None:
    """Let a conversation's members, and for a channel admins too, have digests sent there.

    Raise RefusedError, in the same words for another workspace's and for what names none.
    """
    allowed = False
    if place.team == person.team and is_channel(place.channel):
        if place.is_direct:
            allowed = workspaces.is_member(person, place.channel)
        else:
            allowed = _reigns(person, place, workspaces)
    if allowed:
        return
    if place.is_direct:
        msg = "digests come to a direct message only where its own person asks for them: ask there"
        raise RefusedError(msg)
    msg = (
        "only members of that channel and admins of this workspace may have digests sent there:"
        " join it, or ask one of them"
    )
    raise RefusedError(msg)


def missing_set(name: str) -> RefusedError:
    """Make the answer for a set that is not there, or not for whoever asks."""
    return RefusedError(f"there is no set {name!r} here: choose one that is listed, or make it")


def missing_subscription(subscription_id: int) -> RefusedError:
    """Make the answer for a subscription that is not there, or not for whoever asks."""
    return RefusedError(f"there is no subscription {subscription_id} here: choose a listed number")


def _find_place(subscription: Subscription) -> SlackPlace:
    """Find the conversation that a subscription goes to; one without a channel where none is."""
    destination = subscription.destination
    if destination.kind is not DestinationKind.CHANNEL:
        return SlackPlace(HOME, "")
    return parse_place(destination.address)


def _reigns(person: Person, place: SlackPlace, workspaces: Workspaces) -> bool:
    return _any_holds(
        lambda: workspaces.is_member(person, place.channel), lambda: workspaces.is_admin(person)
    )


def _any_holds(*questions: Callable[[], bool]) -> bool:
    """Whether the answer to any question is yes; raise BotError where that cannot be told.

    A channel that is gone has no members to ask for, but its workspace still has admins.
    """
    unanswered: BotError | None = None
    for ask in questions:
        try:
            if ask():
                return True
        except BotError as error:
            unanswered = error
    if unanswered is not None:
        raise unanswered
    return False

"""What became of a delivery when Slack did not take it, in sentences that say what to do."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from bot.adapters.slack.errors import SlackError, Trouble
from bot.errors import DeliveryError

SHUT_OUT = frozenset({Trouble.WORKSPACE, Trouble.EXPIRED})
# What people have to see to, so that they are told where.
PEOPLES = SHUT_OUT | {Trouble.PLACE, Trouble.OURS}


class Step(Enum):
    """What was tried."""

    READING = auto()
    """Something that changes nothing, before anything was sent."""
    POSTING = auto()
    LOOKING = auto()
    """Whether something that may have arrived is there."""


@dataclass(frozen=True, slots=True)
class Scene:
    """Where a delivery goes, as people name it: the conversation, its workspace, the app there.

    `is_home`: the token is the environment's.
    """

    place: str
    workspace: str
    app: str = "papers"
    is_direct: bool = False
    is_home: bool = True


def to_delivery_error(error: SlackError, step: Step, scene: Scene) -> DeliveryError:
    """Say of an error what it means for the delivery, and to people what to do.

    How a subscription is resumed afterwards is left to whoever shows that it is paused.
    """
    if error.trouble is Trouble.PLACE:
        said = _say_place(error.code, scene) if error.code else error.reason
        return DeliveryError(said, gone=True)
    if error.trouble in SHUT_OUT:
        return DeliveryError(_say_workspace(error, scene), gone=True)
    looking = step is Step.LOOKING
    if error.trouble is Trouble.BUSY:
        return DeliveryError(str(error), busy=True, unknown=looking, retry_after=error.retry_after)
    if error.trouble is Trouble.OURS:
        return DeliveryError(_say_ours(error, scene), permanent=True)
    # What was refused, or never left, is not there. An answer that does not come says nothing.
    unsure = error.trouble is Trouble.UNSURE and step is Step.POSTING
    return DeliveryError(str(error), unknown=looking or unsure)


def _say_archived(scene: Scene) -> str:
    return f"{scene.place} is archived: unarchive it"


def _say_outside(scene: Scene) -> str:
    return f"{scene.app} is not in {scene.place}: type `/invite @{scene.app}` there"


def _say_unseen(scene: Scene) -> str:
    if scene.is_direct:
        return f"{scene.place} is not there any more: write to {scene.app} again"
    return (
        f"{scene.app} sees no {scene.place}: if it is private, type `/invite @{scene.app}` there;"
        " if it was deleted, remove the subscription"
    )


def _say_restricted(scene: Scene) -> str:
    return (
        f"not everybody may post in {scene.place}: let {scene.app} post there, in the channel's"
        " settings"
    )


def _say_tab(scene: Scene) -> str:
    return (
        f"{scene.app} takes no direct messages, as its messages tab is off: turn that on under App"
        " Home of the app"
    )


def _say_person(scene: Scene) -> str:
    return f"nobody can be written to in {scene.place}: remove the subscription"


_PLACES: dict[str, Callable[[Scene], str]] = {
    "is_archived": _say_archived,
    "not_in_channel": _say_outside,
    "channel_not_found": _say_unseen,
    "messages_tab_disabled": _say_tab,
    "cannot_dm_bot": _say_person,
    "user_disabled": _say_person,
    "user_not_found": _say_person,
}


def _say_place(code: str, scene: Scene) -> str:
    say = _PLACES.get(code)
    if say is not None:
        return say(scene)
    if code.startswith("restricted_action"):
        return _say_restricted(scene)
    return f"{scene.place} takes nothing from {scene.app} ({code}): see to its settings"


def _say_workspace(error: SlackError, scene: Scene) -> str:
    where = f"in the workspace {scene.workspace}" if scene.workspace else "in Slack"
    if error.code == "missing_scope":
        scope = f"the scope {error.scope}" if error.scope else "the scope that it lacks"
        return (
            f"{scene.app} may not do this {where}: add {scope} under OAuth & Permissions of the"
            " app and install it again"
        )
    if not error.code:
        return f"nothing can be posted {where}: {error.reason}"
    if error.trouble is Trouble.EXPIRED:
        return f"the token of {scene.app} {where} has expired: install the app again"
    if scene.is_home:
        return (
            f"Slack does not take SLACK_BOT_TOKEN {where} ({error.code}): put the app's present"
            " Bot User OAuth Token there and start again"
        )
    return f"{scene.app} is shut out {where} ({error.code}): install the app there again"


def _say_ours(error: SlackError, scene: Scene) -> str:
    if error.code in ("thread_not_found", "cannot_reply_to_message"):
        return f"somebody deleted the digest in {scene.place}, so the rest of it was not posted"
    return f"{error}; that is a fault of this program: please report it"

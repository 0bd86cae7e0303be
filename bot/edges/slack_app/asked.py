"""What Slack tells of something that a person did: JSON -> frozen types; trusts only its team.

Everything else in a payload (a button's value, a view's metadata and state) may be forged by the
person, so it is handed on as text, for flows to check against who that person is.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.core.slack_names import Person, is_channel, is_team, is_user
from bot.edges.slack_app.texts import unescape
from bot.errors import UserError

Body = Mapping[str, Any]

# What Slack calls conversations whose names it keeps to itself.
_NAMELESS = frozenset({"directmessage", "privategroup"})


@dataclass(frozen=True, slots=True)
class Asker:
    """Who did something, where an answer goes, and what opens a modal.

    `team` in `person` is the workspace in which the app is installed. `home` is the workspace that
    the person belongs to by what Slack says, "" where it does not; `enterprise` the organisation
    of the workspace. `channel`, `url` and `trigger` are "" where there is none. `surface` is the
    kind of view where it was done, "modal" or "home"; "": in a conversation.
    """

    person: Person
    home: str = ""
    enterprise: str = ""
    channel: str = ""
    url: str = ""
    trigger: str = ""
    surface: str = ""

    @property
    def is_stranger(self) -> bool:
        """Whether somebody of another workspace looks in through a shared channel.

        People of an organisation may belong to several of its workspaces, and Slack names one of
        them, so that for them it takes a look at the person:
        https://github.com/slackapi/bolt-js/issues/1875
        """
        return self.home not in ("", self.person.team, self.enterprise)


@dataclass(frozen=True, slots=True)
class View:
    """A modal or Home as a person left it; `values` is block id -> action id -> element."""

    id: str
    hash: str
    callback: str
    metadata: str
    values: Mapping[str, Mapping[str, Body]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Typed:
    """A slash command; `text` as it was typed, `called` the channel's name where it has one."""

    asker: Asker
    text: str
    called: str = ""


@dataclass(frozen=True, slots=True)
class Clicked:
    """One element used: `value` is the button's or that of the option chosen."""

    asker: Asker
    action: str
    value: str
    view: View | None = None


@dataclass(frozen=True, slots=True)
class Submitted:
    """A modal that was sent off, or closed."""

    asker: Asker
    view: View


@dataclass(frozen=True, slots=True)
class Picked:
    """A shortcut; `message` is the one on which it was used, empty where there is none."""

    asker: Asker
    message: Body = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Told:
    """An event: `id` is the same when Slack tells it again; `at` is UNIX time, 0 if unknown."""

    id: str
    asker: Asker
    event: Body
    at: int = 0


def read_typed(body: Body) -> Typed:
    """Read a slash command's form."""
    called = get_text(body, "channel_name")
    return Typed(
        _read_person(body),
        unescape(get_text(body, "text")),
        "" if called in _NAMELESS else called,
    )


def read_clicked(body: Body) -> Clicked:
    """Read the (first) action of a `block_actions` payload."""
    actions = body.get("actions")
    action = actions[0] if isinstance(actions, list) and actions else {}
    return Clicked(
        _read_person(body),
        action=get_text(action, "action_id"),
        value=get_text(action, "selected_option", "value") or get_text(action, "value"),
        view=read_view(body) if body.get("view") else None,
    )


def read_submitted(body: Body) -> Submitted:
    """Read a `view_submission` or `view_closed` payload."""
    return Submitted(_read_person(body), read_view(body))


def read_picked(body: Body) -> Picked:
    """Read a shortcut's payload."""
    message = body.get("message")
    return Picked(_read_person(body), message if isinstance(message, dict) else {})


def read_told(body: Body) -> Told:
    """Read an event's envelope."""
    event, at = body.get("event"), body.get("event_time")
    return Told(
        get_text(body, "event_id"),
        read_asker(body),
        event if isinstance(event, dict) else {},
        at if isinstance(at, int) else 0,
    )


def read_view(body: Body) -> View:
    """Read the view of a payload."""
    values = get(body, "view", "state", "values")
    return View(
        id=get_text(body, "view", "id"),
        hash=get_text(body, "view", "hash"),
        callback=get_text(body, "view", "callback_id"),
        metadata=get_text(body, "view", "private_metadata"),
        values=values if isinstance(values, dict) else {},
    )


def read_asker(body: Body) -> Asker:
    """Read who did something; raise UserError where Slack does not say for which workspace.

    Of events the person may be missing, who then is "".
    """
    team = _find_team(body)
    user = _first(
        get_text(body, "user_id"), get_text(body, "user", "id"), get_text(body, "event", "user")
    )
    if not is_team(team):
        msg = "Slack did not say for which workspace this is"
        raise UserError(msg)
    channel = _first(
        get_text(body, "channel_id"),
        get_text(body, "channel", "id"),
        get_text(body, "container", "channel_id"),
        get_text(body, "event", "channel"),
    )
    return Asker(
        Person(team, user if is_user(user) else ""),
        home=get_text(body, "user", "team_id"),
        enterprise=_first(get_text(body, "enterprise", "id"), get_text(body, "enterprise_id")),
        channel=channel if is_channel(channel) else "",
        url=get_text(body, "response_url"),
        trigger=get_text(body, "trigger_id"),
        surface=get_text(body, "view", "type"),
    )


def _read_person(body: Body) -> Asker:
    asker = read_asker(body)
    if not asker.person.user:
        msg = "Slack did not say who this is"
        raise UserError(msg)
    return asker


def get(node: object, *path: str) -> object:
    """Follow names into JSON; None where it is not of that shape."""
    for name in path:
        node = node.get(name) if isinstance(node, Mapping) else None
    return node


def get_text(node: object, *path: str) -> str:
    """Follow names into JSON to a text; "" where there is none."""
    found = get(node, *path)
    return found if isinstance(found, str) else ""


def _find_team(body: Body) -> str:
    """Find the workspace in which the app is installed, for which the payload is.

    A modal opened from a channel that two workspaces share names its own; an event in such a
    channel is told for the workspace of its authorization, not for the message's; and where the
    app is installed in a whole organisation there is the person's alone:
    https://github.com/slackapi/bolt-python/pull/734
    https://github.com/slackapi/java-slack-sdk/issues/629
    """
    told = body.get("authorizations")
    return _first(
        get_text(body, "view", "app_installed_team_id"),
        get_text(body, "team", "id"),
        get_text(told[0], "team_id") if isinstance(told, list) and told else "",
        get_text(body, "team_id"),
        get_text(body, "user", "team_id"),
    )


def _first(*texts: str) -> str:
    return next(filter(None, texts), "")

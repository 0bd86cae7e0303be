"""How Slack names workspaces, conversations and people; asks nobody whether they exist."""

import re
from dataclasses import dataclass
from typing import Final

# Workspaces (and Enterprise Grid organisations), conversations and people:
# https://docs.slack.dev/reference/objects
_TEAM: Final = re.compile(r"[TE][A-Z0-9]{2,29}")
_CHANNEL: Final = re.compile(r"[CGD][A-Z0-9]{2,29}")
_USER: Final = re.compile(r"[UW][A-Z0-9]{2,29}")
_ORIGIN: Final = re.compile(rf"slack:({_TEAM.pattern})/({_USER.pattern})")
_OWNER: Final = re.compile(rf"slack:({_TEAM.pattern})")

HOME: Final = ""
"""The workspace whose token the environment holds, as the configuration's channels name it."""


@dataclass(frozen=True, slots=True)
class SlackPlace:
    """A conversation of a workspace: by id, or `#name` where the configuration names it."""

    team: str
    channel: str

    def __str__(self) -> str:
        """Write it as a destination's address."""
        return f"{self.team}/{self.channel}" if self.team else self.channel

    @property
    def is_direct(self) -> bool:
        """Whether it is a conversation with one person alone."""
        return self.channel.startswith("D") and is_channel(self.channel)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of a workspace."""

    team: str
    user: str

    @property
    def origin(self) -> str:
        """Write it as who asked for a subscription or made a set."""
        return f"{workspace_owner(self.team)}/{self.user}"


def parse_place(address: str) -> SlackPlace:
    """Read a destination's address; what has no workspace's id before its slash is of HOME.

    >>> parse_place("T0123/C0456"), parse_place("#papers")
    (SlackPlace(team='T0123', channel='C0456'), SlackPlace(team='', channel='#papers'))
    """
    team, slash, channel = address.partition("/")
    if slash and is_team(team):
        return SlackPlace(team, channel)
    return SlackPlace(HOME, address)


def parse_person(origin: str) -> Person | None:
    """Read who asked for something; None where that was nobody of Slack."""
    found = _ORIGIN.fullmatch(origin)
    return Person(found[1], found[2]) if found else None


def workspace_owner(team: str) -> str:
    """Name a workspace as the owner of keyword sets."""
    return f"slack:{team}"


def parse_owner(owner: str) -> str | None:
    """Read which workspace owns a set; None where none does."""
    found = _OWNER.fullmatch(owner)
    return found[1] if found else None


def is_team(text: str) -> bool:
    """Whether a text has the shape of a workspace's id."""
    return _TEAM.fullmatch(text) is not None


def is_channel(text: str) -> bool:
    """Whether a text has the shape of a conversation's id."""
    return _CHANNEL.fullmatch(text) is not None


def is_user(text: str) -> bool:
    """Whether a text has the shape of a person's id."""
    return _USER.fullmatch(text) is not None

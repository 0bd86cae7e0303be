"""Keyword sets: a saved, named query with its categories and announcement types."""

from dataclasses import dataclass
from enum import StrEnum

from bot.core.editions import SetSummary
from bot.core.papers import AnnounceType

# Replacements are opt-in.
DEFAULT_TYPES = (AnnounceType.NEW, AnnounceType.CROSS)

LONGEST_NAME = 80

SetKey = tuple[str, str]


def is_name(text: str) -> bool:
    """Whether a set can be called so: printable, and neither empty nor too long."""
    return 0 < len(text) <= LONGEST_NAME and text.isprintable()


class MatchMode(StrEnum):
    """How a set's keywords are compared with a paper."""

    WORDS = "words"
    SUBSTRING = "substring"


@dataclass(frozen=True, slots=True)
class KeywordSet:
    """A saved query: either `keywords` or `query`, never both.

    Each member of `keywords` is one alternative; its strings must all match. A paper that matches
    any of `exclude` is left out. `categories` empty means every followed category. `types` are the
    announcement types that reach an edition. `owner` is "config" for sets of the config file,
    "operator" for those added on the command line, and `core.slack_names.workspace_owner` for
    those of a workspace; `creator` is who made one of the latter (`Person.origin`).
    """

    name: str
    keywords: tuple[tuple[str, ...], ...] = ()
    query: str = ""
    exclude: tuple[str, ...] = ()
    types: tuple[AnnounceType, ...] = DEFAULT_TYPES
    categories: tuple[str, ...] = ()
    match: MatchMode = MatchMode.WORDS
    owner: str = "config"
    paused: bool = False
    creator: str = ""

    @property
    def key(self) -> SetKey:
        """What tells sets apart: owner and name."""
        return self.owner, self.name

    @property
    def summary(self) -> SetSummary:
        """The set as a digest shows it."""
        shown = (self.query,) if self.query else tuple(",".join(parts) for parts in self.keywords)
        return SetSummary(self.name, shown, self.exclude)

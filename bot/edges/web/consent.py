"""What the forms ask of the flows of consent; says nothing of how they know who is subscribed."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from bot.render.forms import Choices


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whom a link is for, and which sets it is about (none: all of them).

    `preferences` is the token of the page where that person chooses.
    """

    address: str
    sets: tuple[str, ...]
    preferences: str = ""


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a person sent with the form of the preferences, as it was written."""

    sets: Collection[str]
    on: str
    at: str
    timezone: str
    bundled: bool
    until: date | None


class Consent(Protocol):
    """Subscribe, confirm, choose, leave; each may be done twice, and then changes nothing more.

    Tokens that are forged, cut or too old raise MissingError with a sentence that says what to do;
    what cannot be read raises UserError. What begins with `show` changes nothing.
    """

    def ask(self, address: str, set_name: str, on: str, *, source: str) -> None:
        """Mail an address a link to confirm, or to its preferences; bounded by address and source.

        Nobody learns from this whether the address is known: only one that cannot be read, and a
        set that there is not, raise UserError.
        """
        ...

    def show_wish(self, token: str) -> Wanted:
        """Say what a confirmation would begin."""
        ...

    def confirm(self, token: str) -> Wanted:
        """Begin what was asked for."""
        ...

    def show_choices(self, token: str) -> Choices:
        """Say what a person has chosen."""
        ...

    def choose(self, token: str, chosen: Chosen) -> None:
        """Change what a person has chosen."""
        ...

    def export(self, token: str) -> str:
        """Write all that is held of a person as JSON."""
        ...

    def erase(self, token: str) -> None:
        """Remove all that is held of a person."""
        ...

    def show_leaving(self, token: str) -> Wanted:
        """Say what a link to leave would end."""
        ...

    def leave(self, token: str) -> None:
        """End what a link to leave is for; a preferences token ends everything."""
        ...

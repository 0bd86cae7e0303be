"""What the forms ask of the flows of consent; says nothing of how they know who is subscribed."""

from typing import Protocol

from bot.core.subscribers import Choices, Chosen, Wanted


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

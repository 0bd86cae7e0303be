"""The pages with which people subscribe, choose and leave; nothing here knows who is subscribed."""

from typing import TYPE_CHECKING

from bot.core.subscribers import Choices
from bot.render.pages import RHYTHMS, Frame, make_fit
from bot.render.segments import one_line
from bot.render.wording import join_words

if TYPE_CHECKING:
    import jinja2


class Forms:
    """Writes the pages of consent; a token of an address is all that they know of a person."""

    def __init__(self, templates: "jinja2.Environment", frame: Frame, script: str = "") -> None:
        """Write them with these templates; `script` is the name of the only script's file."""
        self._templates = templates
        self._frame = frame
        self._script = script

    def asked(self, name: str) -> str:
        """Say what happens next, the same whoever asked."""
        return self._write("asked", name=one_line(name))

    def confirm(self, token: str, address: str, sets: tuple[str, ...]) -> str:
        """Ask whether an address wants what was asked for."""
        return self._write(
            "confirm", token=token, address=one_line(address), wanted=_name_sets(sets)
        )

    def confirmed(self, preferences: str, address: str, sets: tuple[str, ...]) -> str:
        """Say that a subscription began; `preferences` is the token of the page to change it."""
        return self._write(
            "confirmed",
            preferences=preferences,
            address=one_line(address),
            wanted=_name_sets(sets),
        )

    def preferences(self, token: str, choices: Choices, said: str = "") -> str:
        """Show what a person has chosen, to be changed."""
        return self._write(
            "preferences",
            token=token,
            choices={
                "address": one_line(choices.address),
                "sets": choices.sets,
                "on": choices.on,
                "at": choices.at,
                "timezone": one_line(choices.timezone),
                "bundled": choices.bundled,
                "until": choices.until.isoformat() if choices.until else "",
            },
            rhythms=_rhythms(choices.on),
            said=said,
            script=self._script,
        )

    def leave(self, token: str, sets: tuple[str, ...], preferences: str = "") -> str:
        """Ask whether a person wants to leave; the button does what a mail program's does."""
        return self._write("leave", token=token, wanted=_name_sets(sets), preferences=preferences)

    def _write(self, template: str, **values: object) -> str:
        page = self._templates.get_template(f"web/forms/{template}.html").render(
            frame=self._frame, paths=self._frame.paths, hidden=True, place="", **values
        )
        return make_fit(page)


def _name_sets(sets: tuple[str, ...]) -> str:
    return join_words([f"“{one_line(each)}”" for each in sets], "and") or "all sets"


def _rhythms(on: str) -> tuple[tuple[str, str], ...]:
    """Offer the usual rhythms, and what a person has where that is none of them."""
    known = {value for value, _ in RHYTHMS}
    return RHYTHMS if on in known else (*RHYTHMS, (on, one_line(on).capitalize()))

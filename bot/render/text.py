"""An edition as plain text, for mail and files; its wording is in templates/email/digest.txt."""

from typing import TYPE_CHECKING, Final

from bot.core.editions import Edition
from bot.render.segments import Segments, shorten
from bot.render.view import PaperView, build_edition_view, evidence

if TYPE_CHECKING:
    import jinja2

_ABSTRACT: Final = 600


def render_edition(edition: Edition, templates: "jinja2.Environment") -> str:
    """Write an edition in lines of 76 columns, hits between asterisks; ends with a newline."""
    template = templates.get_template("email/digest.txt")
    return template.render(edition=build_edition_view(edition), shown=_shown, evidence=evidence)


def _shown(paper: PaperView) -> Segments:
    return shorten(paper.abstract, _ABSTRACT)

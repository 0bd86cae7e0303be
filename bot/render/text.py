"""An edition as plain text, for files and terminals; its wording is that of the mail's text."""

from typing import TYPE_CHECKING, Any

from bot.core.editions import Edition
from bot.render.shown import build_section, build_shown
from bot.render.view import build_edition_view

if TYPE_CHECKING:
    import jinja2


def render_edition(edition: Edition, templates: "jinja2.Environment") -> str:
    """Write an edition in lines of 76 columns, hits between asterisks; ends with a newline."""
    view = build_edition_view(edition)
    groups: list[dict[str, Any]] = [
        {"label": group.label, "papers": [build_shown(paper) for paper in group.papers]}
        for group in view.groups
    ]
    template = templates.get_template("email/digest.txt")
    return template.render(section=build_section(view), groups=groups)

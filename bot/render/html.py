"""An edition, a day or an index as a page of HTML that needs nothing but itself."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from bot.core.days import say_day
from bot.core.editions import DayListing, Edition
from bot.render.segments import Segments, shorten
from bot.render.view import (
    IndexEntry,
    PaperView,
    build_day_view,
    build_edition_view,
    evidence,
    group_days,
)

if TYPE_CHECKING:
    import jinja2

_ABSTRACT: Final = 600


def render_edition(edition: Edition, templates: "jinja2.Environment") -> str:
    """Write an edition as a page; abstracts of at most 600 characters."""
    template = templates.get_template("digest.html")
    return template.render(edition=build_edition_view(edition), shown=_shown, evidence=evidence)


def render_day(listing: DayListing, templates: "jinja2.Environment") -> str:
    """Write everything a day announced as a page, by primary category, abstracts folded away."""
    return templates.get_template("day.html").render(day=build_day_view(listing))


def render_index(entries: Sequence[IndexEntry], templates: "jinja2.Environment") -> str:
    """Write the page that leads to all others; each day's own page is at `DAY/index.html`."""
    template = templates.get_template("index.html")
    return template.render(days=group_days(entries), say_day=say_day)


def _shown(paper: PaperView) -> Segments:
    return shorten(paper.abstract, _ABSTRACT)

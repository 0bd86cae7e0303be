"""An edition's page, its parts, and its papers for BibTeX."""

from datetime import date

from flask import Blueprint, Response, request

from bot.core.archive import Placed
from bot.core.keyword_sets import SetKey
from bot.edges.web.answering import Page, send
from bot.edges.web.reader import find_for_reader
from bot.edges.web.shelf import FEW_MINUTES, Shelf
from bot.errors import MissingError
from bot.flows.reading import find_edition
from bot.render.bibtex import render_bibtex
from bot.render.filtering import Filter, is_known

BIBTEX = "application/x-bibtex; charset=utf-8"


def build_editions(shelf: Shelf) -> Blueprint:
    """Build /sets/NAME/DAY and /sets/NAME/DAY.bib."""
    site = Blueprint("editions", __name__)

    @site.get("/sets/<path:name>/<day:day>")
    def edition(name: str, day: date) -> Response:
        keyword_set, public = find_for_reader(shelf, name)
        placed = find_placed(shelf, keyword_set.key, day)
        page = write_edition(shelf, placed, read_filter(), public=public)
        return send(page, FEW_MINUTES if public else None)

    @site.get("/sets/<path:name>/<day:day>.bib")
    def bibtex(name: str, day: date) -> Response:
        keyword_set, public = find_for_reader(shelf, name)
        placed = find_placed(shelf, keyword_set.key, day)

        def make() -> Page:
            items = shelf.app.store.load_frozen(placed.issue.id).items
            return Page("\n".join(render_bibtex(item.paper) for item in items), BIBTEX)

        page = shelf.kept.get(("edition bib", placed.issue), make)
        return send(
            page,
            FEW_MINUTES if public else None,
            Content_Disposition=f'attachment; filename="papers-{day.isoformat()}.bib"',
        )

    return site


def find_placed(shelf: Shelf, key: SetKey, day: date) -> Placed:
    """Find a set's edition of a day; raise MissingError where there is none."""
    return shelf.look(
        ("edition", key, day),
        lambda: find_edition(shelf.app.store, key, day),
    )


def write_edition(
    shelf: Shelf, placed: Placed, wanted: Filter, *, public: bool, token: str = ""
) -> Page:
    """Write an edition's page, or return it as it was written before; it is frozen.

    Raise MissingError for a part of it that there is not.
    """

    def make() -> Page:
        edition = shelf.app.store.load_frozen(placed.issue.id)
        if not is_known(edition, wanted):
            msg = "this edition has no such part"
            raise MissingError(msg)
        neighbours = (None, None) if token else (placed.before, placed.after)
        return Page(
            shelf.pages.edition(edition, wanted, public=public, neighbours=neighbours, token=token)
        )

    return shelf.kept.get(("edition", placed, wanted, public, token), make)


def read_filter() -> Filter:
    """Read which part of an edition is asked for; raise MissingError for what is no part of any."""
    asked = request.args
    page = asked.get("page", "1")
    if not page.isascii() or not page.isdigit() or len(page) > 4:  # noqa: PLR2004 - 1 to 9999
        msg = "this edition has no such page"
        raise MissingError(msg)
    return Filter(asked.get("category", ""), asked.get("kind", ""), int(page))

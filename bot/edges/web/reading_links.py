"""An edition of a set that is not public, for whoever has its link; the link is the key to it."""

from flask import Blueprint, Response

from bot.edges.web.answering import send
from bot.edges.web.editions import find_placed, read_filter, write_edition
from bot.edges.web.shelf import Shelf
from bot.errors import MissingError
from bot.flows.reading import open_link


def build_reading_links(shelf: Shelf) -> Blueprint:
    """Build /r/TOKEN."""
    site = Blueprint("reading_links", __name__)

    @site.get("/r/<token>")
    def edition(token: str) -> Response:
        if not shelf.app.settings.secret_key:
            msg = "there is no page at this address"
            raise MissingError(msg)
        key, day = open_link(shelf.app.seals, token)
        placed = find_placed(shelf, key, day)
        page = write_edition(shelf, placed, read_filter(), public=False, token=token)
        return send(page, None)

    return site

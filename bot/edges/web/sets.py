"""The list of public sets, and a set's own page."""

from datetime import date

from flask import Blueprint, Response, request

from bot.edges.web.answering import Page, send
from bot.edges.web.reader import find_for_reader
from bot.edges.web.session import write_form_token
from bot.edges.web.shelf import MINUTE, Shelf
from bot.errors import UserError
from bot.flows.reading import list_sets, open_set


def build_sets(shelf: Shelf) -> Blueprint:
    """Build / and /sets/NAME."""
    site = Blueprint("sets", __name__)

    @site.get("/")
    def index() -> Response:
        store, today = shelf.app.store, shelf.today()
        lines = shelf.look(("index", today), lambda: list_sets(store, shelf.public_sets, today))
        page = shelf.kept.get(
            ("index", lines), lambda: Page(shelf.pages.index(lines, store.load_frozen))
        )
        return send(page, MINUTE)

    @site.get("/sets/<path:name>")
    def set_page(name: str) -> Response:
        store, today = shelf.app.store, shelf.today()
        keyword_set, public = find_for_reader(shelf, name)
        before = _read_day(request.args.get("before", ""))
        record = shelf.look(
            ("set", keyword_set.key, before, today),
            lambda: open_set(store, keyword_set, today, before=before),
        )
        token = write_form_token(shelf, "subscribe") if public and shelf.takes_mail else ""
        page = shelf.kept.get(
            ("set", record, before, public, token),
            lambda: Page(
                shelf.pages.set_page(record, public=public, before=before, subscribe_token=token)
            ),
        )
        return send(page, MINUTE if public else None)

    return site


def _read_day(text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        msg = f"{text[:40]!r} is not a day: write it like 2025-12-04"
        raise UserError(msg) from error

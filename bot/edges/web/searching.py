"""Search in stored papers, and what a query would have brought."""

from contextlib import contextmanager
from typing import TYPE_CHECKING

from flask import Blueprint, Response, request

from bot.edges.web.answering import Page, send
from bot.edges.web.shelf import FEW_MINUTES, MINUTE, Shelf
from bot.errors import BotError, UserError
from bot.flows.reading import search, try_query

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from bot.core.answers import Trial

FOUND = 30
TRIED = 30
# How long a trial waits for the one before it: one at a time, so that pages stay quick.
_PATIENCE = 10.0


class BusyError(BotError):
    """Somebody else's trial takes its time."""


def build_searching(shelf: Shelf) -> Blueprint:
    """Build /search and /try."""
    site = Blueprint("searching", __name__)

    @site.get("/search")
    def search_page() -> Response:
        words = request.args.get("q", "").strip()
        if not words:
            return send(Page(shelf.pages.search("", (), FOUND)), FEW_MINUTES)
        try:
            found = shelf.searches.get(
                ("search", words), lambda: search(shelf.app.store, words, FOUND)
            )
        except UserError as error:
            said = shelf.pages.search(words, (), FOUND, problem=str(error))
            return send(Page(said), None, status=400)
        return send(Page(shelf.pages.search(words, found, FOUND)), MINUTE)

    @site.route("/try", methods=["GET", "POST"])
    def trial_page() -> Response:
        query = request.values.get("q", "").strip()
        if not query:
            return send(Page(shelf.pages.trial("", None)), FEW_MINUTES)
        try:
            newest, trial = find_trial(shelf, query)
        except UserError as error:
            return send(Page(shelf.pages.trial(query, None, error)), None, status=400)
        page = shelf.kept.get(
            ("trial page", query, newest, trial and trial.read),
            lambda: Page(shelf.pages.trial(query, trial)),
        )
        return send(page, MINUTE)

    return site


def find_trial(shelf: Shelf, query: str) -> "tuple[date | None, Trial | None]":
    """Say what a query would have brought, worked out once for each newest day.

    None where nothing is stored yet. Raise UserError for a query that cannot be read, BusyError
    where others take too long.
    """
    store = shelf.app.store
    categories = shelf.categories()
    newest = shelf.look("newest day", lambda: store.newest_day(categories))
    if newest is None:
        return None, None

    key = (query, newest)
    known = shelf.trials.recall(key)
    if known is not None:
        return newest, known[0]
    with _alone(shelf):
        # Somebody may just have tried the same.
        return newest, shelf.trials.get(
            key, lambda: try_query(store, categories, query, newest, samples=TRIED)
        )


@contextmanager
def _alone(shelf: Shelf) -> "Iterator[None]":
    if not shelf.trying.acquire(timeout=_PATIENCE):
        msg = "other queries are being tried right now: try again in a minute"
        raise BusyError(msg)
    try:
        yield
    finally:
        shelf.trying.release()

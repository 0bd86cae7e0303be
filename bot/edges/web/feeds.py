"""Feeds of public sets and of anybody's words or query: Atom, RSS and JSON Feed."""

from datetime import UTC, datetime, time

from flask import Blueprint, Response, request

from bot.edges.web.answering import Page, send
from bot.edges.web.searching import find_trial
from bot.edges.web.shelf import QUARTER, Shelf
from bot.errors import UserError
from bot.flows.reading import find_set, load_newest, search_newest
from bot.render.feeds import (
    FORMS,
    MOST_ENTRIES,
    Entry,
    Feed,
    build_found_entries,
    build_set_entries,
    build_tried_entries,
)
from bot.render.segments import one_line
from bot.render.wording import say_query

_FOUND = 50


def build_feeds(shelf: Shelf) -> Blueprint:
    """Build /sets/NAME/feed.FORM, /search.FORM and /try.FORM."""
    site = Blueprint("feeds", __name__)

    @site.get("/sets/<path:name>/feed.<any(atom,rss,json):form>")
    def set_feed(name: str, form: str) -> Response:
        store = shelf.app.store
        keyword_set = find_set(shelf.public_sets, name)
        # Each has a paper at least, so these are enough for a full feed.
        issues = shelf.look(
            ("feed", keyword_set.key),
            lambda: store.list_issues(keyword_set.key, limit=MOST_ENTRIES),
        )
        paths = shelf.outside

        def make() -> Page:
            editions = load_newest(store, issues, MOST_ENTRIES)
            feed = Feed(
                name=f"sets/{keyword_set.owner}/{keyword_set.name}",
                title=one_line(keyword_set.name),
                about=f"New arXiv papers: {say_query(keyword_set)}",
                home=paths.set_page(keyword_set.name),
                url=paths.feed(keyword_set.name, form),
                entries=build_set_entries(editions),
            )
            return _write(feed, form)

        return send(shelf.kept.get(("feed", issues, form, paths), make), QUARTER)

    @site.get("/search.<any(atom,rss,json):form>")
    def search_feed(form: str) -> Response:
        words = _read_words()
        found = shelf.searches.get(
            ("search feed", words), lambda: search_newest(shelf.app.store, words, _FOUND)
        )
        paths = shelf.outside
        feed = Feed(
            name=f"search/{words}",
            title=f"arXiv: {one_line(words)}",
            about=f"Papers that hold these words: {one_line(words)}",
            home=paths.search(words),
            url=paths.search_feed(words, form),
            entries=build_found_entries(found),
        )
        return send(_write(feed, form), QUARTER)

    @site.get("/try.<any(atom,rss,json):form>")
    def trial_feed(form: str) -> Response:
        query = _read_words()
        newest, trial = find_trial(shelf, query)
        paths = shelf.outside

        def make() -> Page:
            feed = Feed(
                name=f"try/{query}",
                title=f"arXiv: {one_line(query)}",
                about=f"Papers that match {one_line(query)}",
                home=paths.trial(query),
                url=paths.trial_feed(query, form),
                entries=_entries(),
            )
            return _write(feed, form)

        def _entries() -> tuple[Entry, ...]:
            if trial is None:
                return ()
            days = [day for day, number in trial.per_day for _ in range(number)]
            # Samples are the newest, newest first, and days are counted oldest first.
            moments = [datetime.combine(day, time(), UTC) for day in reversed(days)]
            return build_tried_entries(zip(moments, trial.samples, strict=False))

        return send(
            shelf.kept.get(("trial feed", query, newest, trial and trial.read, form, paths), make),
            QUARTER,
        )

    return site


def _write(feed: Feed, form: str) -> Page:
    write, kind = FORMS[form]
    return Page(write(feed), f"{kind}; charset=utf-8")


def _read_words() -> str:
    words = request.args.get("q", "").strip()
    if not words:
        msg = "say what to look for: add ?q=WORDS to the address"
        raise UserError(msg)
    return words

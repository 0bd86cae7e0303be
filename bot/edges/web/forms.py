"""Forms with which people subscribe, choose and leave: a GET shows, a POST does."""

from datetime import date

from flask import Blueprint, Response, request

from bot.core.subscribers import Chosen
from bot.edges.web.answering import HTML, Page, send
from bot.edges.web.consent import Consent
from bot.edges.web.session import check_form, check_same_site
from bot.edges.web.shelf import Shelf
from bot.errors import MissingError, UserError
from bot.flows.reading import find_set

JSON = "application/json; charset=utf-8"
_LEFT = "You are unsubscribed. Nothing more is sent."
_ERASED = "Your address is removed, with all that was kept of it."


def build_forms(shelf: Shelf, consent: Consent | None) -> Blueprint:
    """Build /subscribe, /confirm/TOKEN, /preferences/TOKEN and /u/TOKEN."""
    site = Blueprint("forms", __name__)

    @site.post("/subscribe")
    def subscribe() -> Response:
        check_form(shelf, "subscribe")
        keyword_set = find_set(shelf.public_sets, request.form.get("set", ""))
        # People do not see this field, programs that fill in forms do.
        if not request.form.get("website"):
            _need(consent).ask(
                request.form.get("address", ""),
                keyword_set.name,
                request.form.get("on", ""),
                source=request.remote_addr or "",
            )
        return _page(shelf.forms.asked(keyword_set.name))

    @site.get("/confirm/<token>")
    def show_wish(token: str) -> Response:
        wanted = _need(consent).show_wish(token)
        return _page(shelf.forms.confirm(token, wanted.address, wanted.sets))

    @site.post("/confirm/<token>")
    def confirm(token: str) -> Response:
        check_same_site()
        done = _need(consent).confirm(token)
        return _page(shelf.forms.confirmed(done.preferences, done.address, done.sets))

    @site.get("/u/<token>")
    def show_leaving(token: str) -> Response:
        wanted = _need(consent).show_leaving(token)
        return _page(shelf.forms.leave(token, wanted.sets, wanted.preferences))

    @site.post("/u/<token>")
    def leave(token: str) -> Response:
        # A mail program's one click: no cookie, no form of ours, no redirect (RFC 8058, 3.1).
        _need(consent).leave(token)
        return _say(shelf, "Unsubscribed", _LEFT)

    _add_preferences(site, shelf, consent)
    return site


def _add_preferences(site: Blueprint, shelf: Shelf, consent: Consent | None) -> None:
    @site.get("/preferences/<token>")
    def show_choices(token: str) -> Response:
        return _page(shelf.forms.preferences(token, _need(consent).show_choices(token)))

    @site.post("/preferences/<token>")
    def change(token: str) -> Response:
        check_same_site()
        return _do(shelf, _need(consent), token, request.form.get("action", ""))


def _need(consent: Consent | None) -> Consent:
    if consent is None:
        msg = "nobody subscribes by mail here: whoever runs this bot has not set that up"
        raise MissingError(msg)
    return consent


def _do(shelf: Shelf, consent: Consent, token: str, action: str) -> Response:
    """Do what a button of the preferences says."""
    match action:
        case "save":
            return _save(shelf, consent, token)
        case "leave":
            consent.leave(token)
            return _say(shelf, "Unsubscribed", _LEFT)
        case "export":
            page = Page(consent.export(token), JSON)
            name = 'attachment; filename="papers-my-data.json"'
            return send(page, None, Content_Disposition=name)
        case "erase" if request.form.get("sure"):
            consent.erase(token)
            return _say(shelf, "Erased", _ERASED)
        case _:
            choices = consent.show_choices(token)
            said = "Nothing was changed: tick the box beside it first"
            return _page(shelf.forms.preferences(token, choices, said), 400)


def _save(shelf: Shelf, consent: Consent, token: str) -> Response:
    asked = request.form
    try:
        chosen = Chosen(
            sets=asked.getlist("set"),
            on=asked.get("on", ""),
            at=asked.get("at", ""),
            timezone=asked.get("timezone", ""),
            bundled="bundled" in asked,
            until=_read_day(asked.get("until", "")),
        )
        consent.choose(token, chosen)
    except MissingError:
        raise
    except UserError as error:
        choices = consent.show_choices(token)
        return _page(shelf.forms.preferences(token, choices, str(error)), 400)
    return _page(shelf.forms.preferences(token, consent.show_choices(token), "Saved."))


def _read_day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        msg = f"{text[:40]!r} is not a day: write it like 2025-12-04"
        raise UserError(msg) from error


def _say(shelf: Shelf, heading: str, sentence: str) -> Response:
    return _page(shelf.pages.message(heading, sentence, ("To the list of sets", shelf.paths.home)))


def _page(text: str, status: int = 200) -> Response:
    return send(Page(text, HTML), None, status=status)

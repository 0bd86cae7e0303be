"""Operators sign in and out."""

import secrets

from flask import Blueprint, Response, redirect, request

from bot.edges.web.answering import Page, send
from bot.edges.web.session import (
    begin_session,
    check_form,
    check_session_form,
    end_session,
    is_operator,
    write_form_token,
)
from bot.edges.web.shelf import Shelf
from bot.errors import MissingError
from bot.flows.signing_in import ask_for_link, check_link, enter

ASKED = (
    "If that is an operator’s address, a link is on its way to it. It works once, for 15 minutes."
)
_FORM = "sign-in"


def build_signing_in(shelf: Shelf) -> Blueprint:
    """Build /operator/sign-in, /operator/sign-in/TOKEN and /operator/sign-out."""
    site = Blueprint("signing_in", __name__)
    app = shelf.app

    @site.get("/operator/sign-in")
    def form() -> Response:
        _check_key(shelf)
        return send(Page(shelf.console.sign_in(write_form_token(shelf, _FORM))), None)

    @site.post("/operator/sign-in")
    def ask() -> Response:
        _check_key(shelf)
        check_form(shelf, _FORM)
        ask_for_link(
            app.store,
            app.seals,
            app.settings.web_operators,
            request.form.get("address", ""),
            nonce=secrets.token_urlsafe(16),
            now=app.clock.now(),
            send=lambda address, token: shelf.mail_sign_in(
                address, shelf.outside.operator(f"sign-in/{token}")
            ),
        )
        return send(Page(shelf.console.sign_in(write_form_token(shelf, _FORM), ASKED)), None)

    @site.get("/operator/sign-in/<token>")
    def show(token: str) -> Response:
        _check_key(shelf)
        check_link(app.seals, app.settings.web_operators, token, app.clock.now())
        action = shelf.paths.operator(f"sign-in/{token}")
        return send(Page(shelf.console.enter(action)), None)

    @site.post("/operator/sign-in/<token>")
    def use(token: str) -> Response:
        _check_key(shelf)
        operators = app.settings.web_operators
        begin_session(enter(app.store, app.seals, operators, token, app.clock.now()))
        return go(shelf, "")

    @site.post("/operator/sign-out")
    def leave() -> Response:
        if is_operator(shelf):
            check_session_form()
            end_session()
        return go(shelf, "sign-in")

    return site


def go(shelf: Shelf, page: str) -> Response:
    """Send an operator on to a page, after something was done."""
    answer = redirect(shelf.paths.operator(page), 303, Response)
    assert isinstance(answer, Response)  # noqa: S101 - as was asked for
    return answer


def _check_key(shelf: Shelf) -> None:
    if not shelf.app.settings.secret_key:
        msg = "nobody can sign in here: whoever runs this bot sets PAPERS_SECRET_KEY first"
        raise MissingError(msg)

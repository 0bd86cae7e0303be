"""Operators who are signed in: a signed cookie that says who, for twelve hours."""

import hmac
import secrets
from datetime import timedelta

from flask import Flask, request, session

from bot.edges.web.shelf import Shelf
from bot.errors import UserError
from bot.flows.signing_in import COMMAND_LINE

COOKIE = "papers_operator"
_LIVES = timedelta(hours=12)
_EXPIRED = "this form has expired: load the page again, then send it once more"


class ForbiddenError(UserError):
    """A form that did not come from one of our pages, or somebody who is not signed in."""


def set_up_session(site: Flask, shelf: Shelf) -> None:
    """Sign operators' cookies with the secret key; without one nobody signs in."""
    site.secret_key = shelf.app.settings.secret_key or None
    site.config.update(
        SESSION_COOKIE_NAME=COOKIE,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Strict",
        SESSION_COOKIE_SECURE=shelf.app.settings.base_url.startswith("https://"),
        SESSION_REFRESH_EACH_REQUEST=False,
        PERMANENT_SESSION_LIFETIME=_LIVES,
    )


def is_operator(shelf: Shelf) -> bool:
    """Whether who asks has signed in and may still do so."""
    if not shelf.app.settings.secret_key:
        return False
    return session.get("operator", "") in {*shelf.app.settings.web_operators, COMMAND_LINE}


def begin_session(operator: str) -> None:
    """Sign somebody in; whatever was known of this browser before is forgotten."""
    session.clear()
    session.permanent = True
    session["operator"] = operator
    session["csrf"] = secrets.token_urlsafe(24)


def end_session() -> None:
    """Sign out."""
    session.clear()


def session_token() -> str:
    """Return what forms of this session send back."""
    token: str = session["csrf"]
    return token


def check_session_form() -> None:
    """Raise ForbiddenError for a form that is not of this session."""
    check_same_site()
    if not hmac.compare_digest(
        session_token().encode(), request.form.get("csrf", "").encode("utf-8", "replace")
    ):
        raise ForbiddenError(_EXPIRED)


def write_form_token(shelf: Shelf, form: str) -> str:
    """Write what a form of ours sends back: one a form and day, the same for all who load it."""
    if not shelf.app.settings.secret_key:
        return ""
    return shelf.app.seals.seal("form", form, shelf.today().toordinal())


def check_form(shelf: Shelf, form: str) -> None:
    """Raise ForbiddenError for a form that is none of ours, or was loaded days ago."""
    check_same_site()
    try:
        named, day = shelf.app.seals.unseal("form", request.form.get("csrf", ""))
    except (UserError, ValueError) as error:
        raise ForbiddenError(_EXPIRED) from error
    if named != form or not 0 <= shelf.today().toordinal() - int(day) <= 1:
        raise ForbiddenError(_EXPIRED)


def check_same_site() -> None:
    """Raise ForbiddenError where a browser says that another site sends this form.

    Our pages send no Origin, as they send no Referer: https://fetch.spec.whatwg.org/#append-a-request-origin-header
    """
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        msg = "this form came from another site: open our page and send it from there"
        raise ForbiddenError(msg)

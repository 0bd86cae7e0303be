"""What goes wrong as a page with a sentence, or as the sentence alone for programs."""

from http import HTTPStatus

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from bot.edges.logs import get_log
from bot.edges.web.answering import Page, send
from bot.edges.web.searching import BusyError
from bot.edges.web.session import ForbiddenError
from bot.edges.web.shelf import Shelf
from bot.errors import BotError, MissingError, StoreError, UserError

_SENTENCES = {
    HTTPStatus.NOT_FOUND: "There is no page at this address.",
    HTTPStatus.METHOD_NOT_ALLOWED: "This address answers {allowed} only.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "That is more than any form here takes.",
    HTTPStatus.INTERNAL_SERVER_ERROR: "This could not be answered; the program's log says why.",
    HTTPStatus.SERVICE_UNAVAILABLE: "The database does not answer; try again in a minute.",
}
_HEADINGS = {
    HTTPStatus.NOT_FOUND: "Not here",
    HTTPStatus.METHOD_NOT_ALLOWED: "Not this way",
    HTTPStatus.BAD_REQUEST: "Not like that",
    HTTPStatus.SERVICE_UNAVAILABLE: "Not now",
}


def add_refusals(site: Flask, shelf: Shelf) -> None:
    """Have the site say what went wrong."""

    def say_http(error: HTTPException) -> Response:
        answer = error.get_response()
        status = HTTPStatus(answer.status_code)
        allowed = ", ".join(sorted(answer.headers.get("Allow", "").split(", ")))
        sentence = _SENTENCES.get(status, f"{status.phrase}.").format(allowed=allowed)
        kept = {"Location": answer.headers["Location"]} if "Location" in answer.headers else {}
        if isinstance(error, MethodNotAllowed):
            kept["Allow"] = allowed
        return _say(shelf, status, sentence, **kept)

    def say_ours(error: BotError) -> Response:
        if isinstance(error, MissingError):
            return _say(shelf, HTTPStatus.NOT_FOUND, _as_sentence(str(error)))
        if isinstance(error, ForbiddenError):
            return _say(shelf, HTTPStatus.FORBIDDEN, _as_sentence(str(error)))
        if isinstance(error, UserError):
            return _say(shelf, HTTPStatus.BAD_REQUEST, _as_sentence(str(error)))
        if isinstance(error, BusyError):
            status = HTTPStatus.SERVICE_UNAVAILABLE
            return _say(shelf, status, _as_sentence(str(error)), Retry_After="60")
        # What a database says is for those who run it.
        get_log().error("not answered", problem=str(error))
        status = HTTPStatus.INTERNAL_SERVER_ERROR
        if isinstance(error, StoreError):
            status = HTTPStatus.SERVICE_UNAVAILABLE
        return _say(shelf, status, _SENTENCES[status])

    site.register_error_handler(HTTPException, say_http)
    site.register_error_handler(BotError, say_ours)


def _say(shelf: Shelf, status: HTTPStatus, sentence: str, **headers: str) -> Response:
    """Say it as a page to browsers, which ask for HTML by name; to others as plain text."""
    if "text/html" not in request.headers.get("Accept", ""):
        return send(
            Page(f"{sentence}\n", "text/plain; charset=utf-8"), None, status=status, **headers
        )
    heading = _HEADINGS.get(status, status.phrase)
    page = shelf.pages.message(heading, sentence, ("To the list of sets", shelf.paths.home))
    return send(Page(page), None, status=status, **headers)


def _as_sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."

"""The web: one Flask site over one App; its pages call one flow each and decide nothing."""

from http import HTTPStatus

from flask import Blueprint, Flask, Response
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from bot.app import App
from bot.edges.web.health import build_health

# Nothing may be loaded, framed or sniffed that a page does not ask for itself:
# https://owasp.org/www-project-secure-headers/
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
}
_SENTENCES = {
    HTTPStatus.NOT_FOUND: "There is no page at this address.",
    HTTPStatus.METHOD_NOT_ALLOWED: "This address answers {allowed} only.",
    HTTPStatus.INTERNAL_SERVER_ERROR: "This could not be answered; the program's log says why.",
}


def build_site(app: App, *more: Blueprint) -> Flask:
    """Build the site, and `more` pages with it; nothing is read before somebody asks."""
    site = Flask("bot.edges.web", static_folder=None, template_folder=None)
    # OPTIONS is a method like any other: not answered where no page asks for it.
    site.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    for pages in (build_health(app), *more):
        site.register_blueprint(pages)
    site.register_error_handler(HTTPException, _say_error)
    site.after_request(_secure)
    return site


def _say_error(error: HTTPException) -> Response:
    """Answer with a plain sentence, and with the headers that the status asks for."""
    answer = error.get_response()
    status = HTTPStatus(answer.status_code)
    allowed = ", ".join(sorted(answer.headers.get("Allow", "").split(", ")))
    if isinstance(error, MethodNotAllowed):
        answer.headers["Allow"] = allowed
    sentence = _SENTENCES.get(status, f"{status.phrase}.").format(allowed=allowed)
    kept = [pair for pair in answer.headers.items() if pair[0] in ("Allow", "Location")]
    return Response(f"{sentence}\n", status, kept, mimetype="text/plain")


def _secure(answer: Response) -> Response:
    """Add the headers that a page did not set itself."""
    for name, value in HEADERS.items():
        answer.headers.setdefault(name, value)
    return answer

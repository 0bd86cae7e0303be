"""The web: one Flask site over one App; its pages call one flow each and decide nothing."""

from collections.abc import Callable
from datetime import date

from flask import Blueprint, Flask, Response
from werkzeug.routing import BaseConverter, ValidationError

from bot.app import App
from bot.edges.web.consent import Consent
from bot.edges.web.editions import build_editions
from bot.edges.web.feeds import build_feeds
from bot.edges.web.forms import build_forms
from bot.edges.web.front import Front
from bot.edges.web.health import build_health
from bot.edges.web.operator import build_operator
from bot.edges.web.papers import build_papers
from bot.edges.web.reading_links import build_reading_links
from bot.edges.web.refusing import add_refusals
from bot.edges.web.searching import build_searching
from bot.edges.web.session import set_up_session
from bot.edges.web.sets import build_sets
from bot.edges.web.shelf import Shelf
from bot.edges.web.signing_in import build_signing_in
from bot.edges.web.static import build_static

# Nothing may be loaded, framed or sniffed that a page does not ask for itself:
# https://owasp.org/www-project-secure-headers/
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
}


class DayConverter(BaseConverter):
    """A day of an address: 2025-12-04, and no day that no calendar has."""

    regex = r"\d{4}-\d{2}-\d{2}"

    def to_python(self, value: str) -> date:
        """Read the day; what is none is no such address."""
        try:
            return date.fromisoformat(value)
        except ValueError as error:
            raise ValidationError from error


def build_site(
    app: App,
    *more: Blueprint,
    consent: Consent | None = None,
    mail_link: Callable[[str, str], None] | None = None,
) -> Flask:
    """Build the site, and `more` pages with it; nothing is read before somebody asks.

    With `consent` people subscribe by mail; `mail_link` mails an operator's address a link that
    signs in.
    """
    site = Flask("bot.edges.web", static_folder=None, template_folder=None)
    # OPTIONS is a method like any other: not answered where no page asks for it.
    site.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    # A set may be called "a//b".
    site.url_map.merge_slashes = False
    site.url_map.converters["day"] = DayConverter
    shelf = Shelf(app, mail_link, takes_mail=consent is not None)
    for pages in (build_health(app), *more):
        site.register_blueprint(pages)
    for build in (
        build_static,
        build_sets,
        build_editions,
        build_papers,
        build_searching,
        build_feeds,
        build_reading_links,
        build_signing_in,
        build_operator,
    ):
        site.register_blueprint(build(shelf))
    site.register_blueprint(build_forms(shelf, consent))
    set_up_session(site, shelf)
    add_refusals(site, shelf)
    site.after_request(_secure)
    front = Front(site.wsgi_app, app.clock.elapsed)
    site.wsgi_app = front  # type: ignore[method-assign, assignment]
    return site


def _secure(answer: Response) -> Response:
    """Add the headers that a page did not set itself."""
    for name, value in HEADERS.items():
        answer.headers.setdefault(name, value)
    return answer

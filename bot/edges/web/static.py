"""The stylesheet and the script, under names that change with them, and what robots may read."""

from flask import Blueprint, Response

from bot.edges.web.answering import Page, send
from bot.edges.web.shelf import QUARTER, Shelf
from bot.errors import MissingError

_YEAR = 31_536_000
# Links that are secrets, and pages that cost much.
_NOT_FOR_ROBOTS = ("r", "u", "confirm", "preferences", "operator", "search", "try")


def build_static(shelf: Shelf) -> Blueprint:
    """Build /static/NAME and /robots.txt."""
    site = Blueprint("static_files", __name__)

    @site.get("/static/<name>")
    def static(name: str) -> Response:
        page = shelf.files.get(name)
        if page is None:
            msg = "there is no such file"
            raise MissingError(msg)
        answer = send(page, _YEAR)
        answer.headers["Cache-Control"] += ", immutable"
        return answer

    @site.get("/robots.txt")
    def robots() -> Response:
        root = shelf.paths.root
        lines = ["User-agent: *", *(f"Disallow: {root}/{each}" for each in _NOT_FOR_ROBOTS)]
        return send(Page("\n".join([*lines, ""]), "text/plain; charset=utf-8"), QUARTER)

    return site

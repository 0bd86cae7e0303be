"""Single values of a document, checked; each fault with its key and line; builds no set."""

import re
from collections.abc import Mapping
from datetime import time
from difflib import get_close_matches
from typing import Any
from urllib.parse import urlsplit

from bot.config.lines import join_key
from bot.core import taxonomy
from bot.errors import Fault

_KEYS = {
    "": ("bot", "database", "arxiv", "sets"),
    "bot": ("contact", "base_url", "timezone"),
    "database": ("url",),
    "arxiv": ("categories", "base_url"),
    "sets": ("name", "keywords", "query", "exclude", "types", "categories", "match", "post"),
    "post": ("channel", "email", "folder", "at"),
}
_MOST_SHOWN = 80
_EMAIL = re.compile(r"[^\s@<>,]+@[^\s@<>,]+")
_CLOCK = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")


class Values:
    """Reads values of one document and gathers their faults."""

    def __init__(self, document: dict[str, Any], lines: dict[str, int]) -> None:
        """`lines` maps keys, written like `sets[1].name`, to their lines."""
        self.document = document
        self.lines = lines
        self.faults: list[Fault] = []

    def _fault(self, key: str, message: str, *, place: str = "") -> None:
        """Note a fault of a key, at `place` in it where that is known.

        Its line is that of the place, or of the nearest table or array that holds it.
        """
        place = place or key
        while place and place not in self.lines:
            place = place[: max(place.rfind("."), place.rfind("["), 0)]
        self.faults.append(Fault(key, self.lines[place] if place else 0, message))

    def _check_keys(self, table: Mapping[str, Any], kind: str, where: str) -> None:
        known = _KEYS[kind]
        for key in table:
            if key in known:
                continue
            close = get_close_matches(key, known, n=1)
            meant = f"did you mean {close[0]}?" if close else f"known are {', '.join(known)}"
            self._fault(join_key(where, key), f"unknown key: {meant}")

    def _table(self, name: str) -> Mapping[str, Any]:
        table = self.document.get(name, {})
        if not isinstance(table, dict):
            self._fault(name, f"write it as a table: [{name}]")
            return {}
        self._check_keys(table, name, name)
        return table

    def _text(self, table: Mapping[str, Any], key: str, default: str = "") -> str:
        value = table.get(key.rpartition(".")[2], default)
        if isinstance(value, str):
            return value.strip()
        self._fault(key, f"{_shorten(value)} is not text: put it in quotes")
        return default

    def _texts(self, table: Mapping[str, Any], key: str) -> tuple[str, ...]:
        value = table.get(key.rpartition(".")[2], [])
        if isinstance(value, list) and all(isinstance(each, str) for each in value):
            return tuple(value)
        self._fault(key, 'write a list of texts: ["one", "two"]')
        return ()

    def _url(self, table: Mapping[str, Any], key: str, default: str) -> str:
        value = self._text(table, key, default)
        if not value:
            return default
        try:
            parts = urlsplit(value)
            whole = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        except ValueError:
            whole = False
        if not whole or not value.isprintable() or " " in value:
            self._fault(key, f"{value!r} is not a web address: write it like https://lab.example")
        elif "@" in parts.netloc:
            self._fault(key, "it holds a user's name or password: leave them out")
        return value.rstrip("/")

    def _categories(self, table: Mapping[str, Any], key: str) -> tuple[str, ...]:
        categories: dict[str, None] = {}
        for index, category in enumerate(self._texts(table, key)):
            if taxonomy.is_known(category):
                categories[taxonomy.canonical(category)] = None
                continue
            close = taxonomy.nearest(category)
            meant = f"did you mean {close}?" if close else "see https://arxiv.org/category_taxonomy"
            problem = f"{category!r} is not an arXiv category: {meant}"
            self._fault(key, problem, place=f"{key}[{index}]")
        return tuple(categories)

    def _clock(self, value: object, key: str) -> time | None:
        if isinstance(value, time):
            return value
        found = _CLOCK.fullmatch(value.strip()) if isinstance(value, str) else None
        if found is None:
            self._fault(key, f'{_shorten(value)} is not a time of day: write it like "09:00"')
            return None
        return time(int(found[1]), int(found[2]))


def is_email(text: str) -> bool:
    """Whether a text has the shape of an e-mail address."""
    return text.isprintable() and _EMAIL.fullmatch(text) is not None


def _shorten(value: object) -> str:
    """Show a value in a sentence."""
    shown = repr(value)
    return shown if len(shown) <= _MOST_SHOWN else f"{shown[:_MOST_SHOWN]}…"

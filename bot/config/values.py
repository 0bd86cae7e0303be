"""Single values of a document, checked; each fault with its key and line; builds no set."""

import re
from collections.abc import Callable, Mapping
from datetime import time
from difflib import get_close_matches
from enum import StrEnum
from ipaddress import ip_address
from typing import Any, TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from bot.config.lines import join_key
from bot.config.secrets import looks_secret
from bot.config.slack import SECRETS
from bot.core import taxonomy
from bot.core.schedule import parse_clock
from bot.errors import Fault, UserError

_KEYS = {
    "": ("bot", "database", "arxiv", "deliveries", "retention", "web", "slack", "mail", "sets"),
    "bot": ("contact", "base_url", "timezone"),
    "database": ("url",),
    "arxiv": ("categories", "base_url"),
    "sets": (
        "name",
        "keywords",
        "query",
        "exclude",
        "types",
        "categories",
        "match",
        "post",
        "public",
    ),
    "post": ("channel", "email", "folder", "at", "on", "timezone", "quiet"),
    "deliveries": ("in_doubt", "workers", "mail_connections"),
    "retention": ("papers_days", "history_days"),
    "web": ("host", "port", "operators", "proxy"),
    "mail": (
        "relay",
        "user",
        "from",
        "from_name",
        "notices",
        "postal",
        "bounces",
        "bounce_source",
        "per_minute",
    ),
    "slack": ("command", "transport", "posts_per_minute", "api_url"),
}
_MOST_SHOWN = 80
_EMAIL = re.compile(r"[^\s@<>,]+@[^\s@<>,]+")
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?")
# A hundred years; a number of days that no calendar holds would fail much later.
_MOST_DAYS = 36_500

_Choice = TypeVar("_Choice", bound=StrEnum)
_Parsed = TypeVar("_Parsed")


class Values:
    """Reads values of one document and gathers their faults."""

    def __init__(self, document: dict[str, Any], lines: dict[str, int]) -> None:
        """`lines` maps keys, written like `sets[1].name`, to their lines."""
        self.document = document
        self.lines = lines
        self.faults: list[Fault] = []
        self._secret: set[str] = set()

    def _refuse_secrets(self) -> None:
        """Note every token of Slack's that stands in the document, and forget it at once."""
        self._forget_tokens(self.document, "")

    def _forget_tokens(self, node: Any, path: str) -> None:  # noqa: ANN401 - whatever TOML holds
        is_table = isinstance(node, dict)
        for name, value in node.items() if is_table else enumerate(node):
            key = join_key(path, str(name)) if is_table else f"{path}[{name}]"
            if isinstance(value, dict | list):
                self._forget_tokens(value, key)
            elif isinstance(value, str) and looks_secret(value):
                node[name] = ""
                variable = SECRETS["app_token" if "xapp-" in value.lower() else "bot_token"]
                self._fault(key, f"it holds a token: {_move_to(variable)}")
                self._secret.add(key)

    def _fault(self, key: str, message: str, *, place: str = "") -> None:
        """Note a fault of a key, at `place` in it where that is known.

        Its line is that of the place, or of the nearest table or array that holds it.
        """
        if key in self._secret:
            return
        place = place or key
        while place and place not in self.lines:
            place = place[: max(place.rfind("."), place.rfind("["), 0)]
        self.faults.append(Fault(key, self.lines[place] if place else 0, message))

    def _check_keys(self, table: Mapping[str, Any], kind: str, where: str) -> None:
        known = _KEYS[kind]
        for key in table:
            if key in known:
                continue
            secret = SECRETS.get(key.lower().removeprefix("slack_")) if kind == "slack" else None
            if secret:
                self._fault(join_key(where, key), f"it is a secret: {_move_to(secret)}")
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

    def _number(
        self,
        table: Mapping[str, Any],
        key: str,
        default: int,
        *,
        least: int,
        most: int,
        or_zero: str = "",
    ) -> int:
        """Read a whole number; `or_zero` says what 0 means, where that is below `least`."""
        value = table.get(key.rpartition(".")[2], default)
        # To Python, true is a number too.
        if not isinstance(value, int) or isinstance(value, bool):
            self._fault(key, f"{_shorten(value)} is not a whole number")
        elif least <= value <= most or (or_zero and value == 0):
            return value
        else:
            meant = f"write {least} to {most}" + (or_zero and f", or 0 {or_zero}")
            self._fault(key, f"{_shorten(value)} is out of range: {meant}")
        return default

    def _days(self, table: Mapping[str, Any], key: str, least: int) -> int:
        return self._number(table, key, 0, least=least, most=_MOST_DAYS, or_zero="for ever")

    def _choice(self, table: Mapping[str, Any], key: str, default: _Choice, noun: str) -> _Choice:
        value = self._text(table, key, default)
        known = type(default)
        if value in tuple(known):
            return known(value)
        self._fault(key, f"{value!r} is not {noun}: known are {', '.join(known)}")
        return default

    def _parsed(
        self,
        table: Mapping[str, Any],
        key: str,
        default: _Parsed,
        parse: Callable[[str], _Parsed],
    ) -> _Parsed:
        """Read a text as `parse` does, which raises UserError; without one, the default."""
        text = self._text(table, key)
        if not isinstance(table.get(key.rpartition(".")[2]), str):
            return default
        try:
            return parse(text)
        except UserError as error:
            self._fault(key, str(error))
            return default

    def _flag(self, table: Mapping[str, Any], key: str) -> bool:
        value = table.get(key.rpartition(".")[2], False)
        if isinstance(value, bool):
            return value
        self._fault(key, f"{_shorten(value)} is neither true nor false")
        return False

    def _host(self, table: Mapping[str, Any], key: str, default: str) -> str:
        value = self._text(table, key, default)
        if _HOST.fullmatch(value) or is_address(value):
            return value
        self._fault(key, f"{value!r} is not a host: write it like {default}, without a port")
        return default

    @staticmethod
    def _is_host(text: str) -> bool:
        return _HOST.fullmatch(text) is not None or is_address(text)

    def _timezone(self, table: Mapping[str, Any], key: str, default: str) -> str:
        name = self._text(table, key, default)
        try:
            ZoneInfo(name)
        except (ValueError, OSError, ZoneInfoNotFoundError):
            pass
        else:
            return name
        close = get_close_matches(name, available_timezones(), n=1)
        meant = f"did you mean {close[0]}?" if close else "write it like Europe/Berlin"
        self._fault(key, f"{name!r} is not a time zone: {meant}")
        return default

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
        try:
            if isinstance(value, str):
                return parse_clock(value)
        except UserError:
            pass
        self._fault(key, f'{_shorten(value)} is not a time of day: write it like "09:00"')
        return None


def _move_to(variable: str) -> str:
    return f"put it into the environment's {variable}, or its file's name into {variable}_FILE"


def is_email(text: str) -> bool:
    """Whether a text has the shape of an e-mail address."""
    return text.isprintable() and _EMAIL.fullmatch(text) is not None


def is_address(text: str) -> bool:
    """Whether a text is an IP address."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _shorten(value: object) -> str:
    """Show a value in a sentence."""
    shown = repr(value)
    return shown if len(shown) <= _MOST_SHOWN else f"{shown[:_MOST_SHOWN]}…"

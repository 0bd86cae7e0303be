"""One parsed document -> Settings, with every fault of it; reads no file."""

import re
from collections.abc import Mapping
from datetime import time
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from bot.config.settings import ARXIV_URL, DATABASE_URL, Post, Settings
from bot.core import taxonomy
from bot.core.editions import Destination, DestinationKind
from bot.core.keyword_sets import DEFAULT_TYPES, KeywordSet, MatchMode
from bot.core.papers import AnnounceType
from bot.core.parsing import parse_set
from bot.errors import Fault, QueryError

LONGEST_NAME = 80

_KEYS = {
    "": ("bot", "database", "arxiv", "sets"),
    "bot": ("contact", "base_url", "timezone"),
    "database": ("url",),
    "arxiv": ("categories", "base_url"),
    "sets": ("name", "keywords", "query", "exclude", "types", "categories", "match", "post"),
    "post": ("channel", "email", "folder", "at"),
}
_EMAIL = re.compile(r"[^\s@<>,]+@[^\s@<>,]+")
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")


class Reader:
    """Reads one document and gathers its faults; what is faulty reads as its default."""

    def __init__(self, document: dict[str, Any], lines: dict[str, int]) -> None:
        """`lines` maps keys, written like `sets[1].name`, to their lines."""
        self.document = document
        self.lines = lines
        self.faults: list[Fault] = []

    def read(self, path: str, environment: Mapping[str, str]) -> Settings:
        """Read the whole document."""
        self._check_keys(self.document, "", "")
        bot = self._table("bot")
        arxiv = self._table("arxiv")
        database = self._table("database")
        sets, posts = self._sets()
        return Settings(
            path=path,
            contact=self._contact(bot),
            base_url=self._url(bot, "bot.base_url", ""),
            timezone=self._timezone(bot),
            database_url=self._database(database, environment),
            arxiv_url=self._url(arxiv, "arxiv.base_url", ARXIV_URL),
            categories=self._categories(arxiv, "arxiv.categories"),
            sets=sets,
            posts=MappingProxyType(posts),
        )

    def _fault(self, key: str, message: str) -> None:
        """Note a fault; its line is that of the key or of the nearest table that holds it."""
        place = key
        while place and place not in self.lines:
            place = re.sub(r"(\.[^.\[]+|\[\d+\]|^[^.\[]+)$", "", place)
        self.faults.append(Fault(key, self.lines.get(place, 0), message))

    def _check_keys(self, table: Mapping[str, Any], kind: str, where: str) -> None:
        known = _KEYS[kind]
        for key in table:
            if key in known:
                continue
            close = get_close_matches(key, known, n=1)
            meant = f"did you mean {close[0]}?" if close else f"known are {', '.join(known)}"
            self._fault(f"{where}.{key}" if where else key, f"unknown key: {meant}")

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
        self._fault(key, f"{value!r} is not text: put it in quotes")
        return default

    def _texts(self, table: Mapping[str, Any], key: str) -> tuple[str, ...]:
        value = table.get(key.rpartition(".")[2], [])
        if isinstance(value, list) and all(isinstance(each, str) for each in value):
            return tuple(value)
        self._fault(key, 'write a list of texts: ["one", "two"]')
        return ()

    def _contact(self, bot: Mapping[str, Any]) -> str:
        contact = self._text(bot, "bot.contact")
        if contact and ("@" not in contact or not contact.isprintable()):
            self._fault("bot.contact", f"{contact!r} is not an e-mail address")
            return ""
        return contact

    def _url(self, table: Mapping[str, Any], key: str, default: str) -> str:
        value = self._text(table, key, default)
        parts = urlsplit(value)
        if value and (parts.scheme not in ("http", "https") or not parts.hostname):
            self._fault(key, f"{value!r} is not a web address: begin it with https://")
            return default
        return value.rstrip("/")

    def _timezone(self, bot: Mapping[str, Any]) -> str:
        name = self._text(bot, "bot.timezone", "UTC")
        try:
            ZoneInfo(name)
        except (ValueError, OSError, ZoneInfoNotFoundError):
            pass
        else:
            return name
        close = get_close_matches(name, available_timezones(), n=1)
        meant = f"did you mean {close[0]}?" if close else "write it like Europe/Berlin"
        self._fault("bot.timezone", f"{name!r} is not a time zone: {meant}")
        return "UTC"

    def _database(self, database: Mapping[str, Any], environment: Mapping[str, str]) -> str:
        url = self._text(database, "database.url", DATABASE_URL)
        if re.match(r"[^:]+://[^/@]*:[^/@]+@", url):
            self._fault(
                "database.url",
                "it holds a password: put the whole URL into the environment's DATABASE_URL",
            )
            return DATABASE_URL
        url = environment.get("DATABASE_URL") or url
        url = re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", url)
        if not url.startswith(("sqlite:///", "postgresql+psycopg://")):
            self._fault(
                "database.url", "begin it with sqlite:/// (a file) or postgresql+psycopg://"
            )
        return url

    def _categories(self, table: Mapping[str, Any], key: str) -> tuple[str, ...]:
        categories: dict[str, None] = {}
        for category in self._texts(table, key):
            if taxonomy.is_known(category):
                categories[taxonomy.canonical(category)] = None
                continue
            close = taxonomy.nearest(category)
            meant = f"did you mean {close}?" if close else "see https://arxiv.org/category_taxonomy"
            self._fault(key, f"{category!r} is not an arXiv category: {meant}")
        return tuple(categories)

    def _sets(self) -> tuple[tuple[KeywordSet, ...], dict[str, tuple[Post, ...]]]:
        tables = self.document.get("sets", [])
        if not isinstance(tables, list) or not all(isinstance(each, dict) for each in tables):
            self._fault("sets", "write each set as [[sets]]")
            return (), {}
        sets: dict[str, KeywordSet] = {}
        posts: dict[str, tuple[Post, ...]] = {}
        for index, table in enumerate(tables):
            where = f"sets[{index}]"
            self._check_keys(table, "sets", where)
            keyword_set = self._set(table, where)
            if keyword_set.name.casefold() in sets:
                self._fault(f"{where}.name", f"{keyword_set.name!r} is the name of two sets")
            sets[keyword_set.name.casefold()] = keyword_set
            posts[keyword_set.name] = self._posts(table, where)
        return tuple(sets.values()), posts

    def _set(self, table: Mapping[str, Any], where: str) -> KeywordSet:
        name = self._text(table, f"{where}.name")
        if not name or len(name) > LONGEST_NAME or not name.isprintable():
            self._fault(f"{where}.name", f"give the set a name of 1 to {LONGEST_NAME} characters")
        keyword_set = KeywordSet(
            name=name,
            keywords=self._keywords(table, f"{where}.keywords"),
            query=self._text(table, f"{where}.query"),
            exclude=self._texts(table, f"{where}.exclude"),
            types=self._types(table, f"{where}.types"),
            categories=self._categories(table, f"{where}.categories"),
            match=self._match(table, f"{where}.match"),
        )
        if keyword_set.keywords and keyword_set.query:
            self._fault(f"{where}.query", "a set has keywords or a query, not both: make two sets")
        elif keyword_set.keywords or keyword_set.query:
            self._try(keyword_set, where)
        elif not any(fault.key == f"{where}.keywords" for fault in self.faults):
            self._fault(where, 'the set looks for nothing: add keywords = ["..."] or a query')
        return keyword_set

    def _try(self, keyword_set: KeywordSet, where: str) -> None:
        """Read the set's query once, so that a bad one is refused when it is saved."""
        try:
            parse_set(keyword_set)
        except QueryError as error:
            key = "query" if keyword_set.query else "keywords"
            if error.query in keyword_set.exclude:
                key = "exclude"
            self._fault(f"{where}.{key}", str(error))

    def _keywords(self, table: Mapping[str, Any], key: str) -> tuple[tuple[str, ...], ...]:
        value = table.get("keywords", [])
        keywords = []
        for each in value if isinstance(value, list) else [None]:
            parts = each if isinstance(each, list) else [each]
            if not parts or not all(isinstance(part, str) for part in parts):
                self._fault(key, 'write a list: ["VLM", ["LLM", "image"]]')
                return ()
            keywords.append(tuple(parts))
        return tuple(keywords)

    def _types(self, table: Mapping[str, Any], key: str) -> tuple[AnnounceType, ...]:
        if "types" not in table:
            return DEFAULT_TYPES
        known = tuple(AnnounceType)
        names = self._texts(table, key)
        wrong = [name for name in names if name not in known]
        if wrong or not names:
            what = f"{wrong[0]!r} is not an announcement type" if wrong else "it is empty"
            self._fault(key, f"{what}: known are {', '.join(known)}")
        return tuple(kind for kind in known if kind in names)

    def _match(self, table: Mapping[str, Any], key: str) -> MatchMode:
        value = self._text(table, key, MatchMode.WORDS)
        if value in tuple(MatchMode):
            return MatchMode(value)
        self._fault(key, f"{value!r} is not a way to match: known are {', '.join(MatchMode)}")
        return MatchMode.WORDS

    def _posts(self, table: Mapping[str, Any], where: str) -> tuple[Post, ...]:
        value = table.get("post", [])
        key = f"{where}.post"
        if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
            self._fault(key, 'write a list of tables: [{ folder = "digests" }]')
            return ()
        posts: dict[Destination, Post] = {}
        for index, each in enumerate(value):
            self._check_keys(each, "post", f"{key}[{index}]")
            post = self._post(each, f"{key}[{index}]")
            if post is not None and post.destination in posts:
                self._fault(f"{key}[{index}]", f"{post.destination} stands here twice")
            elif post is not None:
                posts[post.destination] = post
        return tuple(posts.values())

    def _post(self, table: Mapping[str, Any], key: str) -> Post | None:
        kinds = [kind for kind in DestinationKind if kind in table]
        if len(kinds) != 1:
            self._fault(key, f"name one destination: {', '.join(DestinationKind)}")
            return None
        address = self._text(table, f"{key}.{kinds[0]}")
        if not address or not address.isprintable():
            self._fault(f"{key}.{kinds[0]}", "it is empty or holds control characters")
            return None
        if kinds[0] is DestinationKind.EMAIL and not re.fullmatch(
            r"[^\s@<>,]+@[^\s@<>,]+", address
        ):
            self._fault(f"{key}.email", f"{address!r} is not an e-mail address")
        at = table.get("at")
        if at is not None:
            at = self._clock(at, f"{key}.at")
        return Post(Destination(kinds[0], address), at)

    def _clock(self, value: object, key: str) -> time | None:
        if isinstance(value, time):
            return value
        found = (
            re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", value) if isinstance(value, str) else None
        )
        if found is None:
            self._fault(key, f'{value!r} is not a time of day: write it like "09:00"')
            return None
        return time(int(found[1]), int(found[2]))

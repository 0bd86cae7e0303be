"""One parsed document -> Settings, with every fault of it; reads no file."""

import re
from collections.abc import Mapping
from pathlib import PurePath
from types import MappingProxyType
from typing import Any

from bot.config.mail import MailValues
from bot.config.secrets import read_secret
from bot.config.settings import ARXIV_URL, DATABASE_URL, Post, Settings
from bot.config.slack import SECRETS, SLACK_URL, SlackSettings
from bot.config.values import is_address, is_email
from bot.core.editions import Destination, DestinationKind
from bot.core.keyword_sets import DEFAULT_TYPES, LONGEST_NAME, KeywordSet, MatchMode, is_name
from bot.core.papers import AnnounceType
from bot.core.parsing import parse_set
from bot.core.schedule import Rhythm, Schedule, parse_quiet, parse_rhythm
from bot.errors import QueryError

# A password in a database's URL: before the host, or among the parameters.
_PASSWORD = re.compile(r"[^:]+://[^/@]*:[^@?]+@|.*[?&]\w*password=")
# https://docs.slack.dev/interactivity/implementing-slash-commands
_COMMAND = re.compile(r"/[a-z0-9_-]{1,31}")


class Reader(MailValues):
    """Reads one document and gathers its faults; what is faulty reads as its default."""

    def read(self, path: str, environment: Mapping[str, str]) -> Settings:
        """Read the whole document."""
        self._refuse_secrets()
        self._check_keys(self.document, "", "")
        bot = self._table("bot")
        arxiv = self._table("arxiv")
        database = self._table("database")
        deliveries = self._table("deliveries")
        retention = self._table("retention")
        web = self._table("web")
        usual = Settings(path)
        timezone = self._timezone(bot, "bot.timezone", usual.timezone)
        sets, posts = self._sets(timezone)
        public = self._public()
        return Settings(
            path=path,
            contact=self._contact(bot),
            base_url=self._url(bot, "bot.base_url", ""),
            timezone=timezone,
            database_url=self._database(database, environment),
            arxiv_url=self._url(arxiv, "arxiv.base_url", ARXIV_URL),
            categories=self._categories(arxiv, "arxiv.categories"),
            sets=sets,
            posts=MappingProxyType(posts),
            in_doubt=self._choice(
                deliveries, "deliveries.in_doubt", usual.in_doubt, "a way to settle a doubt"
            ),
            workers=self._number(deliveries, "deliveries.workers", usual.workers, least=1, most=64),
            mail_connections=self._number(
                deliveries, "deliveries.mail_connections", usual.mail_connections, least=1, most=100
            ),
            papers_days=self._days(retention, "retention.papers_days", 100),
            history_days=self._days(retention, "retention.history_days", 30),
            web_host=self._host(web, "web.host", usual.web_host),
            web_port=self._number(web, "web.port", usual.web_port, least=1, most=65535),
            web_operators=self._operators(web),
            web_proxy=self._proxy(web),
            public=public,
            mail=self._mail(environment),
            secret_key=self._secret_key(environment),
            slack=self._slack(self._table("slack"), environment),
        )

    def _contact(self, bot: Mapping[str, Any]) -> str:
        contact = self._text(bot, "bot.contact")
        if contact and not is_email(contact):
            self._fault("bot.contact", f"{contact!r} is not an e-mail address")
            return ""
        return contact

    def _database(self, database: Mapping[str, Any], environment: Mapping[str, str]) -> str:
        url = self._text(database, "database.url", DATABASE_URL)
        if _PASSWORD.match(url):
            self._fault(
                "database.url",
                "it holds a password: put the whole URL into the environment's DATABASE_URL",
            )
            return DATABASE_URL
        named = environment.get("DATABASE_URL", "").strip()
        url = re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", named or url)
        # A URL of the environment may hold a password, so no message shows it.
        if not re.match(r"(sqlite:///|postgresql\+psycopg://).", url):
            key = "DATABASE_URL (environment)" if named else "database.url"
            self._fault(key, "begin it with sqlite:///FILE or postgresql+psycopg://")
        return url

    def _slack(self, slack: Mapping[str, Any], environment: Mapping[str, str]) -> SlackSettings:
        usual = SlackSettings()
        command = self._text(slack, "slack.command", usual.command)
        if not _COMMAND.fullmatch(command):
            written = "write it like /papers: a slash, then up to 31 letters, digits, - or _"
            self._fault("slack.command", f"{command!r} is not a slash command: {written}")
        secrets = {
            key: read_secret(environment, name, self._fault) for key, name in SECRETS.items()
        }
        keys = tuple(filter(None, secrets.pop("encryption_keys").split(",")))
        return SlackSettings(
            command=command,
            transport=self._choice(slack, "slack.transport", usual.transport, "a transport"),
            posts_per_minute=self._number(
                slack, "slack.posts_per_minute", usual.posts_per_minute, least=1, most=6000
            ),
            api_url=self._url(slack, "slack.api_url", SLACK_URL),
            encryption_keys=keys,
            **secrets,
        )

    def _sets(self, timezone: str) -> tuple[tuple[KeywordSet, ...], dict[str, tuple[Post, ...]]]:
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
            other = sets.get(keyword_set.name.casefold())
            if other is not None and other.name:
                message = f"there is a set {other.name!r} already (case does not matter)"
                self._fault(f"{where}.name", f"{message}: choose another name")
            sets[keyword_set.name.casefold()] = keyword_set
            posts[keyword_set.name] = self._posts(table, where, timezone)
        return tuple(sets.values()), posts

    def _public(self) -> frozenset[str]:
        """Return the names of the sets that everybody may read; `_sets` says other faults."""
        tables = self.document.get("sets", [])
        named = enumerate(tables if isinstance(tables, list) else ())
        return frozenset(
            str(table.get("name", "")).strip()
            for index, table in named
            if isinstance(table, dict) and self._flag(table, f"sets[{index}].public")
        )

    def _proxy(self, web: Mapping[str, Any]) -> str:
        proxy = self._text(web, "web.proxy")
        if proxy and not is_address(proxy):
            self._fault("web.proxy", f"{proxy!r} is not an IP address: write it like 127.0.0.1")
            return ""
        return proxy

    def _operators(self, web: Mapping[str, Any]) -> tuple[str, ...]:
        addresses = self._texts(web, "web.operators")
        for index, address in enumerate(addresses):
            if not is_email(address):
                place = f"web.operators[{index}]"
                self._fault("web.operators", f"{address!r} is not an e-mail address", place=place)
        return tuple(dict.fromkeys(addresses))

    def _set(self, table: Mapping[str, Any], where: str) -> KeywordSet:
        name = self._text(table, f"{where}.name")
        is_text = isinstance(table.get("name", ""), str)
        if is_text and not is_name(name):
            self._fault(f"{where}.name", f"give the set a name of 1 to {LONGEST_NAME} characters")
        keyword_set = KeywordSet(
            name=name,
            keywords=self._keywords(table, f"{where}.keywords"),
            query=self._text(table, f"{where}.query"),
            exclude=self._texts(table, f"{where}.exclude"),
            types=self._types(table, f"{where}.types"),
            categories=self._categories(table, f"{where}.categories"),
            match=self._choice(table, f"{where}.match", MatchMode.WORDS, "a way to match"),
        )
        if keyword_set.keywords and keyword_set.query:
            self._fault(f"{where}.query", "a set has keywords or a query, not both: make two sets")
        elif keyword_set.keywords or keyword_set.query:
            self._try(keyword_set, where)
        elif not any(fault.key in (f"{where}.keywords", f"{where}.query") for fault in self.faults):
            self._fault(where, 'the set looks for nothing: add keywords = ["..."] or a query')
        return keyword_set

    def _try(self, keyword_set: KeywordSet, where: str) -> None:
        """Read the set's query once, so that a bad one is refused when it is saved."""
        try:
            parse_set(keyword_set)
        except QueryError as error:
            key, place = _find_culprit(keyword_set, error.query)
            self._fault(f"{where}.{key}", str(error), place=f"{where}.{place}")

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
        for index, name in enumerate(names):
            if name not in known:
                problem = f"{name!r} is not an announcement type: known are {', '.join(known)}"
                self._fault(key, problem, place=f"{key}[{index}]")
        if table["types"] == []:
            self._fault(key, f"it is empty: known are {', '.join(known)}")
        return tuple(kind for kind in known if kind in names)

    def _posts(self, table: Mapping[str, Any], where: str, timezone: str) -> tuple[Post, ...]:
        value = table.get("post", [])
        key = f"{where}.post"
        if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
            self._fault(key, 'write a list of tables: [{ folder = "digests" }]')
            return ()
        posts: dict[Destination, Post] = {}
        for index, each in enumerate(value):
            self._check_keys(each, "post", f"{key}[{index}]")
            post = self._post(each, f"{key}[{index}]", timezone)
            if post is not None and post.destination in posts:
                self._fault(f"{key}[{index}]", f"{post.destination} stands here twice")
            elif post is not None:
                posts[post.destination] = post
        return tuple(posts.values())

    def _post(self, table: Mapping[str, Any], key: str, timezone: str) -> Post | None:
        schedule = self._schedule(table, key, timezone)
        kinds = [kind for kind in DestinationKind if kind in table]
        if len(kinds) != 1:
            self._fault(key, f"name one destination: {', '.join(DestinationKind)}")
            return None
        address = self._text(table, f"{key}.{kinds[0]}")
        if not isinstance(table[kinds[0]], str):
            return None
        if not address or not address.isprintable():
            self._fault(f"{key}.{kinds[0]}", "it is empty or holds control characters")
            return None
        if kinds[0] is DestinationKind.FOLDER:
            # Otherwise "digests" and "digests/" were two destinations, and sent to twice.
            address = str(PurePath(address))
        if kinds[0] is DestinationKind.EMAIL and not is_email(address):
            self._fault(f"{key}.email", f"{address!r} is not an e-mail address")
        return Post(Destination(kinds[0], address), schedule)

    def _schedule(self, table: Mapping[str, Any], key: str, timezone: str) -> Schedule:
        daily: tuple[Rhythm, int | None] = (Rhythm.DAILY, None)
        rhythm, weekday = self._parsed(table, f"{key}.on", daily, parse_rhythm)
        return Schedule(
            rhythm=rhythm,
            at=self._clock(table["at"], f"{key}.at") if "at" in table else None,
            timezone=self._timezone(table, f"{key}.timezone", timezone),
            weekday=weekday,
            quiet=self._parsed(table, f"{key}.quiet", None, parse_quiet),
        )


def _find_culprit(keyword_set: KeywordSet, text: str) -> tuple[str, str]:
    """Say which key of a set holds a text that cannot be read, and where in it."""
    for index, part in enumerate(keyword_set.exclude):
        if part == text:
            return "exclude", f"exclude[{index}]"
    for index, parts in enumerate(keyword_set.keywords):
        if parts == (text,):
            return "keywords", f"keywords[{index}]"
        if text in parts:
            return "keywords", f"keywords[{index}][{parts.index(text)}]"
    key = "query" if keyword_set.query else "keywords"
    return key, key

"""What all pages share: the sets that are public, pages already made, where things are."""

import hashlib
from collections.abc import Hashable, Sequence
from datetime import date
from functools import cached_property, lru_cache
from threading import Lock, Thread
from typing import TYPE_CHECKING, TypeVar, cast
from urllib.parse import urlsplit

from flask import request

from bot.app import App, find_resource
from bot.core.keyword_sets import KeywordSet
from bot.core.matching import Matcher
from bot.edges.logs import get_log
from bot.edges.web.answering import Lookups, Page, PageCache
from bot.errors import UserError
from bot.flows.publish import build_matcher, find_readable
from bot.render.forms import Forms
from bot.render.operating import Console
from bot.render.pages import Frame, Pages
from bot.render.paths import Paths

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bot.core.answers import Trial
    from bot.core.archive import FoundPaper

# Public pages may be some minutes old where others keep them; an edition never changes.
MINUTE, FEW_MINUTES, QUARTER = 60, 300, 900

_FILES = (
    ("style", "css", "text/css; charset=utf-8"),
    ("page", "js", "text/javascript; charset=utf-8"),
)
_NO_RELAY = "add [mail] to the configuration, or use `papers web --sign-in-link`"

_Found = TypeVar("_Found")


class Shelf:
    """The wired App as pages see it; nothing is read before somebody asks."""

    def __init__(
        self,
        app: App,
        mail_link: "Callable[[str, str], None] | None" = None,
        *,
        takes_mail: bool = False,
    ) -> None:
        """Share this App; `mail_link` mails an address a link that signs in.

        `takes_mail`: people can subscribe their addresses.
        """
        self.takes_mail = takes_mail
        self.app = app
        self._mail_link = mail_link or _say_no_relay
        self.kept = PageCache()
        self._lookups: Lookups[object] = Lookups(self._elapsed)
        # Each holds dozens of papers, and anybody can ask for any words.
        self.searches: Lookups[tuple[FoundPaper, ...]] = Lookups(self._elapsed, most=64)
        self.trials: Lookups[Trial] = Lookups(self._elapsed, QUARTER, most=128)
        self.trying = Lock()
        self._matcher = lru_cache(maxsize=4)(build_matcher)

    def _elapsed(self) -> float:
        return self.app.clock.elapsed()

    @cached_property
    def paths(self) -> Paths:
        """Addresses within the site."""
        return Paths(urlsplit(self.app.settings.base_url).path.rstrip("/"))

    @property
    def outside(self) -> Paths:
        """Addresses for feeds and mails: those of the configuration, or as was asked for."""
        return Paths(self.app.settings.base_url or request.host_url.rstrip("/"))

    @cached_property
    def files(self) -> "Mapping[str, Page]":
        """The stylesheet and the script, by names that are others whenever their text is."""
        folder = find_resource("templates") / "web"
        pages = {}
        for name, ending, kind in _FILES:
            page = Page((folder / f"{name}.{ending}").read_text("utf-8"), kind)
            pages[f"{name}-{hashlib.sha256(page.body).hexdigest()[:12]}.{ending}"] = page
        return pages

    @cached_property
    def frame(self) -> Frame:
        """What every page has."""
        style = next(name for name in self.files if name.endswith(".css"))
        return Frame(self.paths, style, self.app.settings.contact)

    @cached_property
    def forms(self) -> Forms:
        """What writes the pages of consent."""
        script = next(name for name in self.files if name.endswith(".js"))
        return Forms(self.app.templates, self.frame, script)

    @cached_property
    def pages(self) -> Pages:
        """What writes pages."""
        return Pages(self.app.templates, self.frame)

    @cached_property
    def console(self) -> Console:
        """What writes the operators' pages."""
        return Console(self.app.templates, self.frame)

    @cached_property
    def public_sets(self) -> tuple[KeywordSet, ...]:
        """The sets that everybody may read, in the configuration's order."""
        settings = self.app.settings
        return find_readable(
            [each for each in settings.sets if each.name in settings.public], _ignore
        )

    def every_set(self) -> tuple[KeywordSet, ...]:
        """All sets, for operators; empty where there are none."""
        try:
            return find_readable(self.app.sets(paused=True), _ignore)
        except UserError:
            return ()

    def categories(self) -> tuple[str, ...]:
        """Return every followed category; empty where there is none."""
        try:
            return self.look("categories", lambda: self.app.categories)
        except UserError:
            return ()

    def mail_sign_in(self, address: str, link: str) -> None:
        """Mail an operator a link, beside the answer: it must not take longer for operators."""
        Thread(target=self._mail_link, args=(address, link), daemon=True).start()

    def matcher(self, sets: Sequence[KeywordSet]) -> Matcher:
        """Return the matcher of these sets; the last few are kept."""
        return self._matcher(tuple(sets))

    def today(self) -> date:
        """Return the day that it is; arXiv's announcement of a day comes when it begins in UTC."""
        return self.app.clock.now().date()

    def look(self, key: Hashable, find: "Callable[[], _Found]") -> _Found:
        """Look something up, unless that was done a moment ago."""
        return cast("_Found", self._lookups.get(key, find))


def _say_no_relay(_address: str, _link: str) -> None:
    get_log().warning("no relay", what="a sign-in link was asked for", problem=_NO_RELAY)


def _ignore(_problem: str) -> None:
    """Say nothing: a set that cannot be read is told by the doctor and the log."""

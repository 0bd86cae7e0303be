"""Announcements of past days: read from catch-up pages for 90 days back, from OAI-PMH before that.

Pages say what was announced and how many there were of it; OAI-PMH only what papers are now.
"""

import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from io import SEEK_END
from tempfile import TemporaryFile
from types import TracebackType
from typing import Self
from urllib.parse import quote as percent_encoded
from urllib.parse import urlsplit

from bot.adapters.arxiv.asking import Asker
from bot.adapters.arxiv.bodies import PAGES, XML, shown_url
from bot.adapters.arxiv.catchup import Listed, Page, parse_page
from bot.adapters.arxiv.feeds import parse_words, suggestion
from bot.adapters.arxiv.oai import OAI, harvest
from bot.adapters.arxiv.versions import API, look_up
from bot.core import taxonomy
from bot.core.days import say_day
from bot.core.papers import Announcement, AnnounceType, Entry, Paper
from bot.core.polling import announcement_days
from bot.core.submission import announcement_day
from bot.errors import SourceError

# arXiv puts 2000 entries on a page; its largest announcements of a whole archive have two.
_MOST_PAGES = 10
_NAMED_FAULTS = 5
_OK = 200
_DAY = timedelta(days=1)
# So long no version is looked up after that failed: the API comes and goes in waves.
_LOOK_UP_AGAIN = 600.0
_OLDER = (
    "read from OAI-PMH: papers stand on the day for which they were submitted, as they are now; "
    "what was cross-listed later or replaced at that time is not known."
)


@dataclass(frozen=True, slots=True)
class Places:
    """Where arXiv's catch-up pages, its OAI-PMH and its query API are."""

    pages: str = "https://arxiv.org"
    oai: str = OAI
    api: str = API

    @classmethod
    def beside(cls, feeds: str) -> Self:
        """Find them from where the feeds are: at arXiv, or all below a stand-in's own address."""
        host = urlsplit(feeds).hostname or ""
        if f".{host}".endswith(".arxiv.org"):
            return cls()
        base = feeds.rstrip("/")
        return cls(base, f"{base}/oai", f"{base}/api/query")


class HistorySource:
    """arXiv's past announcements, asked for as politely as the newest."""

    def __init__(
        self,
        asker: Asker,
        places: Places = Places(),
        *,
        turn: Callable[[], AbstractContextManager[None]] = nullcontext,
        clock: Callable[[], float] = time.monotonic,
        report: Callable[[str], None] | None = None,
    ) -> None:
        """`turn` is held while a day's pages, or one answer of OAI-PMH, are read.

        `report` is told how far a long reading has come.
        """
        self._asker = asker
        self._places = places
        self._turn = turn
        self._clock = clock
        self._report = report or (lambda _sentence: None)
        self._no_look_up_before = clock()

    def read(self, category: str, day: date | None) -> Announcement:
        """Read all pages of a category's day, one of the last 90; raise SourceError where none is.

        `announced` is the pages' own count, and `faults` says what of it is missing. A paper has
        the text that it has now, and that text's version: where no link of the page names it, a
        replacement's is looked up and any other's taken for 1.
        """
        if day is None:
            reason = "holds the announcements of many days: say which to read"
            raise SourceError(shown_url(self._places.pages), reason)
        name = percent_encoded(taxonomy.canonical(category), safe="")
        url = f"{self._places.pages}/catchup/{name}/{day}?abs=True&page="
        faults: list[str] = []
        with self._turn():
            pages = [self._read_page(f"{url}1", category, day)]
            while _has_more(pages):
                number = len(pages) + 1
                try:
                    pages.append(self._read_page(f"{url}{number}", category, day))
                except SourceError as error:
                    faults.append(f"Page {number} could not be read: {error}.")
                    break
            listed = [listed for page in pages for listed in page.listed]
            versions, fault = self._look_up(listed)
        entries, left_out = _choose(listed, versions)
        if left_out:
            faults.append(_say_left_out(left_out, fault))
        return Announcement(
            category=category,
            day=day,
            url=shown_url(f"{url}1"),
            announced=max(len(entries), _count(pages)),
            entries=tuple(entries.values()),
            faults=(*_check_counts(pages), *faults, *_named(pages)),
        )

    def read_older(self, category: str, since: date, until: date) -> Iterator[Announcement]:
        """Yield an announcement for every Monday to Friday of a span, oldest first.

        All records changed since then are read before the first one comes. Each announcement has a
        fault that says what is not known. Raise SourceError where an answer is unusable.
        """

        def fetch(url: str) -> bytes:
            about = f"the older papers of {category}"
            with self._turn():
                return self._fetch(url, about, accept=XML, unit="answer")

        with _Spool() as spool:
            count = unread = 0
            for answer in harvest(category, since - _DAY, fetch, url=self._places.oai):
                for record in answer.records:
                    day = announcement_day(record.submitted)
                    if since <= day <= until:
                        spool.put(day, record.paper)
                count += len(answer.records)
                unread += answer.unread
                if answer.records:
                    changed = say_day(answer.records[-1].changed)
                    self._report(f"{category}: {count} records read, changed until {changed}")
            noun = "record" if unread == 1 else "records"
            faults = (_OLDER, f"{unread} {noun} could not be read.") if unread else (_OLDER,)
            for day in announcement_days(since - _DAY, until):
                entries = tuple(
                    Entry(paper, _kind_of(paper, category)) for paper in spool.take(day)
                )
                url = shown_url(self._places.oai)
                yield Announcement(category, day, url, len(entries), entries, faults)

    def _read_page(self, url: str, category: str, day: date) -> Page:
        about = f"{category} of {say_day(day)}"
        body = self._fetch(url, about, accept=PAGES, unit="page", hint=suggestion(category))
        return parse_page(body, category=category, day=day, url=shown_url(url))

    def _look_up(self, listed: Iterable[Listed]) -> tuple[dict[str, int], str]:
        """Look up the versions of replacements that the pages do not tell; say why that failed."""
        ids = [
            each.entry.paper.base_id
            for each in listed
            if not each.sure and each.entry.kind.is_replacement
        ]
        if ids and self._clock() < self._no_look_up_before:
            return {}, "arXiv's API did not answer a short while ago"

        def fetch(url: str) -> bytes:
            return self._fetch(url, "the versions of replacements", accept=XML, unit="answer")

        try:
            return look_up(ids, fetch, url=self._places.api), ""
        except SourceError as error:
            self._no_look_up_before = self._clock() + _LOOK_UP_AGAIN
            return {}, str(error)

    def _fetch(self, url: str, about: str, *, accept: str, unit: str, hint: str = "") -> bytes:
        """Return the body of an answer with status 200; raise SourceError for any other."""
        server = "arXiv" if self._places == Places() else shown_url(self._places.pages)
        answer = self._asker.ask(url, server=server, about=about, unit=unit, accept=accept)
        if answer.status != _OK:
            words = parse_words(answer.body)
            reason = f"answered {answer.status}" + (f": {words}" if words else "")
            raise SourceError(answer.url, f"{reason}{hint}")
        return answer.body


def _has_more(pages: Sequence[Page]) -> bool:
    """Whether a day has another page, as far as its pages so far say."""
    found = sum(page.found for page in pages)
    return found < _count(pages) and pages[-1].found > 0 and len(pages) < _MOST_PAGES


def _count(pages: Sequence[Page]) -> int:
    """Return how many entries the day has; the largest of all that its pages say."""
    return max(*(page.total for page in pages), sum(_sections(pages).values()))


def _sections(pages: Sequence[Page]) -> dict[str, int]:
    """Return how many entries each section has over all pages, by its name."""
    totals: dict[str, int] = {}
    for page in pages:
        for section in page.sections:
            totals[section.name] = max(section.total, totals.get(section.name, 0))
    return totals


def _check_counts(pages: Sequence[Page]) -> Iterator[str]:
    """Say what of the pages' own counts is not on them."""
    totals = _sections(pages)
    for name, total in totals.items():
        found = sum(
            section.found for page in pages for section in page.sections if section.name == name
        )
        if found != total:
            yield f"{name} submissions: the page counts {total}, and {found} are on it."
    stated, added = max(page.total for page in pages), sum(totals.values())
    if stated != added:
        yield f"The page counts {stated} entries, and its sections add up to {added}."


def _choose(
    listed: Iterable[Listed], versions: dict[str, int]
) -> tuple[dict[str, Entry], list[str]]:
    """Return the entries by base id, and the ids of replacements whose version nobody knows."""
    entries: dict[str, Entry] = {}
    left_out: list[str] = []
    for each in listed:
        entry = each.entry
        base_id = entry.paper.base_id
        if base_id in versions:
            entry = replace(entry, paper=replace(entry.paper, version=versions[base_id]))
        elif not each.sure and entry.kind.is_replacement:
            # Replacements are told apart by their versions, so a guess could hide one.
            left_out.append(base_id)
            continue
        entries.setdefault(base_id, entry)
    return entries, left_out


def _say_left_out(ids: Sequence[str], fault: str) -> str:
    named = ", ".join(ids[:_NAMED_FAULTS]) + (", …" if len(ids) > _NAMED_FAULTS else "")
    count = f"{len(ids)} replacement{'' if len(ids) == 1 else 's'} ({named})"
    why = f"no version could be looked up: {fault}" if fault else "arXiv's API knows no version"
    return f"{count} left out: {why}."


def _named(pages: Sequence[Page]) -> tuple[str, ...]:
    """Name the first entries that could not be read and count the rest."""
    faults = [fault for page in pages for fault in page.faults]
    rest = len(faults) - _NAMED_FAULTS
    if rest <= 0:
        return tuple(faults)
    return (
        *faults[:_NAMED_FAULTS],
        f"And {rest} more {'entry was' if rest == 1 else 'entries were'} left out.",
    )


def _kind_of(paper: Paper, category: str) -> AnnounceType:
    own = taxonomy.matches(category, paper.primary)
    return AnnounceType.NEW if own else AnnounceType.CROSS


class _Spool:
    """Papers by day in a temporary file: a year of a large category is too much for memory."""

    def __init__(self) -> None:
        self._file = TemporaryFile("w+b")  # noqa: SIM115 - closed with the spool
        self._days: dict[date, dict[str, int]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def put(self, day: date, paper: Paper) -> None:
        """Keep a paper, in the place of an earlier record of it."""
        place = self._file.seek(0, SEEK_END)
        self._file.write(json.dumps(asdict(paper)).encode() + b"\n")
        self._days.setdefault(day, {})[paper.base_id] = place

    def take(self, day: date) -> Iterator[Paper]:
        """Yield a day's papers by id."""
        for _, place in sorted(self._days.pop(day, {}).items()):
            self._file.seek(place)
            fields = json.loads(self._file.readline())
            fields |= {name: tuple(fields[name]) for name in ("authors", "categories")}
            yield Paper(**fields)

"""One of arXiv's catch-up pages becomes the entries and counts it shows; who asks is not known.

Such a page (https://arxiv.org/catchup/cs.CV/2025-12-04?abs=True&page=1) lists one category's
announcement of one of the last 90 days, 2000 entries at most, with the texts that papers have now.
Made after arXiv's own software: https://github.com/arXiv/arxiv-browse
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

from lxml import html

from bot.adapters.arxiv.markup import each_of, find_field, parse_part, read_text
from bot.adapters.arxiv.names import parse_names
from bot.core import taxonomy
from bot.core.days import say_day
from bot.core.papers import AnnounceType, ArxivId, Entry, Paper
from bot.errors import SourceError, UserError

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_HEADING = re.compile(r"Catchup results for .+ on [A-Z][a-z]{2}, (\d{1,2}) ([A-Z][a-z]{2}) (\d{4})")
_TOTAL = re.compile(r"Total of (\d{1,6}) entries")
_SECTION = re.compile(
    r"(New|Cross|Replacement) submissions (?:[^(]* )?"
    r"\((?:continued, )?showing (?:first |last )?\d{1,6} of (\d{1,6}) entries ?\)"
)
_NOTHING = re.compile(r"No (?:further )?updates for ")
_CODE = re.compile(r"\(([a-z-]+(?:\.[A-Za-z-]+)?)\)\s*$")
_PAPER = re.compile(r"/(?:abs|pdf|html)/([^?#]+)")
_NO_AUTHORS = "(author list is unavailable)"
_CHANGED = "arXiv changed its pages"

_KINDS = {
    "New": AnnounceType.NEW,
    "Cross": AnnounceType.CROSS,
    "Replacement": AnnounceType.REPLACE,
}


@dataclass(frozen=True, slots=True)
class Section:
    """One part of a page: how many entries it says it has over all pages, how many are here."""

    name: str
    total: int
    found: int


@dataclass(frozen=True, slots=True)
class Listed:
    """An entry of a page, whose paper's version (1) is only assumed where `sure` is False."""

    entry: Entry
    sure: bool


@dataclass(frozen=True, slots=True)
class Page:
    """What one page shows of a day that has `total` entries over all its pages.

    `listed` are those of this page that could be read; `faults` says, a sentence each, what is
    wrong with the others.
    """

    total: int
    sections: tuple[Section, ...]
    listed: tuple[Listed, ...]
    faults: tuple[str, ...]

    @property
    def found(self) -> int:
        """How many entries stand on this page, readable or not."""
        return sum(section.found for section in self.sections)


def parse_page(body: bytes, *, category: str, day: date, url: str) -> Page:
    """Read one page of a category's day; raise SourceError, naming `url`, if it is none.

    A page that says that there are no updates has no entries, and is fine.
    """
    root = parse_part(body, "dlpage", url=url)
    _check_day(root, day, url)
    words = read_text(root)
    # Its first words, so that no abstract can say them.
    total = _TOTAL.search(words)
    if total is None:
        raise SourceError(url, f"does not say 'Total of … entries': {_CHANGED}")
    sections: list[Section] = []
    listed: list[Listed] = []
    faults: list[str] = []
    for heading, term, description in _walk(root):
        if heading is not None:
            sections.append(_read_section(heading, url))
            continue
        if not sections:
            reason = "lists entries before any heading like 'New submissions (showing 3 of 3 …'"
            raise SourceError(url, f"{reason}: {_CHANGED}")
        sections[-1] = replace(sections[-1], found=sections[-1].found + 1)
        try:
            listed.append(_read_entry(term, description, _KINDS[sections[-1].name], category))
        except _UnreadableError as fault:
            label = read_text(term)[:80] or "without id"
            faults.append(f"An entry ({label}) was left out: {fault}.")
    if not sections and not _NOTHING.search(words):
        raise SourceError(url, f"has neither entries nor 'No updates for …': {_CHANGED}")
    return Page(int(total[1]), tuple(sections), tuple(listed), tuple(faults))


class _UnreadableError(Exception):
    """One entry cannot be read; the message completes "was left out: …"."""


def _check_day(root: html.HtmlElement, day: date, url: str) -> None:
    """Raise SourceError unless the heading names that day."""
    heading = read_text(next(root.iter("h1"), None))
    found = _HEADING.fullmatch(heading)
    if found is None or found[2] not in _MONTHS:
        expected = f"Catchup results for … on {day:%d} {_MONTHS[day.month - 1]} {day.year}"
        reason = f"is headed {heading[:120]!r} where {expected!r} was expected"
        raise SourceError(url, f"{reason}: {_CHANGED}")
    try:
        shown = date(int(found[3]), 1 + _MONTHS.index(found[2]), int(found[1]))
    except ValueError as error:
        raise SourceError(url, f"is of no day that there is: {heading[:120]!r}") from error
    if shown != day:
        raise SourceError(url, f"is of {say_day(shown)}, where {say_day(day)} was asked for")


_Step = tuple[html.HtmlElement | None, html.HtmlElement | None, html.HtmlElement | None]


def _walk(root: html.HtmlElement) -> Iterator[_Step]:
    """Yield headings, and entries as their `dt` and, unless it is missing, their `dd`."""
    term: html.HtmlElement | None = None
    for element in root.iter("h3", "dt", "dd"):
        if element.tag == "dd":
            if term is not None:
                yield None, term, element
            term = None
            continue
        if term is not None:
            yield None, term, None
        term = element if element.tag == "dt" else None
        if term is None:
            yield element, None, None
    if term is not None:
        yield None, term, None


def _read_section(heading: html.HtmlElement, url: str) -> Section:
    words = read_text(heading)
    found = _SECTION.fullmatch(words)
    if found is None:
        reason = (
            f"has the heading {words[:120]!r} where one like 'New submissions (showing 3 of 3 "
            "entries)' was expected"
        )
        raise SourceError(url, f"{reason}: {_CHANGED}")
    return Section(found[1], int(found[2]), 0)


def _read_entry(
    term: html.HtmlElement | None,
    description: html.HtmlElement | None,
    kind: AnnounceType,
    category: str,
) -> Listed:
    """Build an entry; raise _UnreadableError, saying what is missing."""
    identity = _read_id(term)
    title = _read_field(description, "list-title")
    if not title:
        fault = "it has no title"
        raise _UnreadableError(fault)
    categories = _read_categories(description)
    if not categories:
        fault = "it has no category"
        raise _UnreadableError(fault)
    if kind is AnnounceType.REPLACE and not taxonomy.matches(category, categories[0]):
        kind = AnnounceType.REPLACE_CROSS
    paper = Paper(
        base_id=identity.base,
        version=identity.version or 1,
        title=title,
        authors=_read_authors(description),
        abstract=read_text(next(each_of(description, "p"), None)),
        categories=categories,
        comments=_read_field(description, "list-comments"),
        doi=_read_field(description, "list-doi"),
        journal_ref=_read_field(description, "list-journal-ref"),
    )
    return Listed(Entry(paper, kind), identity.version is not None)


def _read_id(term: html.HtmlElement | None) -> ArxivId:
    """Read the id, and the version where a link names it: the one to the paper as HTML does."""
    found: ArxivId | None = None
    for link in each_of(term, "a"):
        path = _PAPER.search(link.get("href") or "")
        try:
            read = ArxivId.parse(path[1] if path else "")
        except UserError:
            continue
        if found is None or (read.base == found.base and found.version is None):
            found = read
    if found is None:
        fault = "it has no readable arXiv id"
        raise _UnreadableError(fault)
    return found


def _read_categories(description: html.HtmlElement | None) -> tuple[str, ...]:
    """Read "Graphics (cs.GR); Numerical Analysis (math.NA)", the primary one first."""
    subjects = _read_field(description, "list-subjects").split(";")
    codes = (found[1] for subject in subjects if (found := _CODE.search(subject)))
    return tuple(dict.fromkeys(codes))


def _read_authors(description: html.HtmlElement | None) -> tuple[str, ...]:
    """Read the names, which are links to a search; affiliations between them are not."""
    line = find_field(description, "list-authors")
    links = [link for link in each_of(line, "a") if "searchtype=author" in (link.get("href") or "")]
    if links:
        return tuple(name for link in links if (name := read_text(link)))
    text = read_text(line)
    return () if text == _NO_AUTHORS else parse_names(text)


def _read_field(description: html.HtmlElement | None, name: str) -> str:
    return read_text(find_field(description, name))

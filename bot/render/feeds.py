"""Papers as Atom, RSS and JSON Feed; all three are made of one Feed and say the same.

https://www.rfc-editor.org/rfc/rfc4287, https://www.rssboard.org/rss-specification,
https://www.jsonfeed.org/version/1.1/
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time
from email.utils import format_datetime
from html import escape
from types import MappingProxyType
from uuid import NAMESPACE_URL, uuid5
from xml.etree.ElementTree import Element, SubElement, tostring

from bot.core.announcing import delivery_key
from bot.core.archive import FoundPaper, Issue
from bot.core.editions import Edition, Hit, Item
from bot.core.papers import AnnounceType, Paper
from bot.render.segments import one_line
from bot.render.view import display, display_names, say_why

MOST_ENTRIES = 100
# When a feed without entries was last changed: it has to say something.
NEVER = datetime(1970, 1, 1, tzinfo=UTC)

_ATOM = "http://www.w3.org/2005/Atom"
_DC = "http://purl.org/dc/elements/1.1/"
# What XML cannot hold (https://www.w3.org/TR/xml/#charsets) that `one_line` lets through.
_NO_XML = re.compile("[\ufffe\uffff]")
_KIND_WORDS = {
    AnnounceType.NEW: "",
    AnnounceType.CROSS: "cross-listed",
    AnnounceType.REPLACE: "replaced",
    AnnounceType.REPLACE_CROSS: "replaced, cross-listed",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One paper of a feed; `name` tells it for ever from every other entry of every feed."""

    name: str
    url: str
    title: str
    authors: tuple[str, ...]
    categories: tuple[str, ...]
    why: str
    abstract: str
    updated: datetime


@dataclass(frozen=True, slots=True)
class Feed:
    """Papers, newest first; `name` stays whatever the feed's address becomes."""

    name: str
    title: str
    about: str
    home: str
    url: str
    entries: tuple[Entry, ...]

    @property
    def updated(self) -> datetime:
        """When something was last added."""
        return max((entry.updated for entry in self.entries), default=NEVER)


def build_set_entries(editions: Iterable[tuple[Issue, Edition]]) -> tuple[Entry, ...]:
    """Make the entries of a set's newest editions, at most MOST_ENTRIES."""
    entries = [
        _build_entry(
            f"sets/{issue.set_key[0]}/{issue.set_key[1]}/{delivery_key(item)}",
            item.paper,
            item.hits,
            issue.at,
            _KIND_WORDS[item.kind],
        )
        for issue, edition in editions
        for item in edition.items
    ]
    return tuple(entries[:MOST_ENTRIES])


def build_found_entries(found: Iterable[FoundPaper]) -> tuple[Entry, ...]:
    """Make the entries of papers that were found by words; each came on its first day."""
    return tuple(
        _build_entry(
            f"papers/{each.paper.base_id}",
            each.paper,
            each.hits,
            datetime.combine(each.first_day, time(), UTC),
        )
        for each in found
    )


def build_tried_entries(days: Iterable[tuple[datetime, Item]]) -> tuple[Entry, ...]:
    """Make the entries of papers that a query brought, each with its moment."""
    return tuple(
        _build_entry(f"papers/{delivery_key(item)}", item.paper, item.hits, at) for at, item in days
    )


def write_atom(feed: Feed) -> str:
    """Write a feed as Atom 1.0."""
    root = Element("feed", {"xmlns": _ATOM, "xml:lang": "en"})
    _add(root, "id", _urn(feed.name))
    _add(root, "title", feed.title)
    _add(root, "subtitle", feed.about)
    _add(root, "updated", _rfc3339(feed.updated))
    SubElement(root, "link", rel="self", type="application/atom+xml", href=feed.url)
    SubElement(root, "link", rel="alternate", type="text/html", href=feed.home)
    _add(root, "generator", "papers-bot")
    # Entries without authors have the feed's: RFC 4287, 4.1.1.
    _add(SubElement(root, "author"), "name", "papers-bot")
    for entry in feed.entries:
        item = SubElement(root, "entry")
        _add(item, "id", _urn(entry.name))
        _add(item, "title", entry.title)
        _add(item, "updated", _rfc3339(entry.updated))
        _add(item, "published", _rfc3339(entry.updated))
        SubElement(item, "link", rel="alternate", type="text/html", href=entry.url)
        for author in entry.authors:
            _add(SubElement(item, "author"), "name", author)
        for category in entry.categories:
            SubElement(item, "category", term=category)
        _add(item, "summary", entry.why or entry.title)
        _add(item, "content", entry.abstract)
    return _write(root)


def write_rss(feed: Feed) -> str:
    """Write a feed as RSS 2.0; a description is HTML, as readers take it."""
    root = Element("rss", {"version": "2.0", "xmlns:atom": _ATOM, "xmlns:dc": _DC})
    channel = SubElement(root, "channel")
    _add(channel, "title", feed.title)
    _add(channel, "link", feed.home)
    _add(channel, "description", feed.about)
    _add(channel, "language", "en")
    _add(channel, "lastBuildDate", format_datetime(feed.updated))
    _add(channel, "generator", "papers-bot")
    SubElement(channel, "atom:link", rel="self", type="application/rss+xml", href=feed.url)
    for entry in feed.entries:
        item = SubElement(channel, "item")
        _add(item, "title", entry.title)
        _add(item, "link", entry.url)
        SubElement(item, "guid", isPermaLink="false").text = _urn(entry.name)
        _add(item, "pubDate", format_datetime(entry.updated))
        for author in entry.authors:
            _add(item, "dc:creator", author)
        for category in entry.categories:
            _add(item, "category", category)
        said = filter(None, (entry.why, entry.abstract))
        _add(item, "description", "".join(f"<p>{escape(each)}</p>" for each in said))
    return _write(root)


def write_json(feed: Feed) -> str:
    """Write a feed as JSON Feed 1.1."""
    document = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed.title,
        "home_page_url": feed.home,
        "feed_url": feed.url,
        "description": feed.about,
        "language": "en",
        "items": [
            {
                "id": _urn(entry.name),
                "url": entry.url,
                "title": entry.title,
                "summary": entry.why or entry.title,
                "content_text": entry.abstract,
                "date_published": _rfc3339(entry.updated),
                "authors": [{"name": author} for author in entry.authors],
                "tags": list(entry.categories),
            }
            for entry in feed.entries
        ],
    }
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


# How each form is written, and what it is served as.
FORMS: Mapping[str, tuple[Callable[[Feed], str], str]] = MappingProxyType(
    {
        "atom": (write_atom, "application/atom+xml"),
        "rss": (write_rss, "application/rss+xml"),
        "json": (write_json, "application/feed+json"),
    }
)


def _build_entry(
    name: str, paper: Paper, hits: Iterable[Hit], updated: datetime, kind: str = ""
) -> Entry:
    why = say_why(hits)
    said = [f"Why: {why}"] if why else []
    return Entry(
        name=name,
        url=paper.url,
        title=_clean(display(paper.title)) or paper.base_id,
        authors=tuple(filter(None, map(_clean, display_names(paper.authors)))),
        categories=tuple(filter(None, map(_clean, paper.categories))),
        why=_clean(" · ".join([*said, kind] if kind else said)),
        abstract=_clean(display(paper.abstract)),
        updated=updated,
    )


def _clean(text: str) -> str:
    return _NO_XML.sub(" ", one_line(text)).strip(" ")


def _urn(name: str) -> str:
    """Name something for ever: https://www.rfc-editor.org/rfc/rfc9562 version 5."""
    known = name.encode("utf-8", "replace").decode()
    return uuid5(NAMESPACE_URL, f"https://papers-bot.invalid/{known}").urn


def _rfc3339(at: datetime) -> str:
    return at.astimezone(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")


def _add(parent: Element, tag: str, text: str) -> None:
    SubElement(parent, tag).text = _clean(text)


def _write(root: Element) -> str:
    return f'<?xml version="1.0" encoding="utf-8"?>\n{tostring(root, encoding="unicode")}\n'

"""arXiv's RSS and Atom become announcements here; where the bytes come from is not known here.

The feeds are described at https://info.arxiv.org/help/rss_specifications.html; what they do beyond
that was measured on arXiv's own feed software (https://github.com/arXiv/arxiv-feed).
"""

import re
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from email.utils import parsedate_to_datetime
from zoneinfo import ZoneInfo

from bot.adapters.arxiv.document import parse_document, quote
from bot.adapters.arxiv.items import Channel, Item, parse_items
from bot.adapters.arxiv.names import parse_names
from bot.core import taxonomy
from bot.core.papers import Announcement, AnnounceType, ArxivId, Entry, Paper
from bot.errors import SourceError, UserError

# arXiv serves no more than 2000 items; new papers are the first to be left out, as the feed is
# sorted with replacements first.
_CAP = 2000
_NAMED_FAULTS = 5
_ERROR_TITLE = "Feed error for query"
# The query API also answers in Atom, but with papers by the day of their submission.
_SEARCH_TITLE = "arXiv Query:"
# Every abstract opens so: `arXiv:2512.03874v1 Announce Type: new \nAbstract: `.
_OPENING = re.compile(
    r"arXiv:(?P<id>\S+) Announce Type: (?P<kind>\S+)(?: Abstract:)? ?(?P<abstract>.*)"
)


def parse_feed(body: bytes, *, category: str, url: str) -> Announcement:
    """Read one category's feed, RSS or Atom; raise SourceError, naming `url`, if it is unusable.

    Items that cannot be read are counted and described in `faults`; the others are kept in the
    feed's order. A feed without items is an announcement without entries: weekends, holidays.
    """
    document = parse_document(body, url=url)
    channel, items = parse_items(document, url=url)
    if channel.title.startswith(_ERROR_TITLE):
        words = channel.description or channel.title
        raise SourceError(url, f"{words}{suggestion(category)}")
    if channel.title.startswith(_SEARCH_TITLE):
        raise SourceError(url, "answers a search, not an announcement; use https://rss.arxiv.org")
    day = _day(channel, items, url, is_atom=document.is_atom)
    entries: dict[tuple[str, int], Entry] = {}
    faults: list[str] = []
    announced = len(items)
    for number, item in enumerate(items, start=1):
        try:
            entry = _entry(item)
        except _UnreadableError as fault:
            faults.append(f"Item {number} ({item.label}) was left out: {fault}.")
            continue
        key = (entry.paper.base_id, entry.paper.version)
        if key in entries:
            announced -= 1
            faults.append(f"Item {number} ({item.label}) repeats an earlier one: it counts once.")
        else:
            entries[key] = entry
    truncated = len(items) >= _CAP
    return Announcement(
        category=category,
        day=day,
        url=url,
        announced=announced,
        entries=tuple(entries.values()),
        faults=(*_cap_faults(len(items), truncated=truncated), *_named(faults)),
        truncated=truncated,
    )


def parse_words(body: bytes) -> str:
    """Return what a body that is no announcement says: arXiv's feed of an error, a page, a line."""
    try:
        channel, _ = parse_items(parse_document(body, url=""), url="")
    except SourceError:
        return quote(body.decode("utf-8", "replace"))
    return channel.description


def suggestion(category: str) -> str:
    """Return " Did you mean …?" for a category that arXiv does not have, else ""."""
    if taxonomy.is_known(category):
        return ""
    near = taxonomy.nearest(category)
    if near is None:
        return " arXiv's categories: https://arxiv.org/category_taxonomy"
    return f" Did you mean {near} ({taxonomy.name_of(near)})?"


class _UnreadableError(Exception):
    """One item cannot become an entry; the message completes "was left out: …"."""


def _entry(item: Item) -> Entry:
    """Build an entry; raise _UnreadableError, saying what is missing."""
    opening = _OPENING.match(item.summary)
    kind = _kind(item.kind or (opening["kind"] if opening else ""))
    base_id, version = _identity((item.guid, opening["id"] if opening else "", item.link))
    if version is None and kind.is_replacement:
        # Replacements are told apart by their versions, so a guess could hide one.
        fault = "a replacement without a version"
        raise _UnreadableError(fault)
    if not item.title:
        fault = "it has no title"
        raise _UnreadableError(fault)
    if not item.categories:
        fault = "it has no category"
        raise _UnreadableError(fault)
    paper = Paper(
        base_id=base_id,
        version=version or 1,
        title=item.title,
        authors=parse_names(item.creators),
        abstract=opening["abstract"] if opening else item.summary,
        categories=item.categories,
        doi=item.doi,
        journal_ref=item.journal_ref,
    )
    return Entry(paper, kind)


def _kind(text: str) -> AnnounceType:
    try:
        return AnnounceType(text)
    except ValueError as error:
        fault = f"its announce type {text[:40]!r} is unknown" if text else "it has no announce type"
        raise _UnreadableError(fault) from error


def _identity(candidates: Iterable[str]) -> tuple[str, int | None]:
    """Return the first readable id, with the version that it or a later candidate gives."""
    found: ArxivId | None = None
    for candidate in candidates:
        try:
            read = ArxivId.parse(candidate)
        except UserError:
            continue
        if found is None or (read.base == found.base and found.version is None):
            found = read
    if found is None:
        fault = "it has no readable arXiv id"
        raise _UnreadableError(fault)
    return found.base, found.version


def _day(channel: Channel, items: tuple[Item, ...], url: str, *, is_atom: bool) -> date:
    """Return the batch's own day: the channel's in RSS, the entries' in Atom.

    `updated` (and RSS's lastBuildDate) is when the feed was built, and a stale batch is built anew
    every day; it is believed only where there is nothing else, in an Atom feed without entries.
    """
    stamps = Counter(filter(None, (_parse_day(item.published) for item in items)))
    most_common = max(stamps, key=lambda day: (stamps[day], day), default=None)
    day = (None if is_atom else _parse_day(channel.published)) or most_common
    if day is None and is_atom and not items:
        day = _parse_day(channel.updated)
    if day is None:
        reason = "carries no date, so nobody can tell which announcement it is"
        raise SourceError(url, reason)
    return day


def _parse_day(text: str) -> date | None:
    """Read RFC 5322 and ISO 8601 times as arXiv's (US/Eastern) day; None when unreadable."""
    try:
        moment = parsedate_to_datetime(text) if "," in text else datetime.fromisoformat(text)
        if moment.time() == time.min:
            # A day, written as its midnight: it stays that day, even where a mirror wrote the zone
            # wrong or arXiv the summer's in winter.
            return moment.date()
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return aware.astimezone(ZoneInfo("America/New_York")).date()
    except (ValueError, OverflowError):
        return None


def _cap_faults(count: int, *, truncated: bool) -> tuple[str, ...]:
    if not truncated:
        return ()
    fault = f"The feed holds {count} items and arXiv serves no more than {_CAP}"
    return (f"{fault}: new papers may be missing. Follow its categories one by one.",)


def _named(faults: list[str]) -> tuple[str, ...]:
    """Name the first faults and count the rest."""
    rest = len(faults) - _NAMED_FAULTS
    if rest <= 0:
        return tuple(faults)
    noun = "item has a fault" if rest == 1 else "items have faults"
    return (*faults[:_NAMED_FAULTS], f"And {rest} more {noun}.")

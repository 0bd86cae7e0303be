"""What feedparser sees in a feed, as typed texts; what the texts mean is decided in `feeds`."""

import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.adapters.arxiv.document import Document
from bot.errors import SourceError

_NAMESPACE = "http://arxiv.org/schemas/atom"
_CONTROLS = dict.fromkeys([*range(9), *range(14, 28), *range(127, 133), *range(134, 160)])


@dataclass(frozen=True, slots=True)
class Channel:
    """What the feed says of itself."""

    title: str
    description: str
    published: str
    updated: str


@dataclass(frozen=True, slots=True)
class Item:
    """One item's texts, with white space collapsed and control characters gone."""

    guid: str
    link: str
    title: str
    summary: str
    creators: str
    categories: tuple[str, ...]
    published: str
    kind: str
    doi: str
    journal_ref: str

    @property
    def label(self) -> str:
        """Name the item in a sentence about it."""
        name = self.guid.removeprefix("oai:arXiv.org:") or self.title or "without id or title"
        return name[:80]


def parse_items(document: Document, *, url: str) -> tuple[Channel, tuple[Item, ...]]:
    """Let feedparser read a checked document; raise SourceError where it stumbles."""
    import feedparser  # noqa: PLC0415 - takes 0.1 s, which `papers --help` must not pay

    try:
        parsed = feedparser.parse(
            # Plain bytes would be tried as a file name first.
            io.BytesIO(document.xml),
            # Without these two, `$a<b$ and $c>d$` loses half of itself and `E&D` becomes `E&amp;D`.
            sanitize_html=False,
            resolve_relative_uris=False,
            # Spares the guessing of the encoding.
            response_headers={"content-type": "application/xml; charset=utf-8"},
        )
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        # feedparser stumbles over feeds of odd structure, by any of these.
        reason = f"is XML that feedparser cannot read ({type(error).__name__}: {error})"
        raise SourceError(url, reason) from error
    if parsed["bozo"]:
        reason = f"is XML that feedparser cannot read ({parsed['bozo_exception']})"
        raise SourceError(url, reason) from parsed["bozo_exception"]
    return _channel(parsed["feed"]), _items(parsed)


def _channel(feed: Mapping[str, object]) -> Channel:
    # A plain dict, because FeedParserDict answers `published` when asked for `updated`, and warns.
    texts = dict(feed)
    return Channel(
        title=_text(texts.get("title")),
        description=_text(texts.get("subtitle")),
        published=_text(texts.get("published")),
        updated=_text(texts.get("updated")),
    )


def _items(parsed: Mapping[str, Any]) -> tuple[Item, ...]:
    spaces: Mapping[str, str] = parsed["namespaces"]
    prefix = next((name for name, space in spaces.items() if space == _NAMESPACE), "arxiv")
    return tuple(_item(dict(entry), prefix) for entry in parsed["entries"])


def _item(texts: Mapping[str, object], prefix: str) -> Item:
    return Item(
        guid=_text(texts.get("id")),
        link=_text(texts.get("link")),
        title=_text(texts.get("title")),
        summary=_text(texts.get("summary")),
        creators=_creators(texts),
        categories=tuple(dict.fromkeys(filter(None, _members(texts.get("tags"), "term")))),
        published=_text(texts.get("published")),
        kind=_text(texts.get(f"{prefix}_announce_type")),
        doi=_text(texts.get(f"{prefix}_doi")),
        journal_ref=_text(texts.get(f"{prefix}_journal_reference")),
    )


def _creators(texts: Mapping[str, object]) -> str:
    """Return arXiv's one string; a mirror that gives every author an element gets them joined."""
    names = [*_members(texts.get("authors"), "name")]
    return ", ".join(names) if len(names) > 1 else _text(texts.get("author"))


def _members(values: object, key: str) -> Iterable[str]:
    if isinstance(values, list):
        for value in values:
            yield _text(dict(value).get(key))


def _text(value: object) -> str:
    if not isinstance(value, str):
        return ""
    text = " ".join(value.split())
    # Nearly every text is printable, and finding that out is ten times quicker than translating.
    return text if text.isprintable() else " ".join(text.translate(_CONTROLS).split())

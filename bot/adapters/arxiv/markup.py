"""Bytes that claim to be one of arXiv's HTML pages become elements, and these their texts.

What the elements mean is not known here.
"""

import re
from collections.abc import Iterator

from lxml import etree, html

from bot.adapters.arxiv.document import MAX_BYTES, quote
from bot.errors import SourceError

# A full page has about 100,000 tags, and no text without any is longer than an abstract.
_MOST_TAGS = 500_000
_LONGEST_TAG = 50_000
# arXiv hides addresses behind these words, which is all that a plain copy of the page would keep.
_HIDDEN = re.compile(r"this \w{2,6} URL")
_LABEL = "descriptor"
_CONTROLS = dict.fromkeys([*range(9), *range(14, 28), *range(127, 133), *range(134, 160)])


def parse_part(body: bytes, identity: str, *, url: str) -> html.HtmlElement:
    """Decode and parse a page; return its part of this id. Raise SourceError, naming `url`."""
    if len(body) > MAX_BYTES:
        raise SourceError(url, f"is longer than {MAX_BYTES // 2**20} MiB; arXiv's pages have five")
    try:
        text = body.decode("utf-8-sig").translate(_CONTROLS)
    except UnicodeDecodeError as error:
        reason = f"is not text: byte {error.start} is not {error.encoding}"
        raise SourceError(url, reason) from error
    # libxml2 takes quadratic time for the attributes of one tag.
    if text.count("<") > _MOST_TAGS or max(map(len, text.split(">"))) > _LONGEST_TAG:
        raise SourceError(url, f"has more or longer tags than any page of arXiv's: {quote(text)}")
    parser = html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    try:
        document = html.document_fromstring(text.encode(), parser=parser)
    except etree.LxmlError as error:
        raise SourceError(url, f"is no page that can be read: {error}") from error
    for part in document.iter("div"):
        if part.get("id") == identity:
            return part
    raise SourceError(url, f"is not the page that was expected; it says: {quote(text)}")


def find_field(description: html.HtmlElement | None, name: str) -> html.HtmlElement | None:
    """Find a field by its class."""
    fields = each_of(description, "div")
    return next((each for each in fields if name in (each.get("class") or "").split()), None)


def each_of(element: html.HtmlElement | None, tag: str) -> Iterator[html.HtmlElement]:
    """Yield the elements of this tag, in their order."""
    if element is not None:
        yield from element.iter(tag)


def read_text(element: html.HtmlElement | None) -> str:
    """Return an element's text in one line, without the words that name a field.

    Addresses stand where arXiv hides them behind "this https URL".
    """
    parts: list[str] = []
    passed: html.HtmlElement | None = None
    for event, node in etree.iterwalk(element, ("start", "end")) if element is not None else ():
        if event == "end":
            passed = None if node is passed else passed
            parts.append((node.tail or "") if passed is None and node is not element else "")
        elif passed is None:
            instead = _read_instead(node)
            passed = None if instead is None else node
            parts.append((node.text or "") if instead is None else instead)
    text = " ".join("".join(parts).split())
    return text if text.isprintable() else " ".join(text.translate(_CONTROLS).split())


def _read_instead(node: html.HtmlElement) -> str | None:
    """Return what stands for an element instead of its text; None: its text."""
    if node.tag == "br":
        return " "
    if node.tag == "span" and node.get("class") == _LABEL:
        return ""
    if node.tag == "a" and _HIDDEN.fullmatch((node.text or "").strip()):
        # Whatever looks like an address becomes a link, and where there was no scheme arXiv puts
        # http:// before it: the end of a sentence without a space is such an address.
        return (node.get("href") or "").strip().removeprefix("http://") or None
    return None

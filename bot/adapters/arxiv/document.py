"""Bytes that claim to be a feed become well-formed, harmless XML here, or a reason; no arXiv here.

feedparser reads nearly anything: cut-off XML, HTML and error pages become feeds with fewer items,
and nobody is told. Only what expat accepts reaches it, which costs 3% of feedparser's own time.
"""

import codecs
import html
import re
from dataclasses import dataclass
from xml.parsers import expat

from bot.errors import SourceError

MAX_BYTES = 32 * 1024 * 1024
"""The longest body that is read: about eight times arXiv's largest feed (2000 items of 2 kB)."""

ATOM = "http://www.w3.org/2005/Atom feed"
RSS = "rss"

# A full Atom feed has 2000 entries of about 16 elements; feedparser needs 40 us for each element.
_MAX_ELEMENTS = 200_000

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DECLARATION = re.compile(rb"""\s*<\?xml[^>]{1,200}?encoding\s*=\s*["']([\w.-]{1,40})["']""")
# Python knows codecs that are slow, or that are no character sets at all (idna, unicode_escape), so
# only these are taken at their word. Whatever else is declared must turn out to be UTF-8.
_DECLARABLE = frozenset({"us-ascii", "iso-8859-1", "iso-8859-15", "windows-1252"})

# What XML forbids although it is plainly a slip in one paper's text. NUL stays and is refused:
# it is a sign of a wrong encoding, not a slip.
_SLIPS = bytes([*range(1, 9), 11, 12, *range(14, 32)])

_HTML = re.compile(r"(?:<\?xml[^>]*>\s*)?<(?:!doctype\s+html|html)\b", re.IGNORECASE)
_TITLE = re.compile(r"<title[^>]*>([^<]+)", re.IGNORECASE)
_MARKUP = re.compile(r"<(script|style)\b.*?</\1\s*>|<[^>]*>", re.IGNORECASE | re.DOTALL)
_SNIFFED = 20_000
_QUOTED = 300


@dataclass(frozen=True, slots=True)
class Document:
    """Well-formed XML without a document type: UTF-8 bytes, and whether it is RSS or Atom."""

    xml: bytes
    is_atom: bool


def parse_document(body: bytes, *, url: str) -> Document:
    """Decode and check a feed's bytes; raise SourceError when they are no RSS or Atom feed."""
    if len(body) > MAX_BYTES:
        reason = f"is longer than {MAX_BYTES // 2**20} MiB; arXiv's largest feed is an eighth of it"
        raise SourceError(url, reason)
    text = _decode(body, url).lstrip()
    if not text:
        raise SourceError(url, "is empty; an announcement without papers would still be a feed")
    if not text.startswith("<"):
        raise SourceError(url, f"is not a feed; it says: {quote(text)}")
    if _HTML.match(text):
        raise SourceError(url, f"is an HTML page instead of a feed; it says: {quote(text)}")
    xml = text.encode().translate(None, _SLIPS)
    gate = _Gate(url)
    gate.check(xml)
    if gate.root not in (RSS, ATOM):
        root = gate.root.rpartition(" ")[2]
        raise SourceError(url, f"is XML, but neither RSS nor Atom: its root is <{root[:40]}>")
    return Document(xml, is_atom=gate.root == ATOM)


def quote(text: str) -> str:
    """Return what a page says, for people: its title or its first words, in one short line."""
    head = text[:_SNIFFED]
    title = _TITLE.search(head)
    words = html.unescape(title[1] if title else _MARKUP.sub(" ", head))
    line = " ".join(words.split())
    return line if len(line) <= _QUOTED else f"{line[:_QUOTED]}…"


def _decode(body: bytes, url: str) -> str:
    """Decode by byte order mark, then by the declared encoding, then as UTF-8."""
    encodings = [encoding for mark, encoding in _BOMS if body.startswith(mark)][:1]
    if not encodings:
        declared = _DECLARATION.match(body)
        name = declared[1].decode("ascii", "replace").lower() if declared else "utf-8"
        encodings = [name, "utf-8"] if name in _DECLARABLE else ["utf-8"]
    faults: list[UnicodeDecodeError] = []
    for encoding in encodings:
        try:
            return body.decode(encoding)
        except UnicodeDecodeError as error:
            faults.append(error)
    reason = f"is not text: byte {faults[-1].start} is not {faults[-1].encoding}"
    raise SourceError(url, reason) from faults[-1]


class _Gate:
    """Lets one document pass expat; remembers its root."""

    def __init__(self, url: str) -> None:
        self.root = ""
        self._url = url
        self._elements = 0

    def check(self, xml: bytes) -> None:
        """Raise SourceError unless the document is well-formed, of bounded size, without DTD."""
        parser = expat.ParserCreate("utf-8", " ")
        parser.StartDoctypeDeclHandler = self._refuse_doctype
        parser.StartElementHandler = self._count
        try:
            parser.Parse(xml, True)  # noqa: FBT003 - the C function takes no keywords
        except expat.ExpatError as error:
            fault = expat.ErrorString(error.code)
            where = f"line {error.lineno}, column {error.offset + 1}"
            reason = f"is not well-formed XML: {fault} at {where}; it was cut short or altered"
            raise SourceError(self._url, reason) from error

    def _refuse_doctype(self, *_: object) -> None:
        # Entities are declared in document types: no document type, no entity bomb, no file read.
        reason = "declares a document type (<!DOCTYPE>), which no feed needs; it was not read"
        raise SourceError(self._url, reason)

    def _count(self, name: str, _: object) -> None:
        self.root = self.root or name
        self._elements += 1
        if self._elements > _MAX_ELEMENTS:
            reason = f"has more than {_MAX_ELEMENTS} elements; arXiv's largest feed has 32000"
            raise SourceError(self._url, reason)

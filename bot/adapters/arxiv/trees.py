"""Bytes that claim to be XML become a tree, harmless and whole, or a reason; no arXiv here."""

from lxml import etree

from bot.adapters.arxiv.document import MAX_BYTES, quote
from bot.errors import SourceError

# What XML forbids although it is plainly a slip in one paper's text.
_SLIPS = bytes([*range(1, 9), 11, 12, *range(14, 32)])


def parse_tree(body: bytes, *, url: str) -> etree._Element:
    """Parse a document, which must be well-formed; raise SourceError, naming `url`, otherwise."""
    if len(body) > MAX_BYTES:
        raise SourceError(url, f"is longer than {MAX_BYTES // 2**20} MiB; arXiv's answers have ten")
    parser = etree.XMLParser(
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(body.strip().translate(None, _SLIPS), parser)
    except (etree.LxmlError, ValueError) as error:
        said = quote(body.decode("utf-8", "replace"))
        raise SourceError(url, f"is not well-formed XML ({error}); it says: {said}") from error
    if root.getroottree().docinfo.internalDTD is not None:
        # Entities are declared in document types: no document type, no entity bomb, no file read.
        reason = "declares a document type (<!DOCTYPE>), which no answer needs; it was not read"
        raise SourceError(url, reason)
    return root


def read_text(parent: etree._Element, path: str) -> str:
    """Return the text of a child with white space collapsed; "" where there is none."""
    return " ".join((parent.findtext(path) or "").split())

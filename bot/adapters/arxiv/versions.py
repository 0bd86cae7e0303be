"""Which version a paper has now, asked of arXiv's query API; nothing else is asked of it.

The API: https://info.arxiv.org/help/api/user-manual.html
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import islice

from bot.adapters.arxiv.bodies import shown_url
from bot.adapters.arxiv.trees import parse_tree, read_text
from bot.core.papers import ArxivId
from bot.errors import SourceError, UserError

API = "https://export.arxiv.org/api/query"

# Some hundreds of ids make the address too long (HTTP 414).
_AT_ONCE = 100
_ATOM = "{http://www.w3.org/2005/Atom}"


def look_up(ids: Iterable[str], fetch: Callable[[str], bytes], *, url: str = API) -> dict[str, int]:
    """Return the newest version of each paper that the API knows, by base id.

    `fetch` gets one address after another. Raise SourceError where an answer is unusable.
    """
    known: dict[str, int] = {}
    waiting = iter(ids)
    while some := [*islice(waiting, _AT_ONCE)]:
        address = _build_url(url, some)
        known |= parse_versions(fetch(address), url=shown_url(address))
    return known


def parse_versions(body: bytes, *, url: str) -> dict[str, int]:
    """Read versions by base id from an answer; raise SourceError where it is none.

    The API answers a fault with an entry that is no paper, so what has no id is passed over.
    """
    root = parse_tree(body, url=url)
    if root.tag != f"{_ATOM}feed":
        raise SourceError(url, "is XML, but not an answer of the query API: it has no Atom feed")
    known: dict[str, int] = {}
    for entry in root.iter(f"{_ATOM}entry"):
        try:
            paper = ArxivId.parse(read_text(entry, f"{_ATOM}id"))
        except UserError:
            continue
        if paper.version is not None:
            known[paper.base] = paper.version
    return known


def _build_url(url: str, ids: Sequence[str]) -> str:
    # Without max_results there are ten.
    return f"{url}?id_list={','.join(ids)}&max_results={len(ids)}"

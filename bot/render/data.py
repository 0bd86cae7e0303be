"""An edition as JSON, for programs; the schema below is a promise.

    {"set": {"name", "keywords": [...], "exclude": [...]},
     "day": "2025-12-04",
     "receipt": {"announced", "read", "matched", "earlier",
                 "categories": [{"category", "day", "state", "announced", "read", "new", "cross",
                                 "replaced", "stored", "problems": [...]}]},
     "papers": [{"id": "2512.03874", "version": 1, "url",
                 "title", "title_tex", "authors": [...], "abstract", "abstract_tex",
                 "categories": [primary, ...], "comments", "doi", "journal_ref",
                 "kind": "new", "kinds": {"cs.CV": "new", ...},
                 "hits": [{"keyword", "field", "start", "end", "words"}]}]}

`title`, `authors` and `abstract` are plain text; hits' offsets count their Unicode characters
(in authors: of the names joined by ", "). `…_tex` is arXiv's own text. Papers stand in the
edition's order.
"""

import json
from dataclasses import asdict

from bot.core.editions import Edition, Item
from bot.render.view import display, display_names


def render_edition(edition: Edition) -> str:
    """Write an edition as JSON, keys in the schema's order; ends with a newline."""
    receipt = edition.receipt
    document = {
        "set": asdict(edition.set),
        "day": edition.day.isoformat(),
        "receipt": {
            "announced": receipt.announced,
            "read": receipt.read,
            "matched": len(edition.items),
            "earlier": edition.earlier,
            "categories": [
                {**asdict(line), "day": line.day.isoformat()} for line in receipt.categories
            ],
        },
        "papers": [_paper(item) for item in edition.items],
    }
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _paper(item: Item) -> dict[str, object]:
    paper = item.paper
    return {
        "id": paper.base_id,
        "version": paper.version,
        "url": paper.url,
        "title": display(paper.title),
        "title_tex": paper.title,
        "authors": display_names(paper.authors),
        "abstract": display(paper.abstract),
        "abstract_tex": paper.abstract,
        "categories": paper.categories,
        "comments": paper.comments,
        "doi": paper.doi,
        "journal_ref": paper.journal_ref,
        "kind": item.kind,
        "kinds": dict(item.kinds),
        "hits": [asdict(hit) for hit in item.hits],
    }

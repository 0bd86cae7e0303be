"""A digest's papers at the length at which mail and plain text show them; has no format's marks."""

from dataclasses import dataclass
from typing import Final

from bot.render.paths import Paths
from bot.render.segments import Segments, clip, shorten
from bot.render.view import EditionView, PaperView, evidence

ABSTRACT: Final = 600

# No paper has a longer one; whoever writes one all the same does not fill a mail with it.
_LONGEST_TITLE: Final = 300
_LONGEST_NAMES: Final = 400
_LONGEST_WHY: Final = 300
_LONGEST_EVIDENCE: Final = 200
_LONGEST_CATEGORIES: Final = 120
_LONGEST_SET: Final = 100


@dataclass(frozen=True, slots=True)
class ShownPaper:
    """One paper: `meta` is its categories and kind, `links` are names with addresses.

    `found` is a hit in its sentence, where neither title nor abstract show one.
    """

    base_id: str
    url: str
    title: Segments
    authors: Segments
    meta: str
    why: str
    found: Segments
    abstract: Segments
    links: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ShownSection:
    """What stands around an edition's papers; `url` is its page, "" where there is none."""

    set_name: str
    day: str
    counts: str
    receipt: str
    problems: tuple[str, ...]
    url: str = ""


def build_section(view: EditionView, url: str = "") -> ShownSection:
    """Take from an edition what is said before and after its papers."""
    name = clip(view.set_name, _LONGEST_SET)
    return ShownSection(name, view.day, view.counts, view.receipt, view.problems, url)


def build_shown(paper: PaperView, abstract: int = ABSTRACT, base_url: str = "") -> ShownPaper:
    """Cut a paper's texts to their lengths; the abstract to `abstract` characters.

    BibTeX comes from our own page where there is one, else from arXiv's.
    """
    shown = shorten(paper.abstract, abstract)
    number = paper.item.paper.base_id
    categories = clip(" ".join(paper.categories), _LONGEST_CATEGORIES)
    return ShownPaper(
        base_id=number,
        url=paper.url,
        title=shorten(paper.title, _LONGEST_TITLE),
        authors=shorten(paper.few_authors, _LONGEST_NAMES),
        meta=f"{categories} · {paper.kind}",
        why=clip(paper.why, _LONGEST_WHY),
        found=shorten(evidence(paper, shown), _LONGEST_EVIDENCE),
        abstract=shown,
        links=(
            ("abstract", paper.url),
            ("pdf", f"https://arxiv.org/pdf/{number}"),
            ("html", f"https://arxiv.org/html/{number}"),
            ("bibtex", _find_bibtex(number, base_url)),
        ),
    )


def _find_bibtex(number: str, base_url: str) -> str:
    if base_url:
        return Paths(base_url).paper_bibtex(number)
    return f"https://arxiv.org/bibtex/{number}"

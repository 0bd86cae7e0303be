"""What a paper's menu opens: its abstract, its BibTeX entry, why it matched."""

from typing import Final

from bot.core.answers import Explanation
from bot.core.papers import Paper
from bot.render.bibtex import render_bibtex
from bot.render.segments import clip, plain
from bot.render.slack.elements import Block, paragraph, pieces, preformatted, rich
from bot.render.slack.papers import ALONE, build_head, build_menu, link_paper, view_paper
from bot.render.slack.schedules import build_modal
from bot.render.slack.trials import show_explanation

# arXiv takes abstracts of up to 1,920 characters; what is longer was written to be in the way.
_ABSTRACT: Final = 8_000
_ENTRY: Final = 8_000
_MOST_AUTHORS: Final = 50


def build_abstract_modal(paper: Paper) -> dict[str, object]:
    """Build the modal with a paper's whole abstract, and the menu beside its title."""
    view = view_paper(paper)
    abstract = clip(plain(view.abstract), _ABSTRACT)
    beside = f"arXiv {paper.base_id}v{paper.version}"
    head = build_head(view, build_menu(paper.base_id, ALONE), beside=beside)
    text = paragraph(*pieces(abstract or "arXiv gives no abstract."))
    return build_modal("Abstract", [head, text])


def build_bibtex_modal(paper: Paper) -> dict[str, object]:
    """Build the modal with a paper's BibTeX entry, to be copied."""
    entry = render_bibtex(paper, most_authors=_MOST_AUTHORS)
    if len(entry) > _ENTRY:
        short = paragraph("Its entry is too long for Slack: arXiv exports it below the abstract.")
        return build_modal("BibTeX", [paragraph(link_paper(paper, strong=True)), short])
    return build_modal("BibTeX", [rich(preformatted(entry.removesuffix("\n")))])


def build_why_modal(told: Explanation) -> dict[str, object]:
    """Build the modal that says why a paper matched each set or not."""
    blocks: list[Block] = show_explanation(told)
    return build_modal("Why", blocks)

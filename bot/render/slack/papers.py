"""A paper as Slack shows it in digests, answers, cards and App Home; lays out no message."""

from collections.abc import Iterable
from typing import Final

from bot.core.editions import Item
from bot.core.papers import AnnounceType, Paper
from bot.render.segments import clip, excerpt, has_hit, plain, shorten
from bot.render.slack.elements import (
    BOLD,
    MOST_IN_OBJECT,
    Block,
    Element,
    escape,
    italic,
    link,
    literal,
    literal_marked,
    marked,
    mrkdwn,
    named,
    paragraph,
    section,
    words,
)
from bot.render.view import PaperView, build_paper_view, evidence

# What fits a reader's glance; where that is too much for a message, BRIEF always fits.
TITLE: Final = 300
BRIEF: Final = 150
_AUTHORS: Final = 300
_WHY: Final = 200
_ABSTRACT: Final = 400
_SENTENCES: Final = 2
_MOST_CATEGORIES: Final = 8
_CATEGORY: Final = 30

VERBS: Final = {
    "save": "Save",
    "not_for_us": "Not for us",
    "abstract": "Abstract",
    "bibtex": "BibTeX",
    "why": "Why",
}
"""What a paper's menu offers: the verb of an option's value, and its label."""
ALONE: Final = ("save", "abstract", "bibtex", "why")
"""What the menu of a paper that is in no digest offers."""


def build_menu(base_id: str, verbs: Iterable[str] = tuple(VERBS)) -> Element:
    """Build a paper's menu; the options' values are `verb:base_id`."""
    return {
        "type": "overflow",
        "action_id": "paper",
        "options": [_choice(VERBS[verb], f"{verb}:{base_id}") for verb in verbs],
    }


def build_head(
    paper: PaperView,
    accessory: Element,
    *,
    number: int = 0,
    beside: str = "",
    block_id: str = "",
    brief: bool = False,
) -> Block:
    """Build title, authors, categories and kind, with a menu or button beside them.

    `number` 0 is not shown; `beside` stands in the kind's place.
    """
    text = "" if brief else _say_head(paper, number, beside, TITLE, _AUTHORS)
    if not 0 < len(text) <= MOST_IN_OBJECT:
        text = _say_head(paper, number, beside, BRIEF, BRIEF)
    return named({"type": "section", "text": mrkdwn(text), "accessory": accessory}, block_id)


def build_body(paper: PaperView, *, brief: bool = False) -> tuple[Block, ...]:
    """Build why the paper is here and two sentences of its abstract; nothing where both are "".

    A brief one has no abstract and no words of it.
    """
    parts: list[Element] = []
    abstract = () if brief else shorten(paper.abstract, _ABSTRACT, sentences=_SENTENCES)
    # The title is a link and bold already, so its hits are shown once more below it.
    found = excerpt(paper.title) if has_hit(paper.title) else evidence(paper, abstract)
    if paper.why:
        parts += (italic("matched"), words(f" {clip(paper.why, BRIEF if brief else _WHY)}"))
    if found and not brief:
        parts += (words(" · “"), *marked(found), words("”"))
    if abstract:
        parts += (words("\n" if parts else ""), *marked(abstract))
    return (paragraph(*parts),) if parts else ()


def build_line(paper: PaperView) -> Element:
    """Build a paper's line of a list: its title and why it is here."""
    why = f" — {clip(paper.why, BRIEF)}" if paper.why else ""
    return section(link_title(paper, BRIEF), why)


def link_title(paper: PaperView, limit: int, style: dict[str, bool] | None = None) -> Element:
    """Build a title that leads to arXiv."""
    return link(paper.url, clip(name_paper(paper), limit), style)


def name_paper(paper: PaperView) -> str:
    """Name a paper: by its title, or by its id where that is empty."""
    return plain(paper.title) or paper.item.paper.base_id


def view_paper(paper: Paper) -> PaperView:
    """Work out what is shown of a paper that stands in no edition."""
    return build_paper_view(Item(paper, AnnounceType.NEW, ()))


def link_paper(paper: Paper, limit: int = BRIEF, *, strong: bool = False) -> Element:
    """Build the title of a paper that stands in no edition."""
    return link_title(view_paper(paper), limit, BOLD if strong else None)


def _choice(label: str, value: str) -> Element:
    """Make a choice of a label without emoji codes: a digest holds five of them a paper."""
    return {"text": {"type": "plain_text", "text": label}, "value": value}


def _say_head(paper: PaperView, number: int, beside: str, title: int, authors: int) -> str:
    shown = literal(clip(name_paper(paper), title))
    url = escape(paper.url).replace("|", "%7C")
    first = f"*{f'{number} · ' if number else ''}<{url}|{shown}>*"
    names = literal_marked(shorten(paper.few_authors, authors))
    categories = " ".join(
        f"`{literal(clip(category, _CATEGORY))}`"
        for category in paper.categories[:_MOST_CATEGORIES]
        if category
    )
    below = " · ".join(filter(None, (names, categories, literal(beside or paper.kind))))
    return f"{first}\n{below}"

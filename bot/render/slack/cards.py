"""An arXiv link in a conversation, unfolded as the paper it leads to; unfurls nothing itself."""

from bot.core.papers import Paper
from bot.render.slack.elements import Block
from bot.render.slack.papers import ALONE, build_body, build_head, build_menu, view_paper


def build_card(paper: Paper) -> dict[str, list[Block]]:
    """Build what chat.unfurl shows below one link: title, authors, categories, two sentences."""
    view = view_paper(paper)
    head = build_head(view, build_menu(paper.base_id, ALONE), beside=f"arXiv {paper.base_id}")
    return {"blocks": [head, *build_body(view)]}

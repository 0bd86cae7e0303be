"""An edition or a day as Markdown, in the reference system's form; only texts, no files.

From "Filter by Category" to the last paper an edition is byte for byte what the reference wrote:
arXiv's raw text, TeX and all. What would be live markup in it is made inert (bot.render.markup).
"""

from typing import Final

from bot.core.editions import DayListing, Edition
from bot.core.papers import Paper
from bot.render.markup import code, escaped, inert_block, inert_names, inert_title
from bot.render.view import CategoryView, Group, build_day_view, build_edition_view

_MOST_AUTHORS: Final = 6


def render_edition(edition: Edition) -> str:
    """Write an edition as a Markdown document; ends with a newline."""
    view = build_edition_view(edition)
    keywords = " ".join(map(code, edition.set.keywords))
    exclude = " ".join(map(code, edition.set.exclude)) or "`None`"
    papers = [_entry(item.paper, "details open", _codes(item.paper)) for item in edition.items]
    blocks = [
        f"# {escaped(view.set_name)} · {view.day}",
        escaped(view.counts),
        "---",
        f"## 📌 Filter by Category\n**Keywords**: {keywords}  \n**Filter**: {exclude}",
        "---",
        "## 📚 Paper List",
        *(papers or ["No papers today."]),
        "---",
        *(["## Why these papers", *map(_reasons, view.groups)] if papers else []),
        *map(escaped, (view.receipt, *view.problems)),
    ]
    return "\n\n".join(blocks) + "\n"


def render_day(listing: DayListing) -> str:
    """Write everything a day announced, by primary category; ends with a newline."""
    view = build_day_view(listing)
    rows = [f"| {escaped(each.name)} | {len(each.papers)} |" for each in view.categories]
    table = "\n".join(["| Category | Count |", "| --- | --- |", *rows])
    blocks = [
        f"# arXiv · {view.day}",
        view.counts if rows else "No papers were announced.",
        *(["## Full Archive", table] if rows else []),
        *(block for each in view.categories for block in _category(each)),
        "---",
        *map(escaped, (view.receipt, *view.problems)),
    ]
    return "\n\n".join(blocks) + "\n"


def _category(category: CategoryView) -> list[str]:
    entries = [_entry(each.item.paper, "details") for each in category.papers]
    return [f"### {escaped(category.name)}", *entries]


def _codes(paper: Paper) -> str:
    return " ".join(map(code, paper.categories)) + "  "


def _entry(paper: Paper, details: str, codes: str = "") -> str:
    """Write one paper; the two spaces that end a line make Markdown break it."""
    shown = [*paper.authors[:_MOST_AUTHORS]]
    if len(paper.authors) > _MOST_AUTHORS:
        shown.append("et al.")
    names = inert_names(shown)
    title = inert_title(paper.title, names) or paper.base_id
    lines = [f"- **[{title}]({paper.url})**  {code(f'arXiv:{paper.base_id}')}  {codes}"]
    if names:
        lines.append(f"  _{names}_")
    if abstract := inert_block(paper.abstract):
        lines += (f"  <{details}><summary>Abstract</summary>", f"  {abstract}", "  </details>")
    return "\n".join(lines)


def _reasons(group: Group) -> str:
    lines = [
        f"- [{paper.item.paper.base_id}]({paper.url}) · "
        f"{paper.kind}{f' · {escaped(paper.why)}' if paper.why else ''}"
        for paper in group.papers
    ]
    return "\n".join([f"### {group.label} ({len(group.papers)})", "", *lines])

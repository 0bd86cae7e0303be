"""An edition for a terminal, as something rich can print; prints nothing itself.

Text from a paper never passes rich's markup and holds no control characters: a title cannot colour
the screen or move the cursor. rich is imported when something is printed, not before.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from bot.core.editions import Edition, Item
from bot.render.segments import Segment, Segments, cut, plain, shorten
from bot.render.view import (
    EditionView,
    PaperView,
    build_edition_view,
    build_paper_view,
    evidence,
)

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, ConsoleRenderable, RenderResult

_ABSTRACT: Final = 420
_SENTENCES: Final = 2
_INDENT: Final = 2
_NARROWEST: Final = 8


@dataclass(frozen=True, slots=True)
class _Paragraph:
    """Text, its style (hits are underlined on top), where it leads, and its left margin."""

    segments: Segments
    style: str = ""
    link: str = ""
    indent: int = 0


@dataclass(frozen=True, slots=True)
class _Screen:
    """What rich prints: wrapped here, for rich's own Text takes four times as long."""

    paragraphs: tuple[_Paragraph, ...]
    width: int

    def __rich_console__(self, console: "Console", options: "ConsoleOptions") -> "RenderResult":
        from rich.segment import Segment as Stretch  # noqa: PLC0415 - 20 ms other formats can keep
        from rich.style import Style  # noqa: PLC0415

        width = max(min(self.width, options.max_width), _NARROWEST)
        for paragraph in self.paragraphs:
            style = Style.parse(paragraph.style) + Style(link=paragraph.link or None)
            hit = style + Style(underline=True)
            for line in _wrap(paragraph.segments, width - paragraph.indent):
                yield Stretch(" " * paragraph.indent)
                for part in line:
                    yield Stretch(part.text, hit if part.hit else style)
                yield Stretch.line()


def render_edition(
    edition: Edition, *, width: int = 80, abstracts: bool = True, limit: int | None = None
) -> "ConsoleRenderable":
    """Lay an edition out in `width` columns; `limit` shows that many papers, the best first."""
    view = build_edition_view(edition)
    most = len(edition.items) if limit is None else max(limit, 0)
    return _Screen(tuple(_paragraphs(view, most, abstracts=abstracts)), width)


def render_paper(item: Item, *, width: int = 80, beside: str = "") -> "ConsoleRenderable":
    """Lay one paper out, with a line to end it; `beside` stands where an edition says the kind."""
    paper = build_paper_view(item)
    if beside:
        paper = replace(paper, kind=beside)
    return _Screen((*_paper(paper, abstracts=True), _Paragraph(())), width)


def _paragraphs(view: EditionView, most: int, *, abstracts: bool) -> Iterator[_Paragraph]:
    yield _Paragraph(_text(view.set_name), "bold")
    yield _Paragraph(_text(view.day))
    yield _Paragraph(_text(view.counts))
    yield _Paragraph(())
    left = most
    for group in view.groups:
        if left > 0:
            yield _Paragraph(_text(f"{group.label} ({len(group.papers)})"), "bold")
            yield _Paragraph(())
        for paper in group.papers[:left]:
            yield from _paper(paper, abstracts=abstracts)
            yield _Paragraph(())
        left = max(left - len(group.papers), 0)
    if len(view.papers) > most:
        left_out = f"{len(view.papers) - most} of {len(view.papers)} are not shown"
        yield _Paragraph(_text(left_out), "dim")
    yield _Paragraph(_text(view.receipt), "dim")
    for problem in view.problems:
        yield _Paragraph(_text(problem))


def _paper(paper: PaperView, *, abstracts: bool) -> Iterator[_Paragraph]:
    title = paper.title or _text(paper.item.paper.base_id)
    authors = (*paper.few_authors, *_text(" · ")) if paper.few_authors else ()
    # The id too: where links cannot be followed, or output is piped, it is what leads to the paper.
    categories = " ".join(paper.categories)
    meta = _text(f"{categories} · {paper.kind} · arXiv:{paper.item.paper.base_id}")
    abstract = shorten(paper.abstract, _ABSTRACT, sentences=_SENTENCES) if abstracts else ()
    yield _Paragraph(title, "bold", paper.url, _INDENT)
    yield _Paragraph((*authors, *meta), "dim", indent=_INDENT)
    if paper.why:
        found = evidence(paper, abstract)
        quoted = (*_text(" · “"), *found, *_text("”")) if found else ()
        yield _Paragraph((*_text(f"Why: {paper.why}"), *quoted), indent=_INDENT)
    if abstract:
        yield _Paragraph(abstract, indent=_INDENT)


def _text(text: str) -> Segments:
    return (Segment(text),)


def _wrap(segments: Segments, width: int) -> Iterator[Segments]:
    """Break text into lines of `width` columns; an empty text is one empty line."""
    text = plain(segments)
    start = 0
    while True:
        end = _line_end(text, start, width)
        yield cut(segments, start, end)
        start = end + (text[end : end + 1] == " ")
        if start >= len(text):
            return


def _line_end(text: str, start: int, width: int) -> int:
    """Find where a line ends: at a space, or within a word longer than a line."""
    end = min(start + width, len(text))
    if end < len(text) and text[end] != " ":
        end = _space_before(text, start, end) or end
    while _columns(text[start:end]) > width:
        end = _space_before(text, start, end) or end - 1
    return end


def _space_before(text: str, start: int, end: int) -> int:
    return max(text.rfind(" ", start + 1, end), 0)


def _columns(text: str) -> int:
    if text.isascii():
        return len(text)
    from rich.cells import cell_len  # noqa: PLC0415

    return cell_len(text)

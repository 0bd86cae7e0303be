"""One edition's pieces of a mail, each rendered once, ready to be put together; sends nothing."""

from dataclasses import dataclass, replace
from typing import Any, Final

import jinja2

from bot.render.email.letterhead import Section
from bot.render.email.mime import encode
from bot.render.email.trend import BAR_HEIGHT, build_trend
from bot.render.segments import clip
from bot.render.shown import ABSTRACT, build_section, build_shown
from bot.render.view import build_edition_view

_MOST_PROBLEMS: Final = 5
_LONGEST_PROBLEM: Final = 200
_MOST_AGAIN: Final = 10


@dataclass(frozen=True, slots=True)
class Depth:
    """How much is shown of each paper: by which macro, with how many characters of its abstract."""

    macro: str
    abstract: int = 1


TITLES: Final = Depth("brief")
# From all there is to next to nothing.
DEPTHS: Final = (
    Depth("whole", ABSTRACT),
    Depth("whole", 300),
    Depth("short", 150),
    Depth("reason"),
    TITLES,
)


@dataclass(frozen=True, slots=True)
class Fragment:
    """A piece of both parts, encoded; `size` counts the bytes of its HTML before that."""

    html: bytes
    text: bytes
    size: int


class SectionPieces:
    """An edition's heading, papers and receipt as fragments; papers are rendered when asked for."""

    def __init__(self, section: Section, templates: jinja2.Environment, base_url: str) -> None:
        """`templates` inline styles; `base_url` leads to our own pages, "" where there are none."""
        self.url = section.url
        view = build_edition_view(section.edition)
        self.day_brief = view.day_brief
        self.papers, self.best = view.papers, view.best
        self.groups: list[tuple[str, range]] = []
        for group in view.groups:
            start = self.groups[-1][1].stop if self.groups else 0
            self.groups.append((group.label, range(start, start + len(group.papers))))
        self.ids = tuple(paper.item.paper.base_id for paper in self.papers)
        self._html: Any = templates.get_template("email/pieces.html").module
        self._text: Any = templates.get_template("email/pieces.txt").module
        self._base_url = base_url
        self._known: dict[tuple[int, Depth], Fragment] = {}
        problems = [clip(problem, _LONGEST_PROBLEM) for problem in view.problems]
        left_out = len(problems) - _MOST_PROBLEMS
        if left_out > 0:
            problems[_MOST_PROBLEMS:] = [f"and {left_out} more of these"]
        shown = replace(build_section(view, section.url), problems=tuple(problems))
        self.set_name = shown.set_name
        self.rule = self._render("rule")
        self.heading = [self._render("heading", shown)]
        trend = build_trend(section.weeks, shown.set_name)
        if trend is not None:
            self.heading.append(self._render("trend", trend, BAR_HEIGHT))
        self.receipt = self._render("receipt", shown)

    def paper(self, number: int, depth: Depth) -> Fragment:
        """Show a paper at a depth."""
        known = self._known.get((number, depth))
        if known is None:
            shown = build_shown(self.papers[number], depth.abstract, self._base_url)
            known = self._known[number, depth] = self._render(depth.macro, shown)
        return known

    def group(self, label: str, papers: int) -> Fragment:
        """Head the papers of one kind."""
        return self._render("group", label, papers)

    def again(self, numbers: list[int]) -> Fragment:
        """Name papers that stand in an earlier section already."""
        named = [build_shown(self.papers[number], 1) for number in numbers[:_MOST_AGAIN]]
        return self._render("again", named, len(numbers) - len(named))

    def more(self, papers: int) -> Fragment:
        """Say how many papers the mail has no room for."""
        return self._render("more", papers, self.url)

    def _render(self, name: str, *arguments: object) -> Fragment:
        html = str(getattr(self._html, name)(*arguments))
        text = str(getattr(self._text, name)(*arguments))
        return Fragment(encode(html), encode(text), len(html.encode("utf-8", "replace")))

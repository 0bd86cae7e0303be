"""Text, boxes and lines as SVG; knows nothing of Slack.

Nothing here measures a font: a character is taken to be as wide as in Helvetica, and `textLength`
has whoever shows the picture set each text so wide, in whatever font there is.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from xml.sax.saxutils import escape, quoteattr

INK, GREY, LINK, CODE = "#1d1c1d", "#616061", "#1264a3", "#c01343"
GROUND = "#ffffff"
SANS = "-apple-system, BlinkMacSystemFont, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif"
MONO = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'Liberation Mono', monospace"
USUAL = 0.556
WIDTHS = {
    char: width
    for chars, width in (
        ("ijl'‘’", 0.222),
        (" !,./:;\\[]Itf|·", 0.278),
        ('()-r`"“”', 0.333),
        ("*cksvxyzJ", 0.5),
        ("+<=>~FTZ", 0.6),
        ("ABEKPSVXY&", 0.667),
        ("CDHNRUw", 0.722),
        ("GOQ", 0.778),
        ("mM", 0.833),
        ("%W@—…→", 1.0),
    )
    for char in chars
}
MONO_WIDTH, BOLD_WIDTH = 0.602, 1.09
PAD = 3.0
"""What stands free on either side of code."""


@dataclass(frozen=True, slots=True)
class Style:
    """How a text looks; `ground` fills a box behind it, `icon` is drawn in its place."""

    size: float = 15
    colour: str = INK
    bold: bool = False
    italic: bool = False
    mono: bool = False
    ground: str = ""
    edge: str = ""
    icon: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """Text of one style."""

    text: str
    style: Style = field(default_factory=Style)

    @property
    def pad(self) -> float:
        """What its box takes on either side."""
        return PAD if self.style.ground else 0

    @property
    def width(self) -> float:
        """Estimate how wide it is, without its box."""
        if self.style.icon:
            return self.style.size * 1.2
        if self.style.mono:
            return MONO_WIDTH * self.style.size * len(self.text)
        return sum(find_width(char, bold=self.style.bold) for char in self.text) * self.style.size


def find_width(char: str, *, bold: bool = False) -> float:
    """Estimate a character's width in parts of the font's size."""
    if unicodedata.combining(char):
        return 0
    if unicodedata.east_asian_width(char) in "WF":
        return 1
    width = WIDTHS.get(char) or WIDTHS.get(unicodedata.normalize("NFD", char)[0], USUAL)
    return width * BOLD_WIDTH if bold and char.islower() else width


def wrap(runs: Iterable[Run], width: float) -> list[list[Run]]:
    """Break text into lines at spaces, and a word that is wider than a line anywhere."""
    lines: list[list[Run]] = [[]]
    used = 0.0
    gap: Run | None = None
    for word in split_words(runs):
        if isinstance(word, Run):
            if word.text == "\n":
                lines.append([])
                used, gap = 0.0, None
            else:
                gap = word
            continue
        wide = sum(each.width + 2 * each.pad for each in word)
        if used and used + (gap.width if gap else 0) + wide > width:
            lines.append([])
            used, gap = 0.0, None
        if gap and used:
            lines[-1].append(gap)
            used += gap.width
        gap = None
        for piece in word:
            first, *rest = cut(piece, width)
            lines[-1].append(first)
            lines += ([each] for each in rest)
            wide = rest[-1].width if rest else wide
        used += wide
    return [join(line) for line in lines]


def cut(piece: Run, width: float) -> Iterator[Run]:
    """Cut a word into pieces of which none is wider than a line."""
    text = piece.text
    while True:
        most = len(text)
        while most > 1 and replace(piece, text=text[:most]).width + 2 * piece.pad > width:
            most -= 1
        yield replace(piece, text=text[:most])
        text = text[most:]
        if not text:
            return


def split_words(runs: Iterable[Run]) -> Iterator[Run | list[Run]]:
    """Give words, which may be of several styles, and the spaces and line ends between them."""
    word: list[Run] = []
    for run in runs:
        parts = [run.text] if run.style.icon else re.findall(r"\n|[^\S\n]+|\S+", run.text)
        for part in parts:
            piece = replace(run, text=part)
            if part.isspace():
                if word:
                    yield word
                word = []
                yield piece
            else:
                word.append(piece)
    if word:
        yield word


def join(line: Sequence[Run]) -> list[Run]:
    """Join neighbours of one style."""
    joined: list[Run] = []
    for run in line:
        if joined and joined[-1].style == run.style and not run.style.icon:
            joined[-1] = replace(run, text=joined[-1].text + run.text)
        else:
            joined.append(run)
    return joined


@dataclass(slots=True)
class Canvas:
    """What is drawn so far, from top to bottom; `y` is where the next thing goes."""

    y: float = 0
    parts: list[str] = field(default_factory=list)

    def text(self, run: Run, x: float, baseline: float) -> float:
        """Draw one run; return where it ends."""
        style = run.style
        if style.icon:
            self.parts.append(f'<use href="#{style.icon}" x="{n(x)}" y="{n(baseline - 12)}"/>')
            return x + run.width
        if style.ground:
            edge = style.edge or style.ground
            wide, high = run.width + 2 * PAD, style.size + 5
            self.rect(x, baseline - style.size, wide, high, fill=style.ground, edge=edge, radius=3)
        end = x + run.width + 2 * run.pad
        shown = run.text.strip()
        x += run.pad + replace(run, text=run.text[: len(run.text) - len(run.text.lstrip())]).width
        if not shown:
            return end
        marks = [
            f'font-size="{n(style.size)}"' if style.size != Style().size else "",
            f'fill="{style.colour}"' if style.colour != INK else "",
            'font-weight="700"' if style.bold else "",
            'font-style="italic"' if style.italic else "",
            f'font-family="{MONO}"' if style.mono else "",
        ]
        length = n(replace(run, text=shown).width)
        self.parts.append(
            f'<text x="{n(x)}" y="{n(baseline)}" textLength="{length}"'
            f"{''.join(f' {mark}' for mark in marks if mark)}>{escape(shown)}</text>"
        )
        return end

    def line(self, runs: Iterable[Run], x: float, baseline: float) -> float:
        """Draw runs one after the other; return where they end."""
        for run in runs:
            x = self.text(run, x, baseline)
        return x

    def paragraph(self, runs: Iterable[Run], x: float, width: float, height: float = 22) -> None:
        """Draw text in lines of a height."""
        for line in wrap(runs, width):
            self.line(line, x, self.y + height * 0.73)
            self.y += height

    def rect(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        *,
        fill: str,
        edge: str,
        radius: float,
    ) -> None:
        """Draw a box, its edge inside of it."""
        self.parts.append(
            f'<rect x="{n(x + 0.5)}" y="{n(y + 0.5)}" width="{n(width - 1)}"'
            f' height="{n(height - 1)}" rx="{n(radius)}" fill="{fill}" stroke="{edge}"/>'
        )

    @contextmanager
    def box(
        self, x: float, width: float, *, radius: float, edge: str, fill: str = GROUND
    ) -> Iterator[None]:
        """Draw a box around what is drawn in the block, from `y` to where that ends."""
        top, place = self.y, len(self.parts)
        yield
        drawn, self.parts[place:] = self.parts[place:], ['<g class="box">']
        self.rect(x, top, width, self.y - top, fill=fill, edge=edge, radius=radius)
        self.parts += [*drawn, "</g>"]

    def rule(self, x: float, width: float) -> None:
        """Draw a line across."""
        y = n(round(self.y) + 0.5)
        self.parts.append(f'<path d="M{n(x)} {y}h{n(width)}" stroke="#e4e4e4"/>')

    def write(self, title: str, width: float, icons: str) -> str:
        """Write the picture as a file."""
        size = f'width="{n(width)}" height="{n(self.y)}" viewBox="0 0 {n(width)} {n(self.y)}"'
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img"'
            f' aria-label={quoteattr(title)} font-family="{SANS}" font-size="15" fill="{INK}">\n'
            f"<title>{escape(title)}</title>\n{icons}\n" + "\n".join(self.parts) + "\n</svg>\n"
        )


def n(number: float) -> str:
    """Write a number as briefly as a tenth of a pixel allows."""
    return f"{number:.1f}".removesuffix(".0")

"""The terminal: links, underlined hits, and no escape code that is not rich's own."""

import re
import subprocess
import sys
from collections.abc import Callable
from io import StringIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from inline_snapshot import snapshot
from rich.cells import cell_len
from rich.console import Console

from bot.core.editions import Edition, Item
from bot.core.latex import to_text
from bot.render.terminal import render_edition, render_paper

BuildItem = Callable[..., Item]
BuildEdition = Callable[..., Edition]
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")
RICHS_OWN = re.compile(
    r"\x1b\[[0-9;]*m|\x1b\]8;id=\d+;https://arxiv\.org/abs/[\d.]+\x1b\\|\x1b\]8;;\x1b\\"
)


def show(
    edition: Edition,
    *,
    colour: bool = False,
    columns: int = 80,
    abstracts: bool = True,
    limit: int | None = None,
) -> str:
    out = StringIO()
    console = Console(
        file=out,
        width=columns,
        force_terminal=colour,
        color_system="truecolor" if colour else None,
        legacy_windows=False,
        _environ={},
    )
    console.print(render_edition(edition, abstracts=abstracts, limit=limit))
    return out.getvalue()


def test_an_edition_is_shown_in_eighty_columns(edition: Edition) -> None:
    assert show(edition) == snapshot("""\
Clouds
Thursday 4 December 2025
6 of the 376 papers announced · 3 new, 1 cross-listed, 2 replaced

New (3)

  Counting Clouds from Below
  Cy Made-Up, Dee Nobody, Eve Invented … Al B, +2 · cs.CV · new ·
  arXiv:2512.00105
  Why: cloud (title), weather model
  Nobody counts clouds well. We do, with a weather model and patience.

  Fog and Rain: α-Mixing for a Weather Model
  Ada Example, Bo Sample, René Placeholder · cs.LG physics.ao-ph · new ·
  arXiv:2512.00106
  Why: weather model (title)
  A weather model must mix. We mix fog with rain. …

  Skies
  Ada Example · cs.CV · new · arXiv:2512.00101
  Why: cloud
  We count clouds.

Cross-listed (1)

  Sheep <or> Clouds & *Stars*?
  Ada Example · cs.CV · cross-listed · arXiv:2512.00104
  Why: cloud (title)
  Sheep look like clouds.

Replaced (2)

  A Slow Look at the Sky
  Ada Example · cs.CV · replaced · arXiv:2511.00103
  Why: cloud · “…up and wait for a long while. At last a cloud comes by.”
  We look up and wait for a long while. We look up and wait for a long while. …

  Grey on Grey
  cs.CV · replaced, cross-listed · arXiv:2511.00102
  Why: cloud (comments)

376 announced in 2 categories, 376 read, 6 matched, 2 shown here before
cs.LG: arXiv answered 503.
""")


def test_titles_are_bold_links_and_hits_are_underlined(edition: Edition) -> None:
    lines = re.sub(r"id=\d+", "id=1", show(edition, colour=True, limit=1)).split("\n")
    link = "\x1b]8;id=1;https://arxiv.org/abs/2512.00105\x1b\\"
    assert lines[0] == "\x1b[1mClouds\x1b[0m"
    assert lines[6].replace(link, "<").replace("\x1b]8;;\x1b\\", ">") == snapshot(
        "  <\x1b[1mCounting \x1b[0m><\x1b[1;4mClouds\x1b[0m><\x1b[1m from Below\x1b[0m>"
    )
    assert lines[7:10] == snapshot(
        [
            "  \x1b[2mCy Made-Up, Dee Nobody, Eve Invented … Al B, +2 · cs.CV · new ·\x1b[0m",
            "  \x1b[2marXiv:2512.00105\x1b[0m",
            "  Why: cloud (title), weather model",
        ]
    )


def test_abstracts_can_be_left_out(edition: Edition) -> None:
    text = show(edition, abstracts=False)
    assert "We do, with" not in text
    assert "Why: cloud · “Sheep" not in text
    assert "Why: cloud · “We count clouds.”" in text


@pytest.mark.parametrize(
    ("limit", "shown", "note"),
    [
        (None, 6, ""),
        (6, 6, ""),
        (9, 6, ""),
        (4, 4, "2 of 6 are not shown"),
        (3, 3, "3 of 6 are not shown"),
        (0, 0, "6 of 6 are not shown"),
        (-1, 0, "6 of 6 are not shown"),
    ],
)
def test_a_limit_shows_the_best_and_says_what_is_missing(
    edition: Edition, limit: int | None, shown: int, note: str
) -> None:
    text = show(edition, limit=limit)
    assert len(re.findall(r"(?m)^  .* · (?:new|cross-listed|replaced)", text)) == shown
    assert ("are not shown" in text) == bool(note)
    assert note in text


def test_an_edition_without_papers_is_its_counts_and_receipt(build_edition: BuildEdition) -> None:
    assert show(build_edition([], announced=0)) == snapshot("""\
Clouds
Thursday 4 December 2025
No papers were announced

0 announced in 2 categories, 0 read, 0 matched
""")


@pytest.fixture(scope="session")
def hostile(build_item: BuildItem, build_edition: BuildEdition) -> Callable[[str], Edition]:
    def build(text: str) -> Edition:
        item = build_item(title=text, abstract=text, authors=(text, text), categories=(text,))
        return build_edition([item], name=text, problems=(text,))

    return build


def check(edition: Edition) -> None:
    plain = show(edition)
    assert not CONTROL.search(plain)
    coloured = RICHS_OWN.sub("", show(edition, colour=True))
    assert coloured == plain


def test_nasty_text_emits_no_control_characters(
    hostile: Callable[[str], Edition], nasty: tuple[str, ...]
) -> None:
    for text in nasty:
        check(hostile(text))


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200))
def test_no_text_emits_control_characters(hostile: Callable[[str], Edition], text: str) -> None:
    check(hostile(text))


WIDE = st.text(alphabet="ab 雲空é\u0301", max_size=200)


@settings(max_examples=60, deadline=None)
@given(WIDE, st.integers(8, 100))
def test_lines_fit_and_no_word_is_lost(
    hostile: Callable[[str], Edition], text: str, columns: int
) -> None:
    shown = show(hostile(text), columns=columns)
    assert max(cell_len(line) for line in shown.split("\n")) <= columns
    letters = "".join(shown.split())
    assert "".join(to_text(text).split()) in letters


def test_markup_of_rich_is_shown_as_text(hostile: Callable[[str], Edition]) -> None:
    assert "  [bold]x[/bold] :smile:\n" in show(hostile("[bold]x[/bold] :smile:"))


def test_rich_is_not_imported_before_something_is_printed() -> None:
    program = "import sys, bot.render.terminal; sys.exit('rich' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_a_paper_alone_is_shown_as_in_its_edition(edition: Edition) -> None:
    out = StringIO()
    Console(file=out, width=80).print(render_paper(edition.items[0]))
    assert out.getvalue().strip() in show(edition)


def test_what_is_said_beside_a_paper_stands_where_its_kind_stood(build_item: BuildItem) -> None:
    out = StringIO()
    Console(file=out, width=80).print(render_paper(build_item(), beside="Monday 1 December 2025"))
    assert "Monday 1 December 2025" in out.getvalue()
    assert "· new" not in out.getvalue()

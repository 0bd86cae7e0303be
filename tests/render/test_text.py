"""Plain text: lines that fit, hits that show, nothing that controls."""

import unicodedata
from collections.abc import Callable

import jinja2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from inline_snapshot import snapshot

from bot.core.editions import Edition, Item
from bot.render.templates import wrapped
from bot.render.text import render_edition

BuildItem = Callable[..., Item]
BuildEdition = Callable[..., Edition]


def test_an_edition_reads_as_well_as_its_page(
    edition: Edition, templates: jinja2.Environment
) -> None:
    assert render_edition(edition, templates) == snapshot("""\
Clouds
Thursday 4 December 2025
6 of the 376 papers announced · 3 new, 1 cross-listed, 2 replaced


New (3)

Counting Clouds from Below
Cy Made-Up, Dee Nobody, Eve Invented … Al B, +2 · cs.CV · new
Why: cloud (title), weather model
Nobody counts *clouds* well. We do, with a *weather model* and patience.
https://arxiv.org/abs/2512.00105

Fog and Rain: α-Mixing for a Weather Model
Ada Example, Bo Sample, René Placeholder · cs.LG physics.ao-ph · new
Why: weather model (title)
A *weather model* must mix. We mix fog with rain. It rains at last. More
soon.
https://arxiv.org/abs/2512.00106

Skies
Ada Example · cs.CV · new
Why: cloud
We count *clouds*.
https://arxiv.org/abs/2512.00101


Cross-listed (1)

Sheep <or> Clouds & *Stars*?
Ada Example · cs.CV · cross-listed
Why: cloud (title)
Sheep look like *clouds*.
https://arxiv.org/abs/2512.00104


Replaced (2)

A Slow Look at the Sky
Ada Example · cs.CV · replaced
Why: cloud
We look up and wait for a long while. We look up and wait for a long while.
We look up and wait for a long while. We look up and wait for a long while.
We look up and wait for a long while. We look up and wait for a long while.
We look up and wait for a long while. We look up and wait for a long while.
We look up and wait for a long while. We look up and wait for a long while.
We look up and wait for a long while. We look up and wait for a long while.
At last a *cloud* comes by.
https://arxiv.org/abs/2511.00103

Grey on Grey
cs.CV · replaced, cross-listed
Why: cloud (comments)
https://arxiv.org/abs/2511.00102

--
376 announced in 2 categories, 376 read, 6 matched, 2 shown here before
cs.LG: arXiv answered 503.
""")


def test_an_edition_without_papers_is_its_counts_and_receipt(
    build_edition: BuildEdition, templates: jinja2.Environment
) -> None:
    assert render_edition(build_edition([]), templates) == snapshot("""\
Clouds
Thursday 4 December 2025
None of the 376 papers announced

--
376 announced in 2 categories, 376 read, 0 matched
""")


def check(text: str) -> None:
    for line in text.removesuffix("\n").split("\n"):
        assert len(line) <= 76 or " " not in line
        assert not any(unicodedata.category(char) in {"Cc", "Zl", "Zp"} for char in line)
        assert not set(line) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@pytest.fixture(scope="session")
def written(
    build_item: BuildItem, build_edition: BuildEdition, templates: jinja2.Environment
) -> Callable[[str], str]:
    def write(text: str) -> str:
        item = build_item(title=text, abstract=text, authors=(text, text), categories=(text,))
        edition = build_edition([item], name=text, problems=(text,))
        return render_edition(edition, templates)

    return write


def test_nasty_text_controls_nothing(written: Callable[[str], str], nasty: tuple[str, ...]) -> None:
    for text in nasty:
        check(written(text))


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200))
def test_no_text_controls_anything(written: Callable[[str], str], text: str) -> None:
    check(written(text))


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", [""]),
        ("a" * 76, ["a" * 76]),
        (f"{'a' * 70} {'b' * 5} c", [f"{'a' * 70} {'b' * 5}", "c"]),
        (f"{'a' * 70} {'b' * 6}", ["a" * 70, "b" * 6]),
        (f"a {'b' * 90} c", ["a", "b" * 90, "c"]),
        ("b" * 90, ["b" * 90]),
    ],
)
def test_lines_break_at_spaces_and_never_within_words(text: str, lines: list[str]) -> None:
    assert wrapped(text).split("\n") == lines


def test_text_is_not_escaped_as_html(written: Callable[[str], str]) -> None:
    assert "\nA & B < C\n" in written("A & B < C")


def test_templates_refuse_names_that_nobody_defined(templates: jinja2.Environment) -> None:
    with pytest.raises(jinja2.UndefinedError):
        templates.from_string("{{ nobody }}").render()

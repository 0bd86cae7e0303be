"""Entries that BibTeX can read, whatever a paper's TeX is."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot

from bot.core.papers import Paper
from bot.render.bibtex import render_bibtex

PAPER = Paper(
    "2512.03874",
    2,
    r"OmniDexVLG: $\alpha$-Grasps \& \emph{More}",
    ("Lei Zhang", r"Ren\'e Placeholder"),
    "",
    ("cs.RO", "cs.LG"),
    doi="10.1000/182",
    journal_ref="J. Made Up 3 (2025) 1-9",
)


def field(entry: str, name: str) -> str:
    found = re.search(rf"^  {name} = {{(.*)}},$", entry, re.MULTILINE)
    return found[1] if found else ""


def test_an_entry_is_as_arxiv_writes_it() -> None:
    assert render_bibtex(PAPER) == snapshot("""\
@misc{zhang2025omnidexvlg,
  title = {OmniDexVLG: $\\alpha$-Grasps \\& \\emph{More}},
  author = {Lei Zhang and Ren\\'e Placeholder},
  year = {2025},
  eprint = {2512.03874},
  archivePrefix = {arXiv},
  primaryClass = {cs.RO},
  url = {https://arxiv.org/abs/2512.03874},
  doi = {10.1000/182},
  note = {J. Made Up 3 (2025) 1-9},
}
""")


def test_what_is_missing_is_left_out() -> None:
    paper = Paper("hep-th/9901001", 1, "", (), "", ("hep-th",))
    assert render_bibtex(paper) == snapshot("""\
@misc{arxivhepth9901001,
  year = {1999},
  eprint = {hep-th/9901001},
  archivePrefix = {arXiv},
  primaryClass = {hep-th},
  url = {https://arxiv.org/abs/hep-th/9901001},
}
""")


@pytest.mark.parametrize(
    ("title", "written"),
    [
        (r"Plain", "Plain"),
        (r"100% of $x_1 & y$ #1", r"100\% of $x_1 \& y$ \#1"),
        (r"a_b^c \_ \% \\", None),
        (r"a_b^c \_ \%", r"a\_b\textasciicircum{}c \_ \%"),
        (r"Andr\'e {\"o} $\mathbb{R}^n$", r"Andr\'e {\"o} $\mathbb{R}^n$"),
        (r"\input{/etc/passwd}", None),
        (r"\immediate\write18{rm -rf ~}", None),
        (r"x^^5cinput{y}", None),
        ("An open { brace", "An open brace"),
        ("} @misc{evil,", None),
        (r"escaped \{ brace", None),
        ("5$ more", r"5\$ more"),
        ("ends with \\", None),
    ],
)
def test_only_harmless_tex_stays_tex(title: str, written: str | None) -> None:
    entry = render_bibtex(replace(PAPER, title=title))
    shown = field(entry, "title")
    if written is not None:
        assert shown == written
    bare = re.sub(
        r"\\(?:textbackslash|textbrace(?:left|right)|textascii\w+)\{\}|\\[%&#_$]", "", shown
    )
    if written is None:
        assert "\\" not in bare
        assert "^^" not in bare


@pytest.mark.parametrize(
    ("authors", "title", "key"),
    [
        (("Lei Zhang",), "OmniDexVLG: Grasps", "zhang2025omnidexvlg"),
        ((r"Bj\"orn \O{}deg{\aa}rd",), "The Grasp", "degard2025grasp"),
        (("张伟",), "On it", "arxiv251203874"),
        ((), "On it", "arxiv251203874"),
    ],
)
def test_a_key_can_be_typed(authors: tuple[str, ...], title: str, key: str) -> None:
    entry = render_bibtex(replace(PAPER, authors=authors, title=title))
    assert entry.startswith(f"@misc{{{key},\n")


def test_names_that_read_as_several_are_one() -> None:
    authors = ("ATLAS Collaboration", "Ada and Bob", "Doe, John", "Rand Anderson", " ")
    entry = render_bibtex(replace(PAPER, authors=authors))
    assert field(entry, "author") == snapshot(
        "{ATLAS Collaboration} and {Ada and Bob} and {Doe, John} and Rand Anderson"
    )


def test_many_authors_are_others() -> None:
    authors = ("Ada Example",) * 3_000
    entry = render_bibtex(replace(PAPER, authors=authors), most_authors=2)
    assert field(entry, "author") == "Ada Example and Ada Example and others"
    whole = render_bibtex(replace(PAPER, authors=authors))
    assert whole.count("Ada Example") == 3_000


@given(st.text(st.one_of(st.characters(), st.sampled_from("\\{}$%&#_^~\n@,\ud800\u202e"))))
def test_any_text_is_one_balanced_entry(text: str) -> None:
    paper = Paper(
        "2512.00001", 1, text, (text, text), text, (text or "x",), doi=text, journal_ref=text
    )
    entry = render_bibtex(paper)
    depth = 0
    for at, char in enumerate(entry):
        depth += {"{": 1, "}": -1}.get(char, 0)
        assert depth > 0 or at < entry.index("{") or at >= len(entry) - 2
    assert depth == 0
    assert entry.count("\n@") == 0
    assert not re.search("[\x00-\x09\x0b-\x1f\u202a-\u202e\ud800-\udfff]", entry)
    commands = set(re.findall(r"\\([A-Za-z]+)", entry))
    assert not commands & {"input", "write", "include", "def", "catcode", "openin", "csname"}

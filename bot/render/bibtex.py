"""A paper as an entry for BibTeX: its letters and mathematics stay TeX, nothing else is obeyed."""

import re
from typing import Final
from unicodedata import combining, normalize

from bot.core.papers import Paper, age_key
from bot.core.symbols import ACCENTS, FUNCTIONS, LETTERS, MATH_ACCENTS, SYMBOLS, TEXT_FONTS
from bot.render.segments import one_line
from bot.render.view import display

# Whoever writes a title writes TeX that runs on its readers' machines: only what makes a letter, a
# sign or a font is let through; with anything else the whole is written as text.
_OBEYED: Final = frozenset(
    {*ACCENTS, *FUNCTIONS, *LETTERS, *MATH_ACCENTS, *SYMBOLS, *TEXT_FONTS}
    | {"frac", "mathbb", "mathbf", "mathcal", "mathit", "mathrm", "mathsf", "mathtt", "sqrt"}
)
_SIGNS: Final = frozenset(r"%&#_$ ,;:!-")
_COMMAND: Final = re.compile(r"\\([A-Za-z]+|.|$)")
_HIDDEN: Final = "^^"  # how TeX writes a character by its number, a backslash too
_MATH: Final = re.compile(r"(\$(?:[^$\\]|\\.)*\$)")
_DOLLAR: Final = re.compile(r"\\.|(\$)")
_LOOSE: Final = re.compile(r"\\.|[&%#_^]")
_BARE_HASH: Final = re.compile(r"\\.|[&%#]")
_KEY: Final = re.compile(r"[^a-z0-9]+")
_TITLE_WORD: Final = re.compile(r"[^\W\d_]{3,}(?:-[^\W\d_]+)*")
_SKIPPED: Final = frozenset(("the", "for", "and", "with", "from", "are"))
# BibTeX counts every brace, whether or not TeX would take it for a sign.
_TEXT: Final = {
    "\\": r"\textbackslash{}", "{": r"\textbraceleft{}", "}": r"\textbraceright{}", "$": r"\$",
    "&": r"\&", "%": r"\%", "#": r"\#", "_": r"\_", "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
}  # fmt: skip
_SEVERAL: Final = re.compile(r",|\band\b|\bcollaboration\b", re.IGNORECASE)


def render_bibtex(paper: Paper, *, most_authors: int = 0) -> str:
    """Write a paper as @misc, as arXiv's own export does; ends with a newline.

    `most_authors` above 0 ends a longer list with BibTeX's own "and others".
    """
    names = paper.authors[: most_authors or None]
    others = ["others"] if len(names) < len(paper.authors) else []
    fields = {
        "title": _tex(paper.title),
        "author": " and ".join([*filter(None, map(_name, names)), *others]),
        "year": _year(paper),
        "eprint": _plain(paper.base_id),
        "archivePrefix": "arXiv",
        "primaryClass": _plain(paper.primary),
        "url": _plain(paper.url),
        "doi": _plain(paper.doi),
        "note": _tex(paper.journal_ref),
    }
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
    return "\n".join([f"@misc{{{_key(paper)},", *lines, "}"]) + "\n"


def _key(paper: Paper) -> str:
    """Name the entry by its first author, year and first word of weight: "zhang2025omnidex"."""
    family = _fold(display(paper.authors[0]).rpartition(" ")[2]) if paper.authors else ""
    said = _TITLE_WORD.findall(display(paper.title))
    word = next((each for each in said if each.casefold() not in _SKIPPED), "")
    return f"{family}{_year(paper)}{_fold(word)}" if family else f"arxiv{_fold(paper.base_id)}"


def _year(paper: Paper) -> str:
    return str(age_key(paper.base_id)[0] // 100)


def _fold(text: str) -> str:
    bare = "".join(char for char in normalize("NFKD", text) if not combining(char))
    return _KEY.sub("", bare.casefold())


def _name(tex: str) -> str:
    """Write a name; one with a comma or "and" in it would be read as several."""
    name = _tex(tex)
    return f"{{{name}}}" if _SEVERAL.search(name) else name


def _tex(tex: str) -> str:
    text = one_line(tex)
    if not _is_harmless(text):
        return "".join(_TEXT.get(char, char) for char in display(tex))
    return "".join(
        (_BARE_HASH if at % 2 else _LOOSE).sub(_sign, part)
        for at, part in enumerate(_MATH.split(text))
    )


def _sign(found: re.Match[str]) -> str:
    """Write a bare sign as one; what has a backslash is written already."""
    return _TEXT.get(found[0], found[0])


def _is_harmless(text: str) -> bool:
    """Whether BibTeX can read a text, and TeX does no more with it than set it."""
    depth = 0
    for char in text:
        depth += {"{": 1, "}": -1}.get(char, 0)
        if depth < 0:
            return False
    if depth or _HIDDEN in text or sum(map(bool, _DOLLAR.findall(text))) % 2:
        return False
    commands = _COMMAND.findall(text)
    return all(command in _OBEYED or (command and command in _SIGNS) for command in commands)


def _plain(text: str) -> str:
    """Write what has no TeX in it, such as an address, without what would end its field."""
    return re.sub(r"[{}\\%]", "", one_line(text))

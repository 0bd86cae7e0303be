r"""TeX in arXiv's titles, names and abstracts -> plain text, for people and not for a printer.

arXiv accepts TeX's accents anywhere and mathematics as MathJax shows it
(https://info.arxiv.org/help/prep.html); authors write far more. A command nobody knows is most
often the name of their method, so its word stays: `\OURS` -> `OURS`.
"""

import re
from collections.abc import Callable
from typing import Final
from unicodedata import combining, normalize

from bot.core.symbols import (
    ACCENTS,
    DROPPED,
    NOTHING,
    SPACES,
    TEXT_FONTS,
    printable,
    script,
    with_dashes,
    with_quotes,
)
from bot.core.tex_commands import COMMANDS, read_accent, read_unknown

_MARKS = ("\\", "$", "{", "}", "`", "~", "--", "''", "  ")

_TEXT = re.compile(r"[^\\{}$~]+")
_MATH = re.compile(r"[^\\{}$~^_']+")
_WORD = re.compile(r"\\([A-Za-z]+)(?:\*(?=\{))?")
_OPTION = re.compile(r"\s*\[([^\]{}]{0,80})\]")
_URL = re.compile(r"\s*\{([^{}]*)\}")
_ESCAPED = re.compile(r"\\([%#&_~$])")
_TO_DOLLAR = re.compile(r"((?:[^$\\]|\\.)*+)\$", re.DOTALL)
_MATH_SIGN = re.compile(r"\\[A-Za-z,;:!|({]|[\^_={]")
_PROSE = re.compile(r"(?<![\\A-Za-z])[A-Za-z]{2,}\)?\s+\(?[A-Za-z]{2,}")
_GONE = re.compile(r" ?\((?:\0[,; ]*)+\)| ?\0(?!\w)|\0")
# Endless accents would take quadratic time to sort, so a letter keeps what Unicode calls safe:
# https://unicode.org/reports/tr15/#Stream_Safe_Text_Format
_MOST_ACCENTS: Final = 30
_LONG_RUN = re.compile(r"[^\x00-\x7f]{31}")
_PILE = re.compile(r"[^\w\s\x00-\x7f]{31,}")
_MAX_DEPTH: Final = 25  # deeper braces are dropped, their text is not; Python's own stack is safe


def to_text(tex: str) -> str:
    """Turn a title's, name's or abstract's TeX into plain text; never raises.

    The result is NFC, on one line, with single spaces, without control or invisible characters.
    Text without TeX comes back as it was.
    """
    if tex.isascii() and tex.isprintable() and True not in [mark in tex for mark in _MARKS]:
        return tex.strip(" ")
    return _tidied(_Reader(printable(tex)).read())


def _tidied(text: str) -> str:
    if _LONG_RUN.search(text):
        text = _PILE.sub(_flattened, text)
    text = " ".join(normalize("NFC", text).split()).replace("^∘", "°")
    return _GONE.sub("", text).strip() if "\0" in text else text


def _flattened(pile: re.Match[str]) -> str:
    return pile[0][:_MOST_ACCENTS] + "".join(
        [char for char in pile[0][_MOST_ACCENTS:] if not combining(char)]
    )


class _Reader:
    """One pass over a text; each character is read once, so time grows with length alone."""

    __slots__ = ("depth", "end", "math", "pos", "start", "tex")

    def __init__(self, tex: str) -> None:
        if "`" in tex or "''" in tex:
            tex = with_quotes(tex)
        self.tex, self.end = tex, len(tex)
        self.pos = self.start = self.depth = 0
        self.math = ""  # what closes the mathematics being read; "" in text

    def read(self) -> str:
        parts = []
        while self.pos < self.end:
            parts.append(self.group())
        return "".join(parts)

    def group(self) -> str:
        """Read to the closing brace, which is taken, or to the end."""
        parts = []
        while self.pos < self.end:
            run = (_MATH if self.math else _TEXT).match(self.tex, self.pos)
            if run:
                self.pos = run.end()
                text = run[0]
                if self.math:
                    text = text.replace("”", "″")
                parts.append(with_dashes(text) if "--" in text else text)
                continue
            char = self.tex[self.pos]
            if char == "}":
                self.pos += 1
                break
            parts.append(_READERS[char](self))
        return "".join(parts)

    def brace(self) -> str:
        self.pos += 1
        if self.depth >= _MAX_DEPTH:
            return ""
        self.depth += 1
        inner = self.group()
        self.depth -= 1
        return inner

    def dollar(self) -> str:
        tex, pos = self.tex, self.pos
        double = tex.startswith("$$", pos)
        if self.math:
            self.pos += 2 if double and self.math == "$$" else 1
            self.math = ""
            return ""
        self.pos += 1
        if double:
            self.pos += 1
            if tex.find("$$", self.pos) < 0:
                return "$$"
            self.math = "$$"
            return ""
        found = _TO_DOLLAR.match(tex, self.pos)
        if found is None or not _is_math(found[1], tex[found.end() : found.end() + 1]):
            return "$"
        self.math = "$"
        return ""

    def tie(self) -> str:
        """Read `~`: a space between words, itself where it means "about" or a home directory."""
        before = self.tex[max(self.pos - 1, 0) : self.pos]
        self.pos += 1
        after = self.tex[self.pos : self.pos + 1]
        if self.math:
            return " "
        about = not before or before.isspace() or before in '([{/"“' or not after or after.isspace()
        return "~" if about or (before.isdigit() and after.isdigit()) else " "

    def prime(self) -> str:
        self.pos += 1
        return "′"

    def script(self) -> str:
        """Read `^` or `_` and what it raises or lowers; only mathematics comes here."""
        mark = self.tex[self.pos]
        self.pos += 1
        before = self.pos
        body = self.argument().strip()
        if self.pos == before:
            return mark
        joined = self.tex[self.pos : self.pos + 1].isalnum()
        return script(mark, body, joined=joined)

    def argument(self) -> str:
        """Read a command's next argument: a group, a command with its own, or one character."""
        while True:
            self.skip_space()
            word = _WORD.match(self.tex, self.pos)
            if not word or word[1] not in DROPPED or (self.math and word[1] in TEXT_FONTS):
                break
            self.pos = word.end()
        char = self.tex[self.pos : self.pos + 1]
        if char == "{":
            return self.brace()
        if char in ("", "}", "$") or self.depth >= _MAX_DEPTH:
            return ""
        if char != "\\":
            self.pos += 1
            return char
        self.depth += 1
        inner = self.command()
        self.depth -= 1
        return inner

    def plain_argument(self) -> str:
        """Read an argument as text, inside mathematics too."""
        outer, self.math = self.math, ""
        inner = self.argument()
        self.math = outer
        return inner

    def command(self) -> str:
        self.start = self.pos
        word = _WORD.match(self.tex, self.pos)
        if word is None:
            return self.control_symbol()
        self.pos = word.end()
        return COMMANDS.get(word[1], read_unknown)(self, word[1])

    def control_symbol(self) -> str:
        char = self.tex[self.pos + 1 : self.pos + 2]
        self.pos += 2
        if char in ACCENTS:
            return read_accent(self, char)
        if char in ("(", "["):
            self.math = char
        elif char in (")", "]"):
            self.math = ""
        elif char == "\\":
            return self.line_end()
        elif char == "|":
            return "‖"
        elif char not in SPACES and char not in NOTHING:
            return char
        return " " if char in SPACES or char in ("[", "]") else ""

    def line_end(self) -> str:
        r"""Read what follows `\\`; before `%` and its like somebody escaped twice."""
        self.option()
        return "" if self.tex[self.pos : self.pos + 1] in ("%", "&", "_", "#") else " "

    def option(self) -> str:
        found = _OPTION.match(self.tex, self.pos)
        if found is None:
            return ""
        self.pos = found.end()
        return found[1]

    def skip_space(self) -> None:
        while self.tex[self.pos : self.pos + 1].isspace():
            self.pos += 1

    def skip_group(self) -> None:
        self.option()
        if self.tex[self.pos : self.pos + 1] == "{":
            self.brace()

    def raw_argument(self) -> str:
        """Read an address, in which only escapes are TeX."""
        found = _URL.match(self.tex, self.pos)
        if found is None:
            return self.argument()
        self.pos = found.end()
        return _ESCAPED.sub(r"\1", found[1])

    @property
    def next(self) -> str:
        """The next character, "" at the end."""
        return self.tex[self.pos : self.pos + 1]

    @property
    def previous(self) -> str:
        """The character before the command being read, "" at the beginning."""
        return self.tex[self.start - 1 : self.start]


def _is_math(body: str, after: str) -> bool:
    r"""Whether text between two dollar signs is mathematics and not prose between two prices.

    Pandoc's rule (https://pandoc.org/MANUAL.html#math), but arXiv's authors leave spaces inside
    and write a digit right after, as in `$\times$3`: what they write is looked at as well.
    """
    inner = body.strip()
    tight = inner == body
    prose = _PROSE.search(inner) is not None
    if _MATH_SIGN.search(inner):
        return tight or not prose
    if not inner or not tight or prose:
        return False
    price = inner[0].isdigit() and (after.isdigit() or inner.count("(") != inner.count(")"))
    return not price


_READERS: Final[dict[str, Callable[[_Reader], str]]] = {
    "{": _Reader.brace,
    "\\": _Reader.command,
    "$": _Reader.dollar,
    "~": _Reader.tie,
    "'": _Reader.prime,
    "^": _Reader.script,
    "_": _Reader.script,
}

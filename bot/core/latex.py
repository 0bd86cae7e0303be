r"""TeX in arXiv's titles, names and abstracts -> plain text, for people and not for a printer.

arXiv accepts TeX's accents anywhere and mathematics as MathJax shows it
(https://info.arxiv.org/help/prep.html); authors write far more. A command nobody knows is most
often the name of their method, so its word stays: `\OURS` -> `OURS`.
"""

import re
import sys
from collections.abc import Callable
from typing import Final
from unicodedata import combining, normalize

from bot.core.symbols import (
    ACCENTS,
    DINGBATS,
    DOUBLE_STRUCK,
    DROPPED,
    FUNCTIONS,
    GREEK,
    LETTERS,
    MATH_ACCENTS,
    NOTHING,
    REFERENCES,
    SKIPPED,
    SPACERS,
    SPACES,
    SYMBOLS,
    TEXT_FONTS,
    accented,
    fraction,
    is_one_character,
    root,
    script,
    with_dashes,
    with_quotes,
)

_MARKS = ("\\", "$", "{", "}", "`", "~", "--", "''", "  ")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
# Zero width, soft hyphens, byte-order marks, bidirectional controls (which can disguise text:
# https://trojansource.codes), lone surrogates.
_INVISIBLE = re.compile(
    r"[\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff\ud800-\udfff]"
)
_LIGATURE = re.compile(r"[\ufb00-\ufb06]")

_TEXT = re.compile(r"[^\\{}$~]+")
_MATH = re.compile(r"[^\\{}$~^_']+")
_WORD = re.compile(r"\\([A-Za-z]+)(?:\*(?=\{))?")
_OPTION = re.compile(r"\s*\[([^\]{}]{0,80})\]")
_CODE_UNIT = re.compile(r"[0-9][0-9A-Fa-f]{3}")
_URL = re.compile(r"\s*\{([^{}]*)\}")
_ESCAPED = re.compile(r"\\([%#&_~$])")
_TO_DOLLAR = re.compile(r"((?:[^$\\]|\\.)*+)\$", re.DOTALL)
_MATH_SIGN = re.compile(r"\\[A-Za-z,;:!|({]|[\^_={]")
_PROSE = re.compile(r"(?<![\\A-Za-z])[A-Za-z]{2,}\)?\s+\(?[A-Za-z]{2,}")
_GONE = re.compile(r" ?\((?:\0[,; ]*)+\)| ?\0(?!\w)|\0")
_CODE_POINT = re.compile(r"[xX\"]([0-9A-Fa-f]{1,6})|(\d{1,7})")
# arXiv's feed replaces an address with words: {\it https://...} -> {\itthis https URL}
_THIS_URL = re.compile(r"(?:it|bf|tt|em|rm|sf|sc)this")
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
    if tex.isascii() and tex.isprintable() and not any(mark in tex for mark in _MARKS):
        return tex.strip(" ")
    return _tidied(_Reader(_printable(tex)).read())


def _printable(text: str) -> str:
    text = _INVISIBLE.sub("", _CONTROL.sub(" ", text))
    return _LIGATURE.sub(lambda found: normalize("NFKC", found[0]), text)


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
        return _COMMANDS.get(word[1], _unknown)(self, word[1])

    def control_symbol(self) -> str:
        char = self.tex[self.pos + 1 : self.pos + 2]
        self.pos += 2
        if char in ACCENTS:
            return _accent(self, char)
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


def _dropped(reader: _Reader, name: str) -> str:
    if reader.math and name in TEXT_FONTS:
        return reader.plain_argument()
    reader.skip_space()
    if name in ("left", "right") and reader.next == ".":
        reader.pos += 1
    return ""


def _skipped(reader: _Reader, name: str) -> str:
    reader.skip_group()
    return " " if name in SPACERS else ""


def _reference(reader: _Reader, _name: str) -> str:
    while reader.option():
        pass
    reader.skip_group()
    return "\0"  # so that the space or the brackets around it can go too


def _symbol(reader: _Reader, name: str) -> str:
    """Read a symbol; the space after its name stays only where readers expect one."""
    char = SYMBOLS[name]
    if (reader.math or char in "–—") and reader.next.isspace():
        letter = char.isalpha() or char in "∇∂∀∃¬"
        before = reader.pos
        reader.skip_space()
        if not reader.next.isalnum() if letter else reader.previous.isspace():
            reader.pos = before
    return char


def _letter(reader: _Reader, name: str) -> str:
    if reader.math and len(name) == 1 and name.isupper():
        return name
    reader.skip_space()
    return LETTERS[name]


def _function(reader: _Reader, name: str) -> str:
    lead = " " if reader.previous.isalnum() or reader.previous in (")", "]", "}") else ""
    tail = " " if reader.next.isalnum() or reader.next in ("\\", "{") else ""
    return f"{lead}{'mod' if name == 'bmod' else name}{tail}"


def _accent(reader: _Reader, name: str) -> str:
    r"""Read an accent and its letter; `\~8`, `\"quoted\"` and the like are escapes, not accents."""
    mark, word = ACCENTS[name], name.isalpha()
    unit = _CODE_UNIT.match(reader.tex, reader.pos) if name == "u" else None
    if unit:  # JSON's escape, which reaches arXiv in pasted text
        reader.pos = unit.end()
        return _printable(chr(int(unit[0], 16)))
    braced = reader.next == "{"
    base = "" if reader.next.isspace() and not word else reader.argument()
    # arXiv's own conversion reads \kappa as \k and appa: https://arxiv.org/abs/ has many.
    if word and name + base in GREEK:
        return GREEK[name + base]
    if word:
        fits = len(base) == 1 + (name == "t") and not (name == "b" and base.isupper())
    else:
        fits = braced or len(normalize("NFC", accented(mark, base[:1]))) == 1
    if base[:1].isalpha() and fits:
        return accented(mark, base)
    return base if word else name + base


def _math_accent(reader: _Reader, name: str) -> str:
    base = reader.argument()
    fits = is_one_character(base) or (name == "not" and base)
    return accented(MATH_ACCENTS[name], base) if fits else base


def _fraction(reader: _Reader, _name: str) -> str:
    lead = " " if reader.previous.isalnum() else ""
    body = fraction(reader.argument().strip(), reader.argument().strip())
    return f"{lead}{body} " if reader.next.isalnum() else lead + body


def _root(reader: _Reader, _name: str) -> str:
    return root(reader.option().strip(), reader.argument().strip())


def _choice(reader: _Reader, _name: str) -> str:
    return f"({reader.argument()} choose {reader.argument()})"


def _stacked(reader: _Reader, name: str) -> str:
    small, body = reader.argument(), reader.argument()
    return body + script("_" if name == "underset" else "^", small)


def _raised(reader: _Reader, name: str) -> str:
    mark = "^" if name == "textsuperscript" else "_"
    return script(mark, reader.argument().strip())


def _blackboard(reader: _Reader, _name: str) -> str:
    body = reader.argument()
    return DOUBLE_STRUCK.get(body, body)


def _unicode(reader: _Reader, _name: str) -> str:
    body = reader.argument().strip()
    found = _CODE_POINT.fullmatch(body)
    if found is None:
        return body
    code = int(found[1], 16) if found[1] else int(found[2])
    return _printable(chr(code)) if code <= sys.maxunicode else ""


def _dingbat(reader: _Reader, _name: str) -> str:
    body = reader.argument()
    return DINGBATS.get(body, body)


def _quoted(reader: _Reader, _name: str) -> str:
    return f"“{reader.argument()}”"


def _quantity(reader: _Reader, _name: str) -> str:
    return f"{reader.argument()} "


def _footnote(reader: _Reader, _name: str) -> str:
    reader.option()
    body = reader.plain_argument().strip()
    return f" ({body})" if body else ""


def _link(reader: _Reader, name: str) -> str:
    address = reader.raw_argument()
    if name != "href":
        return address
    end = reader.pos
    reader.skip_space()
    if reader.next == "{":
        return ""
    reader.pos = end
    return address


def _unknown(reader: _Reader, name: str) -> str:
    if reader.math and name in DOUBLE_STRUCK:
        return DOUBLE_STRUCK[name]
    if _THIS_URL.fullmatch(name):
        return "this"
    body = reader.brace() if reader.next == "{" else ""
    return body if body.strip() else name


_READERS: Final[dict[str, Callable[[_Reader], str]]] = {
    "{": _Reader.brace,
    "\\": _Reader.command,
    "$": _Reader.dollar,
    "~": _Reader.tie,
    "'": _Reader.prime,
    "^": _Reader.script,
    "_": _Reader.script,
}
_COMMANDS: Final[dict[str, Callable[[_Reader, str], str]]] = {
    **dict.fromkeys(DROPPED, _dropped),
    **dict.fromkeys(SKIPPED | SPACERS, _skipped),
    **dict.fromkeys(REFERENCES, _reference),
    **dict.fromkeys(SYMBOLS, _symbol),
    **dict.fromkeys(LETTERS, _letter),
    **dict.fromkeys(FUNCTIONS, _function),
    **dict.fromkeys(filter(str.isalpha, ACCENTS), _accent),
    **dict.fromkeys(MATH_ACCENTS, _math_accent),
    **dict.fromkeys(("frac", "tfrac", "dfrac", "nicefrac", "sfrac", "cfrac"), _fraction),
    **dict.fromkeys(("binom", "dbinom", "tbinom"), _choice),
    **dict.fromkeys(("overset", "underset", "stackrel"), _stacked),
    **dict.fromkeys(("textsuperscript", "textsubscript"), _raised),
    **dict.fromkeys(("say", "enquote", "textquote"), _quoted),
    **dict.fromkeys(("SI", "qty"), _quantity),
    **dict.fromkeys(("footnote", "thanks"), _footnote),
    **dict.fromkeys(("href", "url", "path", "nolinkurl"), _link),
    "sqrt": _root,
    "mathbb": _blackboard,
    "unicode": _unicode,
    "ding": _dingbat,
}

r"""What each TeX command leaves of itself and its arguments; knows nothing of whole texts.

A function reads one command through the reader that met it. A command nobody knows is most often
the name of somebody's method, so its word stays: `\OURS` -> `OURS`.
"""

import re
import sys
from collections.abc import Callable
from typing import Final, Protocol
from unicodedata import normalize

from bot.core.symbols import (
    ACCENTS,
    DINGBATS,
    DOUBLE_STRUCK,
    DROPPED,
    FUNCTIONS,
    GREEK,
    LETTERS,
    MATH_ACCENTS,
    REFERENCES,
    SKIPPED,
    SPACERS,
    SYMBOLS,
    TEXT_FONTS,
    accented,
    fraction,
    is_one_character,
    printable,
    root,
    script,
)

_CODE_UNIT = re.compile(r"[0-9][0-9A-Fa-f]{3}")
_CODE_POINT = re.compile(r"[xX\"]([0-9A-Fa-f]{1,6})|(\d{1,7})")
# arXiv's feed replaces an address with words: {\it https://...} -> {\itthis https URL}
_THIS_URL = re.compile(r"(?:it|bf|tt|em|rm|sf|sc)this")


class Reader(Protocol):
    """What a command needs of the reader that met it: where it stands, and its arguments."""

    tex: str
    pos: int
    math: str

    @property
    def next(self) -> str:
        """The next character, "" at the end."""
        ...

    @property
    def previous(self) -> str:
        """The character before the command being read, "" at the beginning."""
        ...

    def argument(self) -> str:
        """Read a command's next argument: a group, a command with its own, or one character."""
        ...

    def plain_argument(self) -> str:
        """Read an argument as text, inside mathematics too."""
        ...

    def raw_argument(self) -> str:
        """Read an address, in which only escapes are TeX."""
        ...

    def option(self) -> str:
        """Read an argument in square brackets, "" where there is none."""
        ...

    def brace(self) -> str:
        """Read a group."""
        ...

    def skip_group(self) -> None:
        """Pass over an option and a group."""
        ...

    def skip_space(self) -> None:
        """Pass over white space."""
        ...


def _dropped(reader: Reader, name: str) -> str:
    if reader.math and name in TEXT_FONTS:
        return reader.plain_argument()
    reader.skip_space()
    if name in ("left", "right") and reader.next == ".":
        reader.pos += 1
    return ""


def _skipped(reader: Reader, name: str) -> str:
    reader.skip_group()
    return " " if name in SPACERS else ""


def _reference(reader: Reader, _name: str) -> str:
    while reader.option():
        pass
    reader.skip_group()
    return "\0"  # so that the space or the brackets around it can go too


def _symbol(reader: Reader, name: str) -> str:
    """Read a symbol; the space after its name stays only where readers expect one."""
    char = SYMBOLS[name]
    if (reader.math or char in "–—") and reader.next.isspace():
        letter = char.isalpha() or char in "∇∂∀∃¬"
        before = reader.pos
        reader.skip_space()
        if not reader.next.isalnum() if letter else reader.previous.isspace():
            reader.pos = before
    return char


def _letter(reader: Reader, name: str) -> str:
    if reader.math and len(name) == 1 and name.isupper():
        return name
    reader.skip_space()
    return LETTERS[name]


def _function(reader: Reader, name: str) -> str:
    lead = " " if reader.previous.isalnum() or reader.previous in (")", "]", "}") else ""
    tail = " " if reader.next.isalnum() or reader.next in ("\\", "{") else ""
    return f"{lead}{'mod' if name == 'bmod' else name}{tail}"


def read_accent(reader: Reader, name: str) -> str:
    r"""Read an accent and its letter; `\~8`, `\"quoted\"` and the like are escapes, not accents."""
    mark, word = ACCENTS[name], name.isalpha()
    unit = _CODE_UNIT.match(reader.tex, reader.pos) if name == "u" else None
    if unit:  # JSON's escape, which reaches arXiv in pasted text
        reader.pos = unit.end()
        return printable(chr(int(unit[0], 16)))
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


def _math_accent(reader: Reader, name: str) -> str:
    base = reader.argument()
    fits = is_one_character(base) or (name == "not" and base)
    return accented(MATH_ACCENTS[name], base) if fits else base


def _fraction(reader: Reader, _name: str) -> str:
    lead = " " if reader.previous.isalnum() else ""
    body = fraction(reader.argument().strip(), reader.argument().strip())
    return f"{lead}{body} " if reader.next.isalnum() else lead + body


def _root(reader: Reader, _name: str) -> str:
    return root(reader.option().strip(), reader.argument().strip())


def _choice(reader: Reader, _name: str) -> str:
    return f"({reader.argument()} choose {reader.argument()})"


def _stacked(reader: Reader, name: str) -> str:
    small, body = reader.argument(), reader.argument()
    return body + script("_" if name == "underset" else "^", small)


def _raised(reader: Reader, name: str) -> str:
    mark = "^" if name == "textsuperscript" else "_"
    return script(mark, reader.argument().strip())


def _blackboard(reader: Reader, _name: str) -> str:
    body = reader.argument()
    return DOUBLE_STRUCK.get(body, body)


def _unicode(reader: Reader, _name: str) -> str:
    body = reader.argument().strip()
    found = _CODE_POINT.fullmatch(body)
    if found is None:
        return body
    code = int(found[1], 16) if found[1] else int(found[2])
    return printable(chr(code)) if code <= sys.maxunicode else ""


def _dingbat(reader: Reader, _name: str) -> str:
    body = reader.argument()
    return DINGBATS.get(body, body)


def _quoted(reader: Reader, _name: str) -> str:
    return f"“{reader.argument()}”"


def _quantity(reader: Reader, _name: str) -> str:
    return f"{reader.argument()} "


def _footnote(reader: Reader, _name: str) -> str:
    reader.option()
    body = reader.plain_argument().strip()
    return f" ({body})" if body else ""


def _link(reader: Reader, name: str) -> str:
    address = reader.raw_argument()
    if name != "href":
        return address
    end = reader.pos
    reader.skip_space()
    if reader.next == "{":
        return ""
    reader.pos = end
    return address


def read_unknown(reader: Reader, name: str) -> str:
    """Read a command that is in no table: what it holds, or else its name."""
    if reader.math and name in DOUBLE_STRUCK:
        return DOUBLE_STRUCK[name]
    if _THIS_URL.fullmatch(name):
        return "this"
    body = reader.brace() if reader.next == "{" else ""
    return body if body.strip() else name


COMMANDS: Final[dict[str, Callable[[Reader, str], str]]] = {
    **dict.fromkeys(DROPPED, _dropped),
    **dict.fromkeys(SKIPPED | SPACERS, _skipped),
    **dict.fromkeys(REFERENCES, _reference),
    **dict.fromkeys(SYMBOLS, _symbol),
    **dict.fromkeys(LETTERS, _letter),
    **dict.fromkeys(FUNCTIONS, _function),
    **dict.fromkeys(filter(str.isalpha, ACCENTS), read_accent),
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

"""The line of each key of a TOML document; reads only what tomli has read before."""

import re
from collections.abc import Iterator
from typing import NamedTuple

# Longest first; a multi-line string may end with up to two quotes of its own.
_TOKEN = re.compile(
    r'(?P<text>"""(?:\\.|[^\\])*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:\\.|[^"\\])*"|\'[^\']*\')'
    r"|(?P<end>\n)|(?P<mark>[\[\]{}=,.])|(?P<skip>[^\S\n]+|\#[^\n]*)"
    r"|(?P<bare>[^\s\[\]{}=,.#\"']+)",
    re.DOTALL,
)
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|x([0-9A-Fa-f]{2})|(.))", re.DOTALL)
_ESCAPED = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", "e": "\x1b"}


class _Token(NamedTuple):
    kind: str
    text: str
    line: int


def find_lines(text: str) -> dict[str, int]:
    """Map each key, written like `sets[1].post[0].at`, to its 1-based line.

    Tables have their header's line, elements of arrays their own. `text` is valid TOML.
    """
    finder = _Finder(text)
    finder.find()
    return finder.lines


def join_key(table: str, key: str) -> str:
    """Name a key of a table; the table of the whole document is ""."""
    return f"{table}.{key}" if table else key


class _Finder:
    """Walks over the tokens of a document."""

    def __init__(self, text: str) -> None:
        self.lines: dict[str, int] = {}
        self._counts: dict[str, int] = {}
        self._tokens = list(_split(text))
        self._place = 0

    def find(self) -> None:
        table = ""
        while (token := self._peek()).kind != "end of text":
            if token.kind == "end":
                self._take()
            elif token.text == "[" and token.kind == "mark":
                table = self._read_header()
            else:
                self._read_pair(table)

    def _peek(self) -> _Token:
        if self._place < len(self._tokens):
            return self._tokens[self._place]
        return _Token("end of text", "", 0)

    def _take(self) -> _Token:
        token = self._peek()
        self._place += 1
        return token

    def _is_at(self, *marks: str) -> bool:
        token = self._peek()
        return token.kind == "mark" and token.text in marks

    def _note(self, path: str, line: int) -> None:
        self.lines.setdefault(path, line)

    def _read_header(self) -> str:
        line = self._take().line
        of_array = self._is_at("[")
        if of_array:
            self._take()
        parts = self._read_key()
        self._take()
        if of_array:
            self._take()
        path = ""
        for place, part in enumerate(parts, 1):
            path = join_key(path, part)
            if of_array and place == len(parts):
                self._note(path, line)
                self._counts[path] = self._counts.get(path, -1) + 1
            if path in self._counts:
                path = f"{path}[{self._counts[path]}]"
            self._note(path, line)
        return path

    def _read_key(self) -> list[str]:
        parts = [_unquote(self._take())]
        while self._is_at("."):
            self._take()
            parts.append(_unquote(self._take()))
        return parts

    def _read_pair(self, table: str) -> None:
        line = self._peek().line
        path = table
        for part in self._read_key():
            path = join_key(path, part)
            self._note(path, line)
        self._take()
        self._read_value(path)

    def _read_value(self, path: str) -> None:
        if self._is_at("["):
            self._read_array(path)
        elif self._is_at("{"):
            self._read_table(path)
        else:
            while not self._is_at(",", "]", "}") and not self._peek().kind.startswith("end"):
                self._take()

    def _read_array(self, path: str) -> None:
        self._take()
        index = 0
        while not self._is_at("]") and self._peek().kind != "end of text":
            if self._is_at(",") or self._peek().kind == "end":
                self._take()
                continue
            self._note(f"{path}[{index}]", self._peek().line)
            self._read_value(f"{path}[{index}]")
            index += 1
        self._take()

    def _read_table(self, path: str) -> None:
        self._take()
        while not self._is_at("}") and self._peek().kind != "end of text":
            if self._is_at(",") or self._peek().kind == "end":
                self._take()
            else:
                self._read_pair(path)
        self._take()


def _split(text: str) -> Iterator[_Token]:
    line = 1
    for found in _TOKEN.finditer(text):
        if found.lastgroup != "skip":
            yield _Token(str(found.lastgroup), found.group(), line)
        line += found.group().count("\n")


def _unquote(token: _Token) -> str:
    if token.kind != "text":
        return token.text
    body = token.text[1:-1]
    return _ESCAPE.sub(_unescape, body) if token.text[0] == '"' else body


def _unescape(found: re.Match[str]) -> str:
    code = found[1] or found[2] or found[3]
    return chr(int(code, 16)) if code else _ESCAPED.get(found[4], found[4])

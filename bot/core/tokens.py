"""Query text -> tokens: brackets, operators, fields and texts, each with its position."""

import re
from dataclasses import dataclass
from difflib import get_close_matches

from bot.core.editions import Field
from bot.errors import QueryError

LONGEST_QUERY = 4_000
_LONGEST_CITED = 60
FIELDS = {
    "ti": Field.TITLE,
    "abs": Field.ABSTRACT,
    "au": Field.AUTHORS,
    "cat": Field.CATEGORIES,
    "comment": Field.COMMENTS,
    "id": Field.ID,
}
_LONG_FIELDS = {
    "title": "ti",
    "abstract": "abs",
    "author": "au",
    "authors": "au",
    "category": "cat",
    "categories": "cat",
    "comments": "comment",
    "co": "comment",
}
# A colon behind any of these names makes it a field; behind another word it ends that word.
FIELD = re.compile(rf"(?<![A-Za-z])(?:{'|'.join((*FIELDS, *_LONG_FIELDS))}):", re.IGNORECASE)
OPERATORS = ("AND", "OR", "NOT")
CLOSING = {'"': '"”“', "“": '”“"', "„": '“”"', "«": "»", "”": '”"', "»": "«"}
_ID = re.compile(r"[^\s()\"“”„«»]+")
_TOKEN = re.compile(
    r"(?P<space>\s+)|(?P<bracket>[()])|(?P<quote>[\"“”„«»])|(?P<field>[A-Za-z]+):"
    r"|(?P<word>[^\s()\"“”„«»]+)"
)


@dataclass(frozen=True, slots=True)
class Token:
    """One piece of a query: `kind` is "(", ")", "AND", "OR", "NOT", "field", "text" or "end".

    `position` is 1-based.
    """

    kind: str
    text: str
    position: int


def check_length(text: str) -> None:
    """Raise QueryError for a text that is longer than anybody writes."""
    if len(text) > LONGEST_QUERY:
        message = (
            f"the query has {len(text):,} characters and at most {LONGEST_QUERY:,} can be read: "
            "make several of it"
        )
        raise QueryError(text, LONGEST_QUERY + 1, message)


def cite(text: str) -> str:
    """Quote a piece of a query in a message; a long one is cut."""
    return f"`{text[:_LONGEST_CITED]}…`" if len(text) > _LONGEST_CITED else f"`{text}`"


def split_tokens(text: str) -> list[Token]:
    """Split a query into tokens; a quoted text becomes one of kind "text"."""
    check_length(text)
    tokens: list[Token] = []
    place = 0
    while found := _TOKEN.match(text, place):
        piece, position = found.group(), place + 1
        place = found.end()
        if found.lastgroup == "quote":
            closers = CLOSING[piece]
            end = next((i for i in range(place, len(text)) if text[i] in closers), -1)
            if end < 0:
                message = f"the quote at position {position} is never closed: add {closers[0]}"
                raise QueryError(text, position, message)
            if not text[place:end].strip():
                message = f"the quotes at position {position} hold nothing: write a word in them"
                raise QueryError(text, position, message)
            tokens.append(Token("text", text[place:end], position + 1))
            place = end + 1
        elif found.lastgroup == "bracket" or piece in OPERATORS:
            tokens.append(Token(piece, piece, position))
        elif found.lastgroup == "field":
            place = _add_field(tokens, text, found)
        elif found.lastgroup == "word":
            tokens.append(Token("text", piece, position))
    return tokens


def _add_field(tokens: list[Token], text: str, found: re.Match[str]) -> int:
    """Add a field's token, or a word's where the colon ends an ordinary word; return the end."""
    name = found["field"].lower()
    name = _LONG_FIELDS.get(name, name)
    position = found.start() + 1
    if name in FIELDS:
        tokens.append(Token("field", name, position))
        # An id may hold a colon: arXiv:2512.03874, or a link.
        bare = _ID.match(text, found.end()) if name == "id" else None
        if bare is None:
            return found.end()
        tokens.append(Token("text", bare.group(), bare.start() + 1))
        return bare.end()
    if not text[found.end() : found.end() + 1].strip():
        tokens.append(Token("text", found.group(), position))
        return found.end()
    close = get_close_matches(name, (*FIELDS, *_LONG_FIELDS), n=1)
    meant = f"did you mean `{close[0]}:`? " if close else ""
    message = (
        f"{cite(found.group())} at position {position} is not a field: {meant}"
        f"fields are {' '.join(f'{field}:' for field in FIELDS)}, and quotes make it plain words"
    )
    raise QueryError(text, position, message)

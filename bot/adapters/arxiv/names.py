"""A feed's one string of authors becomes their names here; their TeX is left alone."""

_OPENERS = {")": "(", "}": "{"}


def parse_names(creators: str) -> tuple[str, ...]:
    r"""Split arXiv's author string into names, in order, without affiliations.

    A comma inside (...) or {...} splits nothing. Brackets at the end of a name are affiliations;
    elsewhere they belong to it. A bracket that is never closed is a character like any other.

    >>> parse_names(r"Jos\'e L\'opez (Univ. of X (Madrid), Spain), Yu (Andy) Huang, {Lee, Jr.}")
    ("Jos\\'e L\\'opez", 'Yu (Andy) Huang', '{Lee, Jr.}')
    """
    closed_by = _pairs(creators)
    pieces: list[str] = []
    start = position = 0
    while position < len(creators):
        if creators[position] == ",":
            pieces.append(creators[start:position])
            start = position + 1
        position = closed_by.get(position, position) + 1
    pieces.append(creators[start:])
    names = (" ".join(_without_affiliations(piece.strip()).split()) for piece in pieces)
    return tuple(name for name in names if name)


def _without_affiliations(name: str) -> str:
    """Cut every (...) off the end of a name."""
    opened_at = {end: start for start, end in _pairs(name).items() if name[end] == ")"}
    end = len(name)
    while end - 1 in opened_at:
        end = len(name[: opened_at[end - 1]].rstrip())
    return name[:end]


def _pairs(text: str) -> dict[int, int]:
    """Map the position of each bracket that is closed to that of its closing bracket."""
    pairs: dict[int, int] = {}
    open_brackets: list[tuple[str, int]] = []
    waiting = {"(": 0, "{": 0}
    for position, character in enumerate(text):
        if character in waiting:
            open_brackets.append((character, position))
            waiting[character] += 1
        elif character in _OPENERS and waiting[_OPENERS[character]]:
            # Whatever was opened in between and not closed is a character like any other.
            bracket = ""
            while bracket != _OPENERS[character]:
                bracket, opener = open_brackets.pop()
                waiting[bracket] -= 1
            pairs[opener] = position
    return pairs

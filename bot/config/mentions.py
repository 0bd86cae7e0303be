"""Where a configuration names an address; reads a text that was read without a fault before."""

from collections.abc import Iterator
from pathlib import PurePath

import tomli

from bot.config.lines import find_lines, join_key

_ADDRESSES = (".contact", ".channel", ".email")
_FOLDER = ".folder"


def find_mentions(text: str, address: str) -> tuple[int, ...]:
    """Return the lines on which this address stands, whatever its case, or a folder's path."""
    lines = find_lines(text)
    wanted = address.strip()
    found = {
        lines[path]
        for path, value in _walk(tomli.loads(text), "")
        if (path.endswith(_ADDRESSES) and value.strip().casefold() == wanted.casefold())
        or (path.endswith(_FOLDER) and PurePath(value.strip()) == PurePath(wanted))
    }
    return tuple(sorted(found))


def _walk(value: object, path: str) -> Iterator[tuple[str, str]]:
    """Yield every text of a document with its path, written like `sets[1].post[0].email`."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from _walk(each, join_key(path, key))
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _walk(each, f"{path}[{index}]")

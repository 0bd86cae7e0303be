"""Who reads: everybody sees public sets, an operator who is signed in sees all."""

from bot.core.keyword_sets import KeywordSet
from bot.edges.web.session import is_operator
from bot.edges.web.shelf import Shelf
from bot.errors import MissingError
from bot.flows.reading import find_set


def find_for_reader(shelf: Shelf, name: str) -> tuple[KeywordSet, bool]:
    """Find a set that whoever asks may read, and whether everybody may; raise MissingError."""
    try:
        return find_set(shelf.public_sets, name), True
    except MissingError:
        if not is_operator(shelf):
            raise
    return find_set(shelf.every_set(), name), False

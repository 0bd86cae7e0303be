"""Keyword sets that people keep in the database: add, change, pause, resume, remove."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from bot.core import taxonomy
from bot.core.keyword_sets import LONGEST_NAME, KeywordSet, MatchMode, is_name
from bot.core.papers import AnnounceType
from bot.core.parsing import parse_set
from bot.errors import UserError


class SetStore(Protocol):
    """The keyword sets kept in the database; those of the config file are not among them."""

    def load_sets(self, owner: str) -> tuple[KeywordSet, ...]:
        """Load an owner's sets that were not removed, by name."""
        ...

    def save_set(self, keyword_set: KeywordSet) -> None:
        """Add a set or replace the one of that owner and name; one removed before is back."""
        ...

    def remove_set(self, owner: str, name: str) -> bool:
        """Remove a set and cancel its deliveries not yet begun; keep its editions.

        False where the owner has no such set.
        """
        ...


@dataclass(frozen=True, slots=True)
class SetChange:
    """What to change of a set; None leaves it as it is."""

    keywords: tuple[tuple[str, ...], ...] | None = None
    query: str | None = None
    exclude: tuple[str, ...] | None = None
    types: tuple[AnnounceType, ...] | None = None
    categories: tuple[str, ...] | None = None
    match: MatchMode | None = None


def add_set(
    store: SetStore, configured: Sequence[KeywordSet], owner: str, name: str, change: SetChange
) -> KeywordSet:
    """Add a set; raise UserError for a name that is taken or a query that cannot be read."""
    name = name.strip()
    if not is_name(name):
        msg = f"a set's name has 1 to {LONGEST_NAME} printable characters"
        raise UserError(msg)
    for known in (*configured, *store.load_sets(owner)):
        if known.name.casefold() == name.casefold():
            where = "in the configuration file" if known in configured else "already"
            msg = f"there is a set {known.name!r} {where}: choose another name"
            raise UserError(msg)
    return _save(store, KeywordSet(name=name, owner=owner), change)


def change_set(
    store: SetStore, configured: Sequence[KeywordSet], owner: str, name: str, change: SetChange
) -> KeywordSet:
    """Change a set of the database; its editions so far stay as they are."""
    return _save(store, find_own_set(store, configured, owner, name), change)


def pause_set(
    store: SetStore, configured: Sequence[KeywordSet], owner: str, name: str, *, paused: bool
) -> KeywordSet:
    """Pause a set or let it go on."""
    changed = replace(find_own_set(store, configured, owner, name), paused=paused)
    store.save_set(changed)
    return changed


def remove_set(
    store: SetStore, configured: Sequence[KeywordSet], owner: str, name: str
) -> KeywordSet:
    """Remove a set of the database; its editions are kept."""
    found = find_own_set(store, configured, owner, name)
    store.remove_set(owner, found.name)
    return found


def find_own_set(
    store: SetStore, configured: Sequence[KeywordSet], owner: str, name: str
) -> KeywordSet:
    """Find a set that may be changed here; raise UserError that says where else or what else."""
    own = store.load_sets(owner)
    for known in own:
        if known.name.casefold() == name.strip().casefold():
            return known
    for known in configured:
        if known.name.casefold() == name.strip().casefold():
            msg = f"{known.name!r} is a set of the configuration file: change it there"
            raise UserError(msg)
    names = ", ".join(known.name for known in own) or "none yet"
    msg = f"no set in the database is named {name.strip()!r}: there are {names}"
    raise UserError(msg)


def _save(store: SetStore, before: KeywordSet, change: SetChange) -> KeywordSet:
    """Apply a change, see that the set can be read, keep it."""
    if change.keywords and change.query:
        msg = "a set has keywords or a query, not both: make two sets"
        raise UserError(msg)
    keywords, query = before.keywords, before.query
    if change.keywords:
        keywords, query = change.keywords, ""
    elif change.query:
        keywords, query = (), change.query
    if not keywords and not query:
        msg = "the set looks for nothing: give it keywords or a query"
        raise UserError(msg)
    types = before.types if change.types is None else change.types
    if not types:
        msg = f"the set takes nothing: give it announcement types of {', '.join(AnnounceType)}"
        raise UserError(msg)
    after = replace(
        before,
        keywords=keywords,
        query=query,
        exclude=before.exclude if change.exclude is None else change.exclude,
        types=tuple(kind for kind in AnnounceType if kind in types),
        categories=before.categories
        if change.categories is None
        else tuple(dict.fromkeys(map(_read_category, change.categories))),
        match=before.match if change.match is None else change.match,
    )
    parse_set(after)
    store.save_set(after)
    return after


def _read_category(category: str) -> str:
    if taxonomy.is_known(category):
        return taxonomy.canonical(category)
    close = taxonomy.nearest(category)
    hint = f"did you mean {close}?" if close else "write it like cs.CV"
    msg = f"{category!r} is not an arXiv category: {hint}"
    raise UserError(msg)

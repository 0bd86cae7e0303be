"""Keyword sets as people of a workspace name them: by name, by reference, by a query."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from bot.core.desk import parse_ref
from bot.core.keyword_sets import KeywordSet
from bot.core.parsing import parse_query
from bot.core.query import Query
from bot.core.slack_names import Person, workspace_owner
from bot.errors import QueryError, UserError
from bot.flows.permitting import missing_set
from bot.flows.slack_desk import Desk, index_sets, visible_sets

_MOST_NAMED = 10
_LONGEST_SHORT = 40
# So alike, a name is more likely mistyped than meant as a query.
_ALIKE = 0.8
_SIMILAR = 0.6
_QUOTES = str.maketrans("", "", '"“”„«»')


def find_visible_set(desk: Desk, person: Person, name: str) -> KeywordSet:
    """Find a set that a person sees by its name; raise UserError with the nearest there is."""
    name = name.strip()
    seen = visible_sets(desk, person)
    found = _find_exact(seen, name) or _find_folded(seen, name)
    if found is not None:
        return found
    names = list(dict.fromkeys(each.name for each in seen))
    near = _find_near(names, name, _SIMILAR)
    if near:
        hint = f"did you mean `{near}`?"
    elif names:
        more = " and more" if len(names) > _MOST_NAMED else ""
        hint = f"there are {', '.join(f'`{each}`' for each in names[:_MOST_NAMED])}{more}"
    else:
        hint = "there are none yet"
    msg = f"there is no keyword set `{name}` here: {hint}"
    raise UserError(msg)


def find_set(desk: Desk, person: Person, ref: str) -> KeywordSet:
    """Find a set that a person sees by its reference; raise RefusedError, whatever else it is."""
    key = parse_ref(ref)
    found = index_sets(desk, person).get(key) if key else None
    if found is None:
        raise missing_set(key[1] if key else ref)
    return found


def choose_set(desk: Desk, person: Person, what: str, *, quoted: bool) -> KeywordSet:
    """Find the set that a person names, or that of the query that they write; make it if need be.

    A set made of a query is known by that query more than by its name, which is a short form of
    it. Raise QueryError for a query that cannot be read, and UserError for one that is not `quoted`
    and looks like a set's name mistyped.
    """
    what = what.strip()
    seen = visible_sets(desk, person)
    exact = _find_exact(seen, what)
    if exact is not None:
        return exact
    named = [each for each in seen if not _is_made_of_query(each, person)]
    folded = _find_folded(named, what)
    if folded is not None:
        return folded
    query = parse_query(what)
    known = _find_query(seen, person, query)
    if known is not None:
        return known
    near = "" if quoted else _find_near([each.name for each in named], what, _ALIKE)
    if near:
        msg = (
            f"there is no keyword set `{what}` here: did you mean `{near}`? "
            f'Quotes make it a query: subscribe "{what}"'
        )
        raise UserError(msg)
    while True:
        fresh = KeywordSet(
            name=name_query(what, (each.name for each in seen)),
            query=what,
            owner=workspace_owner(person.team),
            creator=person.origin,
        )
        if desk.store.add_set(fresh):
            return fresh
        # Somebody else took that name just now, perhaps for the very same query.
        seen = visible_sets(desk, person)
        known = _find_query(seen, person, query)
        if known is not None:
            return known


def name_query(query: str, taken: Iterable[str] = ()) -> str:
    """Name a set after its query in short form, unlike all names that are taken.

    >>> name_query('"world model"', ["World model"])
    'world model 2'
    """
    shown = "".join(char if char.isprintable() else " " for char in query.translate(_QUOTES))
    words = shown.split()
    short = " ".join(words)
    if len(short) > _LONGEST_SHORT:
        cut = short[:_LONGEST_SHORT]
        short = f"{cut.rpartition(' ')[0] or cut}…"
    short = short or "query"
    folded = {name.casefold() for name in taken}
    number, name = 1, short
    while name.casefold() in folded:
        number += 1
        name = f"{short} {number}"
    return name


def _find_exact(seen: Iterable[KeywordSet], name: str) -> KeywordSet | None:
    return next((each for each in seen if each.name == name), None)


def _find_folded(seen: Iterable[KeywordSet], name: str) -> KeywordSet | None:
    folded = name.casefold()
    return next((each for each in seen if each.name.casefold() == folded), None)


def _find_near(names: Sequence[str], name: str, cutoff: float) -> str:
    folded = {each.casefold(): each for each in names}
    close = get_close_matches(name.casefold(), folded, n=1, cutoff=cutoff)
    return folded[close[0]] if close else ""


def _find_query(seen: Iterable[KeywordSet], person: Person, query: Query) -> KeywordSet | None:
    """Find the workspace's set that looks for a query and says nothing else."""
    for each in seen:
        if _is_made_of_query(each, person) and _is_same(each.query, query):
            return each
    return None


def _is_made_of_query(keyword_set: KeywordSet, person: Person) -> bool:
    plain = KeywordSet(
        keyword_set.name,
        query=keyword_set.query,
        owner=workspace_owner(person.team),
        paused=keyword_set.paused,
        creator=keyword_set.creator,
    )
    return bool(keyword_set.query) and keyword_set == plain


def _is_same(text: str, query: Query) -> bool:
    try:
        return parse_query(text).expression == query.expression
    except QueryError:
        # It was read when it was saved; this version of the program reads otherwise.
        return False

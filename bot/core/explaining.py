"""Why a paper matched: which keyword hit which words, where; as a reader sees the paper."""

import re
from bisect import bisect_left
from collections.abc import Iterable

from bot.core import taxonomy
from bot.core.editions import Field, Hit
from bot.core.latex import to_text
from bot.core.matching import Matcher
from bot.core.papers import Paper
from bot.core.query import AllOf, AnyOf, Expression, HasId, InCategory, Not, Substring, Term
from bot.core.words import SECTION_FIELDS, Prepared, find_places

_FIELD_ORDER = {field: order for order, field in enumerate(Field)}


def explain(
    matcher: Matcher, paper: Paper, prepared: Prepared, indexes: Iterable[int]
) -> dict[int, tuple[Hit, ...]]:
    """Return, for each query of `indexes`, every hit that made or helped it match.

    Hits come in the order of the query's keywords, then title before abstract, then by place. Of
    alternatives only those that hold are told. A query that does not match has no hits.
    """
    held = matcher.find_held(paper, prepared)
    numbers = matcher.terms
    hits: dict[int, list[Hit]] | None = None
    told: dict[int, tuple[Hit, ...]] = {}
    for index in indexes:
        found: dict[Hit, None] = {}
        for term in _find_reasons(matcher.queries[index].expression, held, numbers):
            if isinstance(term, Substring | InCategory | HasId):
                found.update(dict.fromkeys(_explain_whole(term, paper)))
            else:
                if hits is None:
                    hits = _find_hits(matcher, paper, prepared)
                found.update(dict.fromkeys(hits.get(numbers[term], ())))
        told[index] = tuple(found)
    return told


def show_field(paper: Paper, field: Field) -> str:
    """Return the text of a field that a hit's offsets refer to."""
    if field is Field.TITLE:
        return to_text(paper.title)
    if field is Field.ABSTRACT:
        return to_text(paper.abstract)
    if field is Field.AUTHORS:
        return ", ".join(map(to_text, paper.authors))
    if field is Field.COMMENTS:
        return to_text(paper.comments)
    return " ".join(paper.categories) if field is Field.CATEGORIES else paper.base_id


def _find_reasons(expression: Expression, held: set[int], numbers: dict[Term, int]) -> list[Term]:
    """Return the terms that make an expression hold, in the order written; none where it fails."""
    if isinstance(expression, Not):
        return []
    if isinstance(expression, AnyOf):
        return [
            term
            for part in expression.parts
            if holds(part, held, numbers)
            for term in _find_reasons(part, held, numbers)
        ]
    if not holds(expression, held, numbers):
        return []
    if isinstance(expression, AllOf):
        return [t for part in expression.parts for t in _find_reasons(part, held, numbers)]
    return [expression]


def holds(expression: Expression, held: set[int], numbers: dict[Term, int]) -> bool:
    """Whether an expression is true of a paper that holds these terms."""
    if isinstance(expression, Not):
        return numbers[expression.part] not in held
    if isinstance(expression, AllOf):
        return all(holds(part, held, numbers) for part in expression.parts)
    if isinstance(expression, AnyOf):
        return any(holds(part, held, numbers) for part in expression.parts)
    return numbers[expression] in held


def _find_hits(matcher: Matcher, paper: Paper, prepared: Prepared) -> dict[int, list[Hit]]:
    """Find every place of every phrase, as the reader sees it; by phrase, in reading order."""
    texts = {field: show_field(paper, field) for field in set(SECTION_FIELDS.values())}
    places = find_places(paper)
    offsets = [place.offset for place in places]
    labels = {number: term.text for term, number in matcher.terms.items()}
    hits: dict[int, set[Hit]] = {}
    for span in matcher.finder.find_spans(prepared):
        first = places[bisect_left(offsets, span.start)]
        last = places[bisect_left(offsets, span.end) - 1]
        field = SECTION_FIELDS[span.section]
        hit = Hit(
            keyword=labels[span.phrase],
            field=field,
            start=first.start,
            end=last.end,
            words=texts[field][first.start : last.end],
        )
        hits.setdefault(span.phrase, set()).add(hit)
    return {
        number: sorted(found, key=lambda hit: (_FIELD_ORDER[hit.field], hit.start, hit.end))
        for number, found in hits.items()
    }


def _explain_whole(term: Substring | InCategory | HasId, paper: Paper) -> list[Hit]:
    """Tell the hits of a term that is compared with a whole field, or with raw text."""
    if isinstance(term, HasId):
        return [Hit(term.text, Field.ID, 0, 0, paper.base_id)]
    if isinstance(term, InCategory):
        return [
            Hit(term.text, Field.CATEGORIES, 0, 0, category)
            for category in paper.categories
            if taxonomy.matches(term.pattern, category)
        ]
    hits = [
        Hit(term.text, field, found.start(), found.end(), found.group())
        for field in (Field.TITLE, Field.ABSTRACT)
        for found in re.finditer(re.escape(term.text), show_field(paper, field), re.IGNORECASE)
    ]
    # What stands only in the TeX, or across title and abstract, has no place to show.
    return hits or [Hit(term.text, Field.ABSTRACT, 0, 0, term.text)]

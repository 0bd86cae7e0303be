"""Answer questions about stored papers: search, try a query, say why a paper matched or not."""

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Protocol

from bot.core.announcing import choose_kind, first_kind
from bot.core.answers import Explanation, Trial, Verdict
from bot.core.days import say_day
from bot.core.editions import Item
from bot.core.explaining import explain
from bot.core.keyword_sets import KeywordSet
from bot.core.matching import Matcher
from bot.core.papers import AnnounceType, ArxivId
from bot.core.parsing import parse_set
from bot.core.query import Query, find_terms
from bot.core.records import Showing, Sighting, StoredPaper
from bot.errors import UserError


class PaperStore(Protocol):
    """What asking needs to read."""

    def load_paper(self, base_id: str) -> StoredPaper | None:
        """Load one paper at its latest version."""
        ...

    def load_sightings(self, base_id: str) -> tuple[Sighting, ...]:
        """Load every announcement of a paper, oldest first."""
        ...

    def load_showings(self, base_id: str) -> tuple[Showing, ...]:
        """Load the editions in which a paper stood, oldest first."""
        ...

    def announced_papers(
        self, since: date, categories: Iterable[str], types: Iterable[AnnounceType]
    ) -> Iterator[tuple[date, StoredPaper]]:
        """Yield papers announced on or after `since`, once a day each, oldest day first.

        Papers come in the text they have now; the iterator holds few of them at a time.
        """
        ...

    def count_announced_days(self, since: date, categories: Iterable[str]) -> int:
        """Count the days on or after `since` on which any of the categories announced papers."""
        ...

    def search(self, words: str, limit: int) -> tuple[StoredPaper, ...]:
        """Find papers by full text, best first.

        Every word must occur (title, abstract, authors or comments), accents and case folded;
        "quoted words" are a phrase; a `*` at a word's end is a prefix. Raise UserError where
        nothing searchable is left.
        """
        ...


def search_papers(store: PaperStore, words: str, limit: int) -> tuple[StoredPaper, ...]:
    """Find stored papers by full text, best first."""
    return store.search(words, limit)


def try_set(
    store: PaperStore,
    keyword_set: KeywordSet,
    categories: Sequence[str],
    *,
    since: date,
    samples: int = 5,
) -> Trial:
    """Say what a set would have matched, with at most `samples` papers to show for it.

    Raise QueryError for a set that cannot be read.
    """
    wanted = keyword_set.categories or categories
    matcher = Matcher([parse_set(keyword_set)])
    per_day: Counter[date] = Counter()
    brought: Counter[str] = Counter()
    newest: deque[Item] = deque(maxlen=samples)
    seen: set[str] = set()
    decided: set[str] = set()
    for day, stored in store.announced_papers(since, wanted, keyword_set.types):
        paper = stored.paper
        seen.add(paper.base_id)
        if paper.base_id in decided:
            continue
        if not matcher.match(paper, stored.prepared):
            decided.add(paper.base_id)
            continue
        kind = _find_kind(store, paper.base_id, day, wanted, keyword_set.types)
        if kind is None:
            continue
        decided.add(paper.base_id)
        item = Item(paper, kind, explain(matcher, paper, stored.prepared, [0])[0])
        per_day[day] += 1
        brought.update(item.keywords)
        newest.append(item)
    return Trial(
        since=since,
        days=store.count_announced_days(since, wanted),
        read=len(seen),
        matched=per_day.total(),
        per_day=tuple(sorted(per_day.items())),
        keywords=tuple(brought.most_common()),
        samples=tuple(reversed(newest)),
    )


def explain_paper(store: PaperStore, arxiv_id: ArxivId, sets: Sequence[KeywordSet]) -> Explanation:
    """Say why a stored paper matched each set or not; raise UserError where it is not stored."""
    stored = store.load_paper(arxiv_id.base)
    if stored is None:
        msg = (
            f"{arxiv_id.base} is not in the database: it was not announced in a followed category "
            "since the bot began to read; `papers fetch` reads the newest announcement"
        )
        raise UserError(msg)
    sightings = store.load_sightings(arxiv_id.base)
    return Explanation(
        paper=stored.paper,
        sightings=sightings,
        verdicts=tuple(_judge(stored, sightings, keyword_set) for keyword_set in sets),
        showings=store.load_showings(arxiv_id.base),
    )


def _find_kind(
    store: PaperStore,
    base_id: str,
    day: date,
    categories: Sequence[str],
    types: Sequence[AnnounceType],
) -> AnnounceType | None:
    """Say what a paper announced on a day counted as in these categories, as publish does."""
    sightings = store.load_sightings(base_id)
    return choose_kind(
        (each.kind for each in sightings if each.day == day and each.category in categories), types
    )


def _judge(stored: StoredPaper, sightings: Sequence[Sighting], keyword_set: KeywordSet) -> Verdict:
    """Match one paper with one set, term by term."""
    query = parse_set(keyword_set)
    terms = dict(find_terms(query.expression))
    matcher = Matcher([query, *(Query(term.text, term) for term in terms)])
    told = explain(matcher, stored.paper, stored.prepared, range(len(terms) + 1))
    matched = 0 in matcher.match(stored.paper, stored.prepared)
    notes = _find_obstacles(sightings, keyword_set)
    wanted = [told[index] for index, want in enumerate(terms.values(), 1) if want]
    unwanted = [told[index] for index, want in enumerate(terms.values(), 1) if not want]
    missing = [
        term.text for index, (term, want) in enumerate(terms.items(), 1) if want and not told[index]
    ]
    return Verdict(
        set_name=keyword_set.name,
        matched=matched and not notes,
        hits=told[0] if matched else tuple(hit for hits in wanted for hit in hits),
        missing=() if matched else tuple(missing),
        excluded=() if matched else tuple(hit for hits in unwanted for hit in hits),
        notes=notes,
    )


def _find_obstacles(sightings: Sequence[Sighting], keyword_set: KeywordSet) -> tuple[str, ...]:
    """Say what but the words keeps a paper out of a set's editions."""
    notes = []
    if keyword_set.paused:
        notes.append("the set is paused")
    if not sightings:
        return (*notes, "it was not announced in any followed category")
    seen = [
        sighting
        for sighting in sightings
        if not keyword_set.categories or sighting.category in keyword_set.categories
    ]
    if not seen:
        where = ", ".join(sorted({sighting.category for sighting in sightings}))
        notes.append(
            f"it was announced in {where}; the set reads {', '.join(keyword_set.categories)}"
        )
        return tuple(notes)
    days: dict[date, list[AnnounceType]] = {}
    for sighting in seen:
        days.setdefault(sighting.day, []).append(sighting.kind)
    if not any(choose_kind(called, keyword_set.types) for called in days.values()):
        told = "; ".join(f"{first_kind(called)} on {say_day(day)}" for day, called in days.items())
        notes.append(f"it was announced as {told}; the set takes {', '.join(keyword_set.types)}")
    return tuple(notes)

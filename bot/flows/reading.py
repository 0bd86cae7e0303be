"""Read what was frozen: sets with their editions, a paper with where it stood, words in papers.

Nothing here decides who may read what: whoever calls names the sets that the reader sees.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta
from typing import Protocol

from bot.core.answers import Trial
from bot.core.archive import (
    Appearance,
    FoundPaper,
    Issue,
    PaperRecord,
    Placed,
    Seen,
    SetLine,
    SetRecord,
    Standing,
)
from bot.core.editions import Edition
from bot.core.explaining import explain
from bot.core.highlighting import highlight
from bot.core.keyword_sets import KeywordSet, SetKey
from bot.core.matching import Matcher
from bot.core.papers import ArxivId
from bot.core.records import StoredPaper
from bot.core.weeks import Week, count_weeks, first_day
from bot.errors import MissingError, UserError
from bot.flows.asking import PaperStore, try_set
from bot.flows.sealing import Sealer

# So many editions of a set are listed at once.
LISTED = 30
LATELY_WEEKS = 4
LONGEST_QUERY = 1000
TRIED_DAYS = 30
_LINK = "edition"


class ArchiveStore(PaperStore, Protocol):
    """What reading needs of the database."""

    def newest_day(self, categories: Collection[str]) -> date | None:
        """Return the newest day on which any of these categories announced a paper."""
        ...

    def latest_issues(self, keys: Collection[SetKey]) -> Mapping[SetKey, Issue]:
        """Return the newest edition of each of these sets that has papers."""
        ...

    def list_issues(
        self, key: SetKey, *, before: date | None = None, limit: int = LISTED
    ) -> tuple[Issue, ...]:
        """List a set's editions that have papers, newest first; of days `before` one where given.

        At most `limit`.
        """
        ...

    def find_issue(self, key: SetKey, day: date) -> Placed | None:
        """Find a set's edition of a day, even one without papers; None where there is none."""
        ...

    def load_frozen(self, edition_id: int) -> Edition:
        """Load an edition as it was frozen, with the papers' text of that time."""
        ...

    def papers_by_day(
        self, keys: Collection[SetKey], since: date
    ) -> Mapping[SetKey, tuple[tuple[date, int], ...]]:
        """Count the papers of these sets' editions of each day from `since` on, oldest first."""
        ...

    def load_seen(self, base_id: str) -> tuple[Seen, ...]:
        """Load the versions of a paper that were seen, oldest first."""
        ...

    def load_appearances(self, base_id: str, keys: Collection[SetKey]) -> tuple[Appearance, ...]:
        """Load the editions of these sets in which a paper stood, oldest first."""
        ...

    def search_newest(self, words: str, limit: int) -> tuple[StoredPaper, ...]:
        """Find papers by full text as `search` does, but the newest instead of the best."""
        ...


def find_set(sets: Sequence[KeywordSet], name: str) -> KeywordSet:
    """Find a set by its name, whatever its case; raise MissingError where the reader sees none."""
    for keyword_set in sets:
        if keyword_set.name.casefold() == name.casefold():
            return keyword_set
    msg = f"there is no set {name[:80]!r} here, or it is not public"
    raise MissingError(msg)


def list_sets(store: ArchiveStore, sets: Sequence[KeywordSet], today: date) -> tuple[SetLine, ...]:
    """Say of each set, in their order, what it brought lately."""
    keys = [keyword_set.key for keyword_set in sets]
    newest = store.latest_issues(keys)
    counts = store.papers_by_day(keys, first_day(today, LATELY_WEEKS))
    return tuple(
        SetLine(each, newest.get(each.key), sum(papers for _, papers in counts.get(each.key, ())))
        for each in sets
    )


def open_set(
    store: ArchiveStore, keyword_set: KeywordSet, today: date, *, before: date | None = None
) -> SetRecord:
    """Load a set's editions, of days `before` one where given, and its last 26 weeks."""
    key = keyword_set.key
    issues = store.list_issues(key, before=before, limit=LISTED + 1)
    days = store.papers_by_day([key], first_day(today)).get(key, ())
    return SetRecord(keyword_set, issues[:LISTED], len(issues) > LISTED, count_weeks(days, today))


def find_edition(store: ArchiveStore, key: SetKey, day: date) -> Placed:
    """Find a set's edition of a day; raise MissingError where there is none."""
    placed = store.find_issue(key, day)
    if placed is None:
        msg = f"{key[1]} has no edition of {day.isoformat()}"
        raise MissingError(msg)
    return placed


def is_whole(store: ArchiveStore, key: SetKey, edition: Edition) -> bool:
    """Whether the set's stored edition of that day is all of a digest, which may join several."""
    if edition.since is None:
        return True
    placed = store.find_issue(key, edition.day)
    shown = (edition.since, len(edition.items))
    return placed is not None and (placed.issue.since, placed.issue.papers) == shown


def count_weeks_to(store: ArchiveStore, key: SetKey, day: date) -> tuple[Week, ...]:
    """Count a set's papers in each of the 26 weeks up to a day, oldest first."""
    days = store.papers_by_day([key], first_day(day)).get(key, ())
    return count_weeks((each for each in days if each[0] <= day), day)


def write_link(sealer: Sealer, key: SetKey, day: date) -> str:
    """Write the token of a link to an edition, for those to whom its set is not public."""
    return sealer.seal(_LINK, *key, day.isoformat())


def open_link(sealer: Sealer, token: str) -> tuple[SetKey, date]:
    """Read which edition a link is for; raise MissingError for one that is none of ours."""
    owner, name, day = map(str, sealer.unseal(_LINK, token))
    return (owner, name), date.fromisoformat(day)


def load_newest(
    store: ArchiveStore, issues: Sequence[Issue], papers: int
) -> tuple[tuple[Issue, Edition], ...]:
    """Load editions, newest first, until they hold so many papers."""
    loaded = []
    held = 0
    for issue in issues:
        if held >= papers:
            break
        loaded.append((issue, store.load_frozen(issue.id)))
        held += issue.papers
    return tuple(loaded)


def open_paper(
    store: ArchiveStore, sets: Sequence[KeywordSet], matcher: Matcher, arxiv_id: ArxivId
) -> PaperRecord:
    """Load a paper with why it is for each set; `matcher` is made of the sets in their order.

    What an edition showed stands as it was frozen then. Raise MissingError for a paper that is not
    stored.
    """
    stored = store.load_paper(arxiv_id.base)
    if stored is None:
        msg = (
            f"{arxiv_id.base} is not stored here: it was not announced in a followed category "
            "since the bot began to read"
        )
        raise MissingError(msg)
    matched = sorted(matcher.match(stored.paper, stored.prepared))
    told = explain(matcher, stored.paper, stored.prepared, matched)
    stood: dict[SetKey, list[Appearance]] = {}
    for each in store.load_appearances(arxiv_id.base, [one.key for one in sets]):
        stood.setdefault(each.set_key, []).append(each)
    standings = []
    for index, keyword_set in enumerate(sets):
        appearances = stood.get(keyword_set.key, ())
        marks = told.get(index, ())
        if appearances or index in told:
            hits = appearances[-1].hits if appearances else marks
            days = tuple(each.day for each in appearances)
            standings.append(Standing(keyword_set, hits, days, marks))
    return PaperRecord(
        stored.paper,
        store.load_seen(arxiv_id.base),
        store.load_sightings(arxiv_id.base),
        tuple(standings),
    )


def search(store: ArchiveStore, words: str, limit: int) -> tuple[FoundPaper, ...]:
    """Find papers by full text, best first; raise UserError where no word is left to search for."""
    return _show(store.search(_bounded(words), limit), words)


def search_newest(store: ArchiveStore, words: str, limit: int) -> tuple[FoundPaper, ...]:
    """Find papers by full text, newest first; raise UserError as `search` does."""
    return _show(store.search_newest(_bounded(words), limit), words)


def try_query(
    store: ArchiveStore, categories: Sequence[str], query: str, newest: date | None, *, samples: int
) -> Trial:
    """Say what a query would have brought over the 30 days up to the `newest` that is stored.

    Raise QueryError for one that cannot be read, and UserError for one that is too long.
    """
    keyword_set = KeywordSet("try", query=_bounded(query))
    since = newest - timedelta(days=TRIED_DAYS - 1) if newest else date.min
    return try_set(store, keyword_set, categories, since=since, samples=samples)


def _show(papers: Sequence[StoredPaper], words: str) -> tuple[FoundPaper, ...]:
    return tuple(
        FoundPaper(each.paper, each.first_day, highlight(each.paper, words)) for each in papers
    )


def _bounded(text: str) -> str:
    if len(text) > LONGEST_QUERY:
        msg = f"that is {len(text)} characters long: write at most {LONGEST_QUERY}"
        raise UserError(msg)
    return text

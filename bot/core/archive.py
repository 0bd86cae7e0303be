"""What readers look up of the past: editions in a list, a paper's versions and where it stood."""

from dataclasses import dataclass
from datetime import date, datetime

from bot.core.editions import Hit
from bot.core.keyword_sets import KeywordSet, SetKey
from bot.core.papers import Paper
from bot.core.records import Sighting
from bot.core.weeks import Week


@dataclass(frozen=True, slots=True)
class Issue:
    """A frozen edition as a list shows it: whose, of which days, how many papers.

    `since` is the first day of an edition of several announcement days. `at`, when it was frozen,
    tells it from another one that a database may give the same `id` later.
    """

    id: int
    set_key: SetKey
    day: date
    since: date | None
    at: datetime
    papers: int


@dataclass(frozen=True, slots=True)
class Placed:
    """An edition among its set's others: the days of the one before it and the one after it."""

    issue: Issue
    before: date | None
    after: date | None


@dataclass(frozen=True, slots=True)
class Seen:
    """A version of a paper and the announcement day on which it was first seen."""

    version: int
    day: date


@dataclass(frozen=True, slots=True)
class Appearance:
    """An edition in which a paper stood, and why."""

    set_key: SetKey
    day: date
    hits: tuple[Hit, ...]


@dataclass(frozen=True, slots=True)
class SetLine:
    """A set in the list of sets: its newest edition, and its papers of the last four weeks."""

    keyword_set: KeywordSet
    issue: Issue | None
    lately: int


@dataclass(frozen=True, slots=True)
class SetRecord:
    """A set with its editions, newest first, and its papers a week; `more`: older ones exist."""

    keyword_set: KeywordSet
    issues: tuple[Issue, ...]
    more: bool
    weeks: tuple[Week, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """Why a paper is for a set, and the days of the set's editions in which it stood.

    `hits` are those of the last edition, whose version may be another one than the paper's;
    `marks` are in the text that the paper has now.
    """

    keyword_set: KeywordSet
    hits: tuple[Hit, ...]
    days: tuple[date, ...]
    marks: tuple[Hit, ...]


@dataclass(frozen=True, slots=True)
class PaperRecord:
    """All that a reader may know of a paper."""

    paper: Paper
    seen: tuple[Seen, ...]
    sightings: tuple[Sighting, ...]
    standings: tuple[Standing, ...]


@dataclass(frozen=True, slots=True)
class FoundPaper:
    """A paper that holds the words that were searched for, and where."""

    paper: Paper
    first_day: date
    hits: tuple[Hit, ...]

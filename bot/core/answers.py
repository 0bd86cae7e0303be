"""What asking about stored papers brings: trials, verdicts, explanations; nothing here asks."""

from dataclasses import dataclass
from datetime import date

from bot.core.editions import Hit, Item
from bot.core.papers import Paper
from bot.core.records import Showing, Sighting


@dataclass(frozen=True, slots=True)
class Trial:
    """What a keyword set would have matched on the stored days since `since`.

    `days` are the announcement days looked at; `read` and `matched` count papers, each once;
    `per_day` those days on which something matched, oldest first; `keywords` how many papers each
    keyword brought, most first; `samples` the newest papers, newest first.
    """

    since: date
    days: int
    read: int
    matched: int
    per_day: tuple[tuple[date, int], ...]
    keywords: tuple[tuple[str, int], ...]
    samples: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why one paper is or is not for one set.

    `hits` are those that made it match, or those of keywords that hit without being enough.
    `missing` are keywords that hit nothing; `excluded` the hits of what the set leaves out;
    `notes` say what else kept the paper out.
    """

    set_name: str
    matched: bool
    hits: tuple[Hit, ...]
    missing: tuple[str, ...] = ()
    excluded: tuple[Hit, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Explanation:
    """All that is known of one paper: announcements, a verdict a set, and deliveries."""

    paper: Paper
    sightings: tuple[Sighting, ...]
    verdicts: tuple[Verdict, ...]
    showings: tuple[Showing, ...]

"""Show people of Slack what digests hold, would hold and would have held; send nothing."""

from dataclasses import replace
from datetime import date, timedelta

from bot.core.answers import Explanation, Trial
from bot.core.desk import Found, Preview, Today
from bot.core.editions import Edition
from bot.core.keyword_sets import KeywordSet
from bot.core.papers import ArxivId, Paper
from bot.core.records import Showing
from bot.core.slack_names import Person
from bot.errors import UserError
from bot.flows.asking import explain_paper, search_papers, try_set
from bot.flows.publish import build_editions, build_matcher, find_readable
from bot.flows.slack_desk import (
    Desk,
    find_subscription,
    index_sets,
    is_open_owner,
    place_of,
    visible_sets,
    visible_subscriptions,
)
from bot.flows.slack_sets import find_visible_set

# Over so many days a query is tried.
LAST_DAYS = timedelta(days=30)


def show_today(desk: Desk, person: Person, set_name: str = "") -> Today:
    """Show what the newest stored day brings: to one set, or to each that a person sees.

    Raise UserError for a name that no set has.
    """
    if set_name:
        sets: tuple[KeywordSet, ...] = (find_visible_set(desk, person, set_name),)
    else:
        seen = (each for each in visible_sets(desk, person) if not each.paused)
        sets = find_readable(tuple(seen), _ignore)
    day = desk.store.newest_day(desk.categories)
    return Today(day, _match_day(desk, day, sets) if day and sets else ())


def preview(desk: Desk, person: Person, subscription_id: int) -> Preview:
    """Show what a subscription's next digest holds, or what the newest stored day would bring.

    Raise RefusedError where the person sees no such subscription, and UserError where there is
    nothing to show.
    """
    subscription = find_subscription(desk, person, subscription_id)
    waiting = desk.store.load_waiting(subscription.id)
    if waiting is not None:
        return Preview(subscription, *waiting)
    key = subscription.set_key
    keyword_set = index_sets(desk, person).get(key)
    if keyword_set is None:
        msg = f"nothing comes for subscription {subscription.id}: its keyword set was removed"
        raise UserError(msg)
    day = desk.store.newest_day(desk.categories)
    if day is None:
        msg = "nothing is stored yet: come back after arXiv’s next announcement"
        raise UserError(msg)
    (edition,) = _match_day(desk, day, [keyword_set])
    return Preview(subscription, edition)


def try_query(desk: Desk, query: str) -> Trial:
    """Say what a query would have brought over the last 30 days; raise QueryError."""
    return estimate(desk, KeywordSet("try", query=query))


def estimate(desk: Desk, keyword_set: KeywordSet) -> Trial:
    """Say what a set would have brought over the last 30 days; raise QueryError."""
    newest = desk.store.newest_day(desk.categories)
    since = newest - LAST_DAYS + timedelta(days=1) if newest else date.min
    return try_set(desk.store, keyword_set, desk.categories, since=since)


def explain_for(desk: Desk, person: Person, arxiv_id: str) -> Explanation:
    """Say why a paper matched the sets that a person sees, and where they may see that it went.

    Raise UserError for what is no arXiv id, and where the paper is not stored.
    """
    paper = show_paper(desk, arxiv_id)
    sets = find_readable(visible_sets(desk, person), _ignore)
    told = explain_paper(desk.store, ArxivId(paper.base_id), sets)
    hidden = frozenset(desk.hidden(person)) if told.showings else frozenset[str]()
    theirs = {each.destination for each in visible_subscriptions(desk, person)}

    def is_open(showing: Showing) -> bool:
        if not is_open_owner(showing.set_owner, person):
            return False
        if showing.destination is None or showing.destination in theirs:
            return True
        place = place_of(desk, person, showing.destination)
        return place is not None and not place.is_direct and place.channel not in hidden

    return replace(told, showings=tuple(filter(is_open, told.showings)))


def search(desk: Desk, words: str, limit: int = 20) -> Found:
    """Find stored papers by full text, best first; raise UserError where no word is left."""
    return Found(words, search_papers(desk.store, words, limit), desk.store.count())


def show_paper(desk: Desk, arxiv_id: str) -> Paper:
    """Load a paper; raise UserError for what is no arXiv id, and where it is not stored."""
    base = ArxivId.parse(arxiv_id).base
    found = desk.store.load_papers([base]).get(base)
    if found is None:
        msg = (
            f"{base} is not stored: it was not announced in a followed category since the bot "
            "began to read"
        )
        raise UserError(msg)
    return found


def _match_day(
    desk: Desk, day: date, sets: tuple[KeywordSet, ...] | list[KeywordSet]
) -> tuple[Edition, ...]:
    """Make each set's edition of one stored day, whatever was shown before."""
    matcher = build_matcher(sets)
    return build_editions(desk.store.load_day(day, desk.categories), sets, matcher)


def _ignore(_problem: str) -> None:
    """Leave a set out without a word: the clock's log says which and why."""

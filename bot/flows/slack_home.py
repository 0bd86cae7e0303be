"""List subscriptions as a person of Slack may see them, with what came last and what comes next."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.core.desk import HomeView, Listed
from bot.core.polling import announcement_days, expected_day, shown_from
from bot.core.schedule import Rhythm, Schedule, find_slot
from bot.core.slack_names import Person
from bot.core.subscriptions import Subscription
from bot.flows.saving import saved_papers
from bot.flows.slack_desk import Desk, index_sets, place_of, visible_subscriptions

# No surface of Slack shows more of a list, so of further ones nothing is looked up.
_MOST_SHOWN = 50
_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)


def list_subscriptions(
    desk: Desk, person: Person, now: datetime, *, channel: str = ""
) -> tuple[Listed, ...]:
    """List the subscriptions that a person sees, their own first; `channel`: those to it alone."""
    seen = visible_subscriptions(desk, person)
    if channel:
        seen = tuple(each for each in seen if _goes_to(desk, person, each, channel))
    own = [each for each in seen if each.origin == person.origin]
    others = [each for each in seen if each.origin != person.origin]
    return _describe(desk, person, [*own, *others], now)


def show_home(desk: Desk, person: Person, now: datetime) -> HomeView:
    """Gather what a person's App Home shows: subscriptions, keyword sets, saved papers."""
    seen = visible_subscriptions(desk, person)
    saved, total = saved_papers(desk, person, _MOST_SHOWN)
    own = [each for each in seen if each.origin == person.origin]
    others = [each for each in seen if each.origin != person.origin]
    return HomeView(
        mine=_describe(desk, person, own, now),
        others=_describe(desk, person, others, now),
        sets=tuple(index_sets(desk, person).values()),
        saved=saved,
        saved_count=total,
    )


def _goes_to(desk: Desk, person: Person, subscription: Subscription, channel: str) -> bool:
    place = place_of(desk, person, subscription.destination)
    return place is not None and place.channel == channel


def _describe(
    desk: Desk, person: Person, listed: Sequence[Subscription], now: datetime
) -> tuple[Listed, ...]:
    """Look up what came last for subscriptions, and what comes next."""
    if not listed:
        return ()
    sets = index_sets(desk, person)
    shown = [each.id for each in listed[:_MOST_SHOWN]]
    dues = desk.store.next_dues(shown)
    last = desk.store.last_deliveries(shown)
    newest = desk.store.newest_day(desk.categories) or expected_day(now) - _DAY
    after = max(newest, expected_day(now) - _DAY)
    day = announcement_days(after, after + _WEEK)[0]
    opens = max(now, shown_from(day))

    def find_next(each: Subscription) -> datetime | None:
        if each.paused:
            return None
        if each.id in dues:
            return dues[each.id]
        return find_slot(each.schedule, day, opens).due if _has_time(each.schedule) else None

    return tuple(
        Listed(
            each,
            sets.get(each.set_key),
            next_due=find_next(each),
            last=last.get(each.id),
            mine=each.origin == person.origin,
        )
        for each in listed
    )


def _has_time(schedule: Schedule) -> bool:
    """Whether a schedule says when digests come, and not only that they come once announced."""
    return schedule.at is not None or schedule.rhythm is Rhythm.WEEKLY

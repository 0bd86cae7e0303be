"""Subscribe conversations of Slack, change, pause, mute, resume and remove: whoever may do it."""

from dataclasses import replace
from datetime import datetime, timedelta

from bot.core.answers import Trial
from bot.core.desk import Deed, Done, EditorForm, ScheduleForm
from bot.core.editions import Destination, DestinationKind
from bot.core.keyword_sets import KeywordSet
from bot.core.schedule import WEEKDAYS, Rhythm, Schedule, parse_timezone
from bot.core.slack_names import Person, SlackPlace, is_channel, parse_place
from bot.core.subscriptions import Subscription
from bot.errors import Fault, FormError, RefusedError, UserError
from bot.flows.permitting import check_place, check_subscription
from bot.flows.previewing import estimate
from bot.flows.slack_desk import (
    Desk,
    find_subscription,
    index_sets,
    workspace_subscriptions,
)
from bot.flows.slack_sets import choose_set, find_set
from bot.flows.subscribing_to import Wish, build_schedule

# Two clicks on a button are one wish.
_SAME_WISH = timedelta(hours=1)


def subscribe_place(
    desk: Desk,
    person: Person,
    channel: str,
    what: str,
    *,
    wish: Wish,
    now: datetime,
    quoted: bool = False,
    called: str = "",
) -> Done:
    """Subscribe a conversation to a set by name, or to a query, or change that subscription.

    `called` is the conversation's name, by which the configuration may know it. Raise RefusedError
    where the person may not, QueryError for a query and UserError for a wish that cannot be read;
    nothing is kept then, no set either.
    """
    place = open_place(desk, person, channel)
    build_schedule(wish, Schedule(timezone=desk.timezone))
    keyword_set = choose_set(desk, person, what, quoted=quoted)
    return _subscribe(desk, person, place, keyword_set, wish=wish, now=now, called=called)


def subscribe_set(
    desk: Desk,
    person: Person,
    channel: str,
    ref: str,
    *,
    wish: Wish,
    now: datetime,
    called: str = "",
) -> Done:
    """Subscribe a conversation to a set by its reference, or change that subscription."""
    place = open_place(desk, person, channel)
    keyword_set = find_set(desk, person, ref)
    return _subscribe(desk, person, place, keyword_set, wish=wish, now=now, called=called)


def change(desk: Desk, person: Person, subscription_id: int, wish: Wish, now: datetime) -> Done:
    """Change when a subscription's digests come; those planned already keep their time."""
    known = _find_own(desk, person, subscription_id)
    schedule = build_schedule(wish, known.schedule)
    return reschedule(desk, person, known, schedule, now)


def open_schedule(
    desk: Desk, person: Person, subscription_id: int, channel: str = ""
) -> ScheduleForm:
    """Fill in the form that changes when a subscription's digests come; raise RefusedError."""
    known = _find_own(desk, person, subscription_id)
    return ScheduleForm(
        subscription_id=known.id,
        set_name=known.set_name,
        place=parse_place(known.destination.address).channel,
        rhythm=known.schedule.rhythm,
        weekday=known.schedule.weekday,
        at=known.schedule.at,
        timezone=known.schedule.timezone,
        channel=channel,
    )


def save_schedule(desk: Desk, person: Person, form: ScheduleForm, now: datetime) -> Done:
    """Change a subscription's schedule to what its form says; quiet hours stay.

    Raise FormError for what cannot be.
    """
    known = _find_own(desk, person, form.subscription_id)
    schedule, faults = read_schedule(form)
    if faults:
        raise FormError(faults)
    return reschedule(desk, person, known, replace(schedule, quiet=known.schedule.quiet), now)


def pause(desk: Desk, person: Person, subscription_id: int) -> Done:
    """Let nothing more leave for a subscription until it is resumed."""
    return _pause(desk, person, subscription_id, Deed.PAUSED, None)


def mute(desk: Desk, person: Person, subscription_id: int, until: datetime) -> Done:
    """Let nothing more leave for a subscription until a moment; a longer pause stays as it is."""
    return _pause(desk, person, subscription_id, Deed.MUTED, until)


def resume(desk: Desk, person: Person, subscription_id: int) -> Done:
    """Let a paused subscription go on; what waited is delivered."""
    known = _find_own(desk, person, subscription_id)
    after = known
    if known.paused:
        desk.store.pause_subscription(known.id, paused=False)
        after = replace(known, paused=False, reason="", until=None)
    return _done(desk, person, Deed.RESUMED, after, known)


def remove(desk: Desk, person: Person, subscription_id: int, now: datetime) -> Done:
    """Remove a subscription and call off what waited."""
    known = _find_own(desk, person, subscription_id)
    done = _done(desk, person, Deed.REMOVED, known, known)
    desk.store.remove_subscription(known.id, now)
    return done


def open_place(desk: Desk, person: Person, channel: str) -> SlackPlace:
    """Name a conversation of a person's workspace that they may subscribe; raise RefusedError."""
    if not is_channel(channel):
        msg = "only a conversation of this workspace can be subscribed: type it in a channel"
        raise RefusedError(msg)
    place = SlackPlace(person.team, channel)
    check_place(person, place, desk.workspaces)
    return place


def find_at(
    desk: Desk, person: Person, keyword_set: KeywordSet, place: SlackPlace, called: str = ""
) -> Subscription | None:
    """Find a set's subscription of a place that the person may subscribe, whoever asked for it.

    `called` is the place's name, by which the configuration may know it.
    """
    names = {place.channel, f"#{called}"} if called else {place.channel}
    for each in workspace_subscriptions(desk, person):
        same_set = each.set_key == keyword_set.key
        if same_set and parse_place(each.destination.address).channel in names:
            return each
    return None


def add_subscription(
    desk: Desk,
    person: Person,
    place: SlackPlace,
    keyword_set: KeywordSet,
    *,
    schedule: Schedule,
    now: datetime,
    trial: Trial,
) -> Done:
    """Keep a new subscription of a place that the person may subscribe."""
    destination = Destination(DestinationKind.CHANNEL, str(place))
    fresh = Subscription(*keyword_set.key, destination, schedule, person.origin)
    saved = desk.store.save_subscription(fresh, now)
    return Done(Deed.SUBSCRIBED, saved, None, keyword_set, trial=trial)


def reschedule(
    desk: Desk, person: Person, known: Subscription, schedule: Schedule, now: datetime
) -> Done:
    """Give a subscription another schedule, if the person may; those planned keep their time."""
    keyword_set = index_sets(desk, person).get(known.set_key)
    if _say_weekday(schedule) == _say_weekday(known.schedule):
        return Done(Deed.CHANGED, known, known, keyword_set)
    check_subscription(person, known, desk.workspaces)
    waiting = desk.store.count_waiting(known.id)
    saved = desk.store.save_subscription(replace(known, schedule=schedule), now)
    return Done(Deed.CHANGED, saved, known, keyword_set, waiting)


def read_schedule(form: EditorForm | ScheduleForm) -> tuple[Schedule, tuple[Fault, ...]]:
    """Read a form's schedule, and what is wrong with its fields."""
    faults = []
    weekday = form.weekday if form.rhythm is Rhythm.WEEKLY else None
    if weekday is not None and weekday not in range(len(WEEKDAYS)):
        faults.append(Fault("weekday", 0, "choose a weekday"))
        weekday = None
    try:
        timezone = parse_timezone(form.timezone)
    except UserError as error:
        faults.append(Fault("timezone", 0, str(error)))
        timezone = "UTC"
    return Schedule(form.rhythm, form.at, timezone, weekday), tuple(faults)


def _find_own(desk: Desk, person: Person, subscription_id: int) -> Subscription:
    """Find a subscription that a person may change; raise RefusedError."""
    known = find_subscription(desk, person, subscription_id)
    check_subscription(person, known, desk.workspaces)
    return known


def _subscribe(
    desk: Desk,
    person: Person,
    place: SlackPlace,
    keyword_set: KeywordSet,
    *,
    wish: Wish,
    now: datetime,
    called: str,
) -> Done:
    known = find_at(desk, person, keyword_set, place, called)
    if known is not None:
        return reschedule(desk, person, known, build_schedule(wish, known.schedule), now)
    return add_subscription(
        desk,
        person,
        place,
        keyword_set,
        schedule=build_schedule(wish, Schedule(timezone=desk.timezone)),
        now=now,
        trial=estimate(desk, keyword_set),
    )


def _say_weekday(schedule: Schedule) -> Schedule:
    """Name the weekday of a weekly schedule that leaves it open."""
    is_weekly = schedule.rhythm is Rhythm.WEEKLY
    return replace(schedule, weekday=(schedule.weekday or 0) if is_weekly else None)


def _pause(
    desk: Desk, person: Person, subscription_id: int, deed: Deed, until: datetime | None
) -> Done:
    known = _find_own(desk, person, subscription_id)
    after = known
    if not (known.paused and _lasts(known.until, until)):
        desk.store.pause_subscription(known.id, paused=True, until=until)
        after = replace(known, paused=True, reason="", until=until)
    return _done(desk, person, deed, after, known)


def _lasts(end: datetime | None, until: datetime | None) -> bool:
    """Whether a pause that ends by itself at `end` (None: never) is as long as one is wanted."""
    return end is None or (until is not None and until - end < _SAME_WISH)


def _done(
    desk: Desk, person: Person, deed: Deed, after: Subscription, before: Subscription
) -> Done:
    keyword_set = index_sets(desk, person).get(after.set_key)
    return Done(deed, after, before, keyword_set, desk.store.count_waiting(after.id))

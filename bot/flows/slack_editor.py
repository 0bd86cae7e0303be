"""The editor of a keyword set: fill it in, try what it says, save it with its subscriptions."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.core import taxonomy
from bot.core.answers import Trial
from bot.core.desk import (
    Done,
    EditorForm,
    parse_excluded,
    parse_keywords,
    write_excluded,
    write_keywords,
    write_ref,
)
from bot.core.keyword_sets import LONGEST_NAME, KeywordSet, is_name
from bot.core.papers import AnnounceType
from bot.core.parsing import parse_keyword, parse_query
from bot.core.schedule import Schedule
from bot.core.slack_names import Person, SlackPlace, is_channel, parse_place, workspace_owner
from bot.core.subscriptions import CONFIG, OPERATOR, Subscription
from bot.errors import BotError, Fault, FormError, QueryError, RefusedError
from bot.flows.permitting import check_set
from bot.flows.previewing import estimate
from bot.flows.slack_desk import (
    Desk,
    find_subscription,
    visible_sets,
    visible_subscriptions,
)
from bot.flows.slack_sets import find_set, name_query
from bot.flows.slack_subscribing import (
    add_subscription,
    find_at,
    open_place,
    read_schedule,
    remove,
    reschedule,
)

# Longer texts were not typed, and no form shows them.
_LONGEST = 20_000
_MOST_DIGITS = 10


@dataclass(frozen=True, slots=True)
class SetSaved:
    """A set as it is now and as it was before (None: it is new), and what was done for it."""

    keyword_set: KeywordSet
    before: KeywordSet | None
    done: tuple[Done, ...] = ()


def open_editor(
    desk: Desk, person: Person, value: str = "", *, query: str = "", channel: str = ""
) -> EditorForm:
    """Fill in the editor of the set that a button names, by reference or by a subscription of it.

    Without a `value` it makes a new set, which begins with a `query`, for the `channel`. Raise
    RefusedError where the person may not change the set, or sees none.
    """
    channel = channel if is_channel(channel) else ""
    if not value:
        return EditorForm(
            name=name_query(query, (each.name for each in visible_sets(desk, person)))
            if query
            else "",
            query=query,
            timezone=desk.timezone,
            destinations=(channel,) if channel else (),
            channel=channel,
        )
    if value.isascii() and value.isdigit() and len(value) <= _MOST_DIGITS:
        subscription = find_subscription(desk, person, int(value))
        value = f"{subscription.set_owner}/{subscription.set_name}"
    keyword_set = find_set(desk, person, value)
    check_set(person, keyword_set, desk.workspaces)
    offered = _find_offered(desk, person, keyword_set)
    schedule = _choose_schedule(offered, channel) or Schedule(timezone=desk.timezone)
    return EditorForm(
        set_ref=write_ref(keyword_set),
        keywords=write_keywords(keyword_set.keywords),
        query=keyword_set.query,
        exclude=write_excluded(keyword_set.exclude),
        categories=keyword_set.categories,
        types=keyword_set.types,
        rhythm=schedule.rhythm,
        weekday=schedule.weekday,
        at=schedule.at,
        timezone=schedule.timezone,
        destinations=tuple(offered),
        channel=channel,
    )


def try_form(desk: Desk, person: Person, form: EditorForm) -> Trial:
    """Say what an editor's set would have brought over the last 30 days; raise FormError."""
    before = find_set(desk, person, form.set_ref) if form.set_ref else None
    wanted, faults = _read_set(form, before or KeywordSet("preview"))
    if faults:
        raise FormError(tuple(faults))
    return estimate(desk, wanted)


def save_set(desk: Desk, person: Person, form: EditorForm, now: datetime) -> SetSaved:
    """Keep what an editor says: its set, and subscriptions of the conversations that it names.

    What the editor showed and no longer names is unsubscribed. Its schedule is that of all its
    conversations, but where they had several: then new ones and the one where it was opened have
    it. Raise RefusedError where the person may not change the set, and FormError with every fault
    of the form; nothing is kept then.
    """
    before = None
    if form.set_ref:
        before = find_set(desk, person, form.set_ref)
        check_set(person, before, desk.workspaces)
    wanted, faults = _read_set(form, before or _make_set(person, form.name))
    if before is None:
        faults += _check_name(desk, person, wanted.name)
    schedule, wrong = read_schedule(form)
    faults += wrong
    places = []
    for channel in dict.fromkeys(form.destinations):
        try:
            places.append(open_place(desk, person, channel))
        except RefusedError as error:
            faults.append(Fault("destinations", 0, str(error)))
    if faults:
        raise FormError(tuple(faults))
    if before is None:
        if not desk.store.add_set(wanted):
            raise FormError((_taken(wanted.name),))
    elif wanted != before:
        desk.store.save_set(wanted)
    done = _settle(desk, person, wanted, places, schedule=schedule, channel=form.channel, now=now)
    return SetSaved(wanted, before, tuple(done))


def _settle(
    desk: Desk,
    person: Person,
    keyword_set: KeywordSet,
    places: Sequence[SlackPlace],
    *,
    schedule: Schedule,
    channel: str,
    now: datetime,
) -> Iterator[Done]:
    """Make a set's subscriptions those of the places, as far as they are the person's to change."""
    offered = _find_offered(desk, person, keyword_set)
    together = len({replace(each.schedule, quiet=None) for each in offered.values()}) == 1
    trial = None
    for place in places:
        known = offered.pop(place.channel, None)
        if known is not None and (together or place.channel == channel):
            changed = replace(schedule, quiet=known.schedule.quiet)
            done = reschedule(desk, person, known, changed, now)
            if done.before != done.subscription:
                yield done
        elif known is None and find_at(desk, person, keyword_set, place) is None:
            trial = trial or estimate(desk, keyword_set)
            yield add_subscription(
                desk, person, place, keyword_set, schedule=schedule, now=now, trial=trial
            )
    for gone in offered.values():
        yield remove(desk, person, gone.id, now)


def _find_offered(desk: Desk, person: Person, keyword_set: KeywordSet) -> dict[str, Subscription]:
    """Find a set's subscriptions that an editor shows to a person, by conversation.

    Slack shows nobody a conversation that they are not in, and saving the form ends what it does
    not name.
    """
    offered: dict[str, Subscription] = {}
    for each in visible_subscriptions(desk, person):
        channel = parse_place(each.destination.address).channel
        same_set = each.set_key == keyword_set.key
        if same_set and each.origin not in (CONFIG, OPERATOR) and _is_in(desk, person, channel):
            offered[channel] = each
    return offered


def _is_in(desk: Desk, person: Person, channel: str) -> bool:
    """Whether a person is in a conversation; one of which Slack cannot tell is left alone."""
    try:
        return desk.workspaces.is_member(person, channel)
    except BotError:
        return False


def _choose_schedule(offered: dict[str, Subscription], channel: str) -> Schedule | None:
    """Choose the schedule that an editor shows: that of where it was opened, or else the first."""
    chosen = offered.get(channel) or next(iter(offered.values()), None)
    return chosen.schedule if chosen else None


def _make_set(person: Person, name: str) -> KeywordSet:
    return KeywordSet(name.strip(), owner=workspace_owner(person.team), creator=person.origin)


def _check_name(desk: Desk, person: Person, name: str) -> list[Fault]:
    if not is_name(name):
        return [Fault("name", 0, f"a set's name has 1 to {LONGEST_NAME} printable characters")]
    folded = name.casefold()
    if any(each.name.casefold() == folded for each in visible_sets(desk, person)):
        return [_taken(name)]
    return []


def _taken(name: str) -> Fault:
    return Fault("name", 0, f"there is a set {name!r} already: choose another name")


def _read_set(form: EditorForm, before: KeywordSet) -> tuple[KeywordSet, list[Fault]]:
    """Read what a form's set looks for, with all that is wrong with it."""
    faults: list[Fault] = []
    keywords, exclude = parse_keywords(form.keywords), parse_excluded(form.exclude)
    query = form.query.strip()
    for block, text in (("keywords", form.keywords), ("exclude", form.exclude)):
        if len(text) > _LONGEST:
            message = f"{len(text):,} characters are more than {_LONGEST:,}: make several sets"
            faults.append(Fault(block, 0, message))
    if keywords and query:
        message = "a set has keywords or a query, not both: leave one of the two empty"
        faults.append(Fault("query", 0, message))
    elif not keywords and not query:
        message = "the set looks for nothing: give it keywords or a query"
        faults.append(Fault("keywords", 0, message))
    if not faults:
        faults += _check_words(keywords, query, exclude, before)
    categories = []
    for each in form.categories:
        if taxonomy.is_known(each):
            categories.append(taxonomy.canonical(each))
        else:
            faults.append(Fault("categories", 0, _say_unknown(each)))
    if not form.types:
        faults.append(Fault("types", 0, "the set takes nothing: choose an announcement type"))
    wanted = replace(
        before,
        keywords=keywords,
        query=query,
        exclude=exclude,
        categories=tuple(dict.fromkeys(categories)),
        types=tuple(kind for kind in AnnounceType if kind in form.types),
    )
    return wanted, faults


def _check_words(
    keywords: Sequence[Sequence[str]], query: str, exclude: Sequence[str], before: KeywordSet
) -> Iterator[Fault]:
    """Say which keyword, query or exclusion cannot be read."""
    if query:
        try:
            parse_query(query)
        except QueryError as error:
            yield Fault("query", 0, str(error))
    texts = [("keywords", part) for parts in keywords for part in parts]
    for block, text in (*texts, *(("exclude", each) for each in exclude)):
        try:
            parse_keyword(text, before.match)
        except QueryError as error:
            said = str(error)
            yield Fault(block, 0, said if text in said else f"`{_cut(text)}`: {said}")


def _say_unknown(category: str) -> str:
    close = taxonomy.nearest(category)
    hint = f"did you mean {close}?" if close else "write it like cs.CV"
    return f"{_cut(category)!r} is not an arXiv category: {hint}"


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_NAME else f"{text[:LONGEST_NAME]}…"

"""Subscriptions as Slack shows them: rows of a list, and what was done to one."""

from collections.abc import Sequence
from typing import Final

from bot.core.commands import NAME
from bot.core.days import say_days_briefly
from bot.core.desk import Deed, Done, Listed
from bot.core.editions import DeliveryState
from bot.core.records import LedgerLine
from bot.core.schedule import describe_schedule
from bot.core.slack_names import parse_person
from bot.core.subscriptions import Subscription
from bot.render.segments import clip, one_line
from bot.render.slack.elements import (
    Block,
    Element,
    Part,
    actions,
    bold,
    button,
    confirmation,
    italic,
    paragraph,
    say,
)
from bot.render.slack.limits import fit, respond
from bot.render.slack.wording import (
    LAST_MONTH,
    name_destination,
    name_set,
    say_moment,
    say_rate,
    write_command,
    write_subscribe,
)

_REASON: Final = 200
_IDS: Final = 150
# Up to here each row of a list has buttons.
_WITH_BUTTONS: Final = 8
_STATES: Final = {
    DeliveryState.PENDING: "waiting",
    DeliveryState.SENDING: "on its way",
    DeliveryState.SENT: "delivered",
    DeliveryState.RETRY: "to be tried again",
    DeliveryState.UNKNOWN: "it may have arrived",
    DeliveryState.FAILED: "not delivered",
    DeliveryState.CANCELLED: "called off",
}
_TOLD: Final = (DeliveryState.RETRY, DeliveryState.UNKNOWN, DeliveryState.FAILED)


def build_list(listed: Sequence[Listed], *, command: str = NAME) -> dict[str, object]:
    """Build the list of subscriptions that a person may see."""
    if not listed:
        parts = ("Nothing is subscribed here yet. ", *suggest_subscribing(command))
        return respond(say(*parts), [paragraph(*parts)])
    total = len(listed)
    heading = paragraph(bold(f"{total} subscription{'s' if total > 1 else ''}"))
    with_buttons = total <= _WITH_BUTTONS
    rows = [build_row(each, with_buttons=with_buttons) for each in listed]

    def after(left_out: int) -> list[Block]:
        hint = "The Home tab of this app has a button for each action."
        said = [say_left_out(listed, left_out), "" if with_buttons else hint]
        return [paragraph(italic(" ".join(filter(None, said))))] if any(said) else []

    said = "\n".join(say(*_name_row(each)) for each in listed)
    return respond(said, fit([heading], rows, after))


def say_left_out(listed: Sequence[Listed], left_out: int) -> str:
    """Say which of a list are left out at its end: "and 2 more: 13, 14."; "" where none is."""
    ids = ", ".join(str(each.subscription.id) for each in listed[len(listed) - left_out :])
    return f"and {left_out} more: {clip(f'{ids}.', _IDS)}" if left_out else ""


def suggest_subscribing(command: str = NAME) -> tuple[Part, ...]:
    """Say how to subscribe a channel."""
    example = write_command('subscribe "vision language model" weekdays at 09:00', command)
    return (example, " subscribes the channel where it is typed.")


def build_row(listed: Listed, *, with_buttons: bool) -> tuple[Block, ...]:
    """Build a subscription: what goes where, when, what came last, what keeps it from going."""
    row = paragraph(*_name_row(listed), f"\n{_say_standing(listed)}")
    return (row, actions(*_build_buttons(listed.subscription))) if with_buttons else (row,)


def build_done(done: Done, *, command: str = NAME, public: bool | None = None) -> dict[str, object]:
    """Say what was done to a subscription: to all, or only to its person where nothing was."""
    parts = [*_say_done(done, command)]
    changed = done.deed is Deed.REMOVED or done.before != done.subscription
    blocks = [paragraph(*parts)]
    if done.deed in (Deed.SUBSCRIBED, Deed.CHANGED):
        number = str(done.subscription.id)
        blocks.append(
            actions(
                button("Change when", "subscription_edit", number),
                button("Preview", "subscription_preview", number),
            )
        )
    return respond(say(*parts), blocks, public=changed if public is None else public)


def build_paused_notice(subscription: Subscription, *, command: str = NAME) -> dict[str, object]:
    """Tell who asked for a subscription that its place takes nothing any more, and why."""
    parts = (
        "Paused ",
        *name_subscription(subscription),
        f": {_clean(subscription.reason) or 'nothing can be delivered there'}. ",
        write_command(f"resume {subscription.id}", command),
        " lets it go on once that is put right.",
    )
    return {
        "text": say(*parts),
        "mrkdwn": False,
        "blocks": [paragraph(*parts)],
        "unfurl_links": False,
        "unfurl_media": False,
    }


def name_subscription(each: Subscription) -> tuple[Part, ...]:
    """Name a subscription in a sentence."""
    return (bold(name_set(each.set_name)), " to ", name_destination(each.destination))


def is_operators(each: Subscription) -> bool:
    """Whether a subscription was not asked for in Slack, so that nobody changes it there."""
    return parse_person(each.origin) is None


def _name_row(listed: Listed) -> tuple[Part, ...]:
    each = listed.subscription
    schedule = describe_schedule(each.schedule)
    return (
        f"{each.id} · ",
        bold(name_set(each.set_name)),
        " → ",
        name_destination(each.destination),
        f" · {schedule}{' · the operator’s' if is_operators(each) else ''}",
    )


def _say_standing(listed: Listed) -> str:
    each = listed.subscription
    zone = each.schedule.timezone
    if listed.keyword_set is None:
        coming = "Nothing comes: its set was removed"
    elif listed.keyword_set.paused:
        coming = "Nothing comes: its set is paused"
    elif each.paused:
        until = f" until {say_moment(each.until, zone)}" if each.until else ""
        coming = f"Paused{until}{f': {_clean(each.reason)}' if each.reason else ''}"
    elif listed.next_due is None:
        coming = "Next: as soon as something new is announced"
    else:
        coming = f"Next: {say_moment(listed.next_due, zone)}"
    return f"{coming}. Last: {_say_last(listed.last, zone)}."


def _say_last(last: LedgerLine | None, zone: str) -> str:
    if last is None:
        return "none yet"
    days = say_days_briefly(last.days[0], last.days[-1]) if last.days else ""
    state = last.delivery.state
    said = f"{f'that of {days}, ' if days else ''}{_STATES[state]}"
    if last.last is None:
        return said
    moment = say_moment(last.last.at, zone)
    said = f"{said} {moment}" if state is DeliveryState.SENT else f"{said} ({moment})"
    return f"{said}: {_clean(last.last.detail)}" if last.last.detail and state in _TOLD else said


def _build_buttons(each: Subscription) -> list[Element]:
    number = str(each.id)
    buttons = [button("Preview", "subscription_preview", number)]
    if is_operators(each):
        return buttons
    sure = confirmation(
        f"Remove {each.id}?", f"{each.set_name}: {describe_schedule(each.schedule)}", "Remove"
    )
    turn = (
        button("Resume", "subscription_resume", number)
        if each.paused
        else button("Pause", "subscription_pause", number)
    )
    return [
        *buttons,
        turn,
        button("Change when", "subscription_edit", number),
        button("Remove", "subscription_remove", number, sure=sure),
    ]


def _say_done(done: Done, command: str) -> Sequence[Part]:
    after = done.subscription
    name = name_subscription(after)
    if done.deed in (Deed.SUBSCRIBED, Deed.CHANGED):
        return _say_subscribed(done, command)
    if done.deed in (Deed.PAUSED, Deed.MUTED):
        return _say_paused(done, command)
    if done.deed is Deed.RESUMED:
        if done.before == after:
            return ("Nothing was changed: ", *name, " is not paused.")
        waiting = _say_waiting(done, " to go out as soon as due.")
        return ("Resumed ", *name, f": {describe_schedule(after.schedule)}.{waiting}")
    off = _say_waiting(done, " called off.")
    again = write_subscribe(after, command)
    undo: tuple[Part, ...] = (" ", again, " there subscribes it again.") if again else ()
    return (
        "Unsubscribed ",
        name_destination(after.destination),
        " from ",
        name[0],
        f".{off}",
        *undo,
    )


def _say_subscribed(done: Done, command: str) -> Sequence[Part]:
    after, before = done.subscription, done.before
    name = bold(name_set(after.set_name))
    place = name_destination(after.destination)
    schedule = describe_schedule(after.schedule)
    parts: list[Part]
    if before is None:
        parts = ["Subscribed ", place, " to ", name, f": {schedule}."]
        if done.trial is not None and done.trial.days:
            parts.append(f" It would have brought {say_rate(done.trial)} {LAST_MONTH}.")
        parts += [" ", write_command(f"remove {after.id}", command), " undoes this."]
    elif before == after:
        parts = ["Nothing was changed: ", place, " is subscribed to ", name, f", {schedule}."]
    else:
        instead = describe_schedule(before.schedule)
        parts = ["Changed ", name, " to ", place, f": {schedule}; it was {instead}."]
        parts.append(_say_waiting(done, " planned already, at the old time."))
        parts += [" ", write_command(f"edit {after.id}", command), " changes it again."]
    if after.paused:
        resume = write_command(f"resume {after.id}", command)
        parts += [" It is paused: ", resume, " lets it go on."]
    elif done.keyword_set is not None and done.keyword_set.paused:
        parts.append(" Nothing comes yet: the set is paused.")
    return parts


def _say_paused(done: Done, command: str) -> Sequence[Part]:
    after = done.subscription
    name = name_subscription(after)
    resume = write_command(f"resume {after.id}", command)
    until = f"until {say_moment(after.until, after.schedule.timezone)}" if after.until else ""
    if done.before == after:
        return ("Nothing was changed: ", *name, f" is paused already{until and f', {until}'}. ",
                resume, " lets it go on.")  # fmt: skip
    if done.deed is Deed.MUTED:
        place = name_destination(after.destination)
        ends = f"{until and f' {until}'}. "
        return ("Muted ", name[0], " in ", place, ends, resume, " ends that sooner.")
    waiting = _say_waiting(done, " waiting.")
    return (
        "Paused ",
        *name,
        f": nothing more is delivered there{until and f' {until}'}.{waiting} ",
        resume,
        " lets it go on.",
    )


def _say_waiting(done: Done, what: str) -> str:
    if not done.waiting:
        return ""
    return f" {'1 digest is' if done.waiting == 1 else f'{done.waiting} digests are'}{what}"


def _clean(text: str) -> str:
    return clip(one_line(text), _REASON).removesuffix(".")

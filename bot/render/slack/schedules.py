"""The fields of a form that say when digests come, and the editor of a subscription's schedule."""

import json
from collections.abc import Sequence
from datetime import time
from typing import Final

from bot.core.desk import ScheduleForm
from bot.core.schedule import Rhythm
from bot.errors import Fault
from bot.render.segments import one_line
from bot.render.slack.elements import Block, Element, bold, option, paragraph, plain_text
from bot.render.slack.wording import name_conversation, name_set

ANNOUNCED: Final = "announced"
"""The value of "as soon as announced" among clock times."""

_RHYTHMS: Final = {
    Rhythm.DAILY: "Daily",
    Rhythm.WEEKDAYS: "Weekdays: a weekend’s digests come on Monday",
    Rhythm.WEEKLY: "Weekly: one digest of all days",
}
_WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_STEP: Final = 15
_DAY: Final = 24 * 60
_VALUE: Final = 75
_TITLE: Final = 24


def build_subscription_editor(
    form: ScheduleForm, faults: Sequence[Fault] = ()
) -> dict[str, object]:
    """Build the modal that changes when a subscription's digests come."""
    name = bold(name_set(form.set_name))
    place = name_conversation(form.place)
    subscription = {"subscription": form.subscription_id, "channel": form.channel}
    return build_modal(
        "When digests come",
        [
            paragraph(name, " to ", place),
            *show_faults(faults),
            *build_schedule_fields(form.rhythm, form.weekday, form.at, form.timezone),
        ],
        submit="Save",
        callback_id="subscription_editor",
        metadata={key: value for key, value in subscription.items() if value},
    )


def build_schedule_fields(
    rhythm: Rhythm, weekday: int | None, at: time | None, timezone: str
) -> list[Block]:
    """Build the fields `rhythm`, `weekday`, `at` and `timezone`."""
    rhythms = {each: option(label, each.value) for each, label in _RHYTHMS.items()}
    weekdays = [option(day, str(number)) for number, day in enumerate(_WEEKDAYS)]
    times = [option(_say_clock(minutes), _say_clock(minutes)) for minutes in range(0, _DAY, _STEP)]
    as_announced = option("As soon as announced", ANNOUNCED)
    chosen = as_announced if at is None else option(f"{at:%H:%M}", f"{at:%H:%M}")
    if chosen not in times and at is not None:
        times = sorted([*times, chosen], key=lambda each: str(each["value"]))
    return [
        field(
            "rhythm",
            "Days",
            {
                "type": "radio_buttons",
                "options": [*rhythms.values()],
                "initial_option": rhythms[rhythm],
            },
        ),
        field(
            "weekday",
            "Weekday",
            select(weekdays, weekdays[weekday or 0]),
            hint="For weekly digests alone.",
        ),
        field(
            "at",
            "Not before",
            select([as_announced, *times], chosen),
            hint="arXiv announces in the evening, US Eastern time, Sunday to Thursday.",
        ),
        field(
            "timezone",
            "Time zone",
            external("timezone_options", [option(timezone, timezone)], several=False),
        ),
    ]


def field(
    block_id: str, label: str, element: Element, *, hint: str = "", optional: bool = False
) -> Block:
    """Make a labelled field of a form; its action is `value` unless it has one."""
    block: Block = {
        "type": "input",
        "block_id": block_id,
        "label": plain_text(label),
        "element": {"action_id": "value", **element},
    }
    if hint:
        block["hint"] = plain_text(hint, 300)
    if optional:
        block["optional"] = True
    return block


def select(options: Sequence[Element], initial: Element) -> Element:
    """Make a choice of one among at most a hundred."""
    return {"type": "static_select", "options": [*options], "initial_option": initial}


def external(
    action_id: str, initial: Sequence[Element], *, several: bool, placeholder: str = ""
) -> Element:
    """Make a choice among options that Slack asks for while somebody types."""
    kept = [each for each in initial if _is_value(str(each["value"]))]
    element: Element = {
        "type": "multi_external_select" if several else "external_select",
        "action_id": action_id,
        "min_query_length": 0 if several else 1,
    }
    if placeholder:
        element["placeholder"] = plain_text(placeholder, 150)
    if kept and several:
        element["initial_options"] = kept
    elif kept:
        element["initial_option"] = kept[0]
    return element


def show_faults(faults: Sequence[Fault]) -> list[Block]:
    """Say what is wrong with a form, above its fields."""
    return [paragraph("\n".join(one_line(fault.message) for fault in faults))] if faults else []


def build_modal(
    title: str,
    blocks: Sequence[Block],
    *,
    submit: str = "",
    callback_id: str = "",
    metadata: dict[str, object] | None = None,
) -> dict[str, object]:
    """Build a modal; one without `submit` is only read."""
    view: dict[str, object] = {
        "type": "modal",
        "title": plain_text(title, _TITLE),
        "close": plain_text("Cancel" if submit else "Close", _TITLE),
        "blocks": [*blocks],
    }
    if submit:
        view["submit"] = plain_text(submit, _TITLE)
    if callback_id:
        view["callback_id"] = callback_id
    if metadata:
        view["private_metadata"] = json.dumps(metadata)
    return view


def _is_value(text: str) -> bool:
    return 0 < len(text) <= _VALUE and text.isprintable()


def _say_clock(minutes: int) -> str:
    hours, rest = divmod(minutes, 60)
    return f"{hours:02}:{rest:02}"

"""The editor of a keyword set, and what Slack asks and is told while it is open."""

from collections.abc import Iterable, Sequence
from typing import Final

from bot.core import taxonomy
from bot.core.answers import Trial
from bot.core.desk import EditorForm, parse_ref
from bot.core.keyword_sets import LONGEST_NAME
from bot.core.papers import AnnounceType
from bot.errors import Fault
from bot.render.segments import clip, one_line
from bot.render.slack.elements import (
    Block,
    Element,
    actions,
    bold,
    button,
    option,
    paragraph,
    plain_text,
)
from bot.render.slack.limits import VIEW, measure
from bot.render.slack.schedules import (
    build_modal,
    build_schedule_fields,
    external,
    field,
    show_faults,
)
from bot.render.slack.trials import say_trial, show_trial
from bot.render.slack.wording import name_set

View = dict[str, object]

MOST_TYPED: Final = 3_000
"""So many characters one field of a form takes."""

_MOST_OPTIONS: Final = 100
_MOST_FIELDS: Final = 40
_MOST_ERROR: Final = 150
_ON_ENTER: Final = {"trigger_actions_on": ["on_enter_pressed"]}
_TYPES: Final = {
    AnnounceType.NEW: "New",
    AnnounceType.CROSS: "Cross-listed from another category",
    AnnounceType.REPLACE: "Replaced by a new version",
    AnnounceType.REPLACE_CROSS: "Replaced, cross-listed",
}


def build_set_editor(
    form: EditorForm, preview: Trial | None = None, faults: Sequence[Fault] = ()
) -> View:
    """Build the modal that makes or changes a keyword set and its subscriptions.

    `preview` is what the form would have matched. A set that is too long for Slack's fields gets a
    modal that says so.
    """
    known = parse_ref(form.set_ref)
    title = "Change keyword set" if known else "New keyword set"
    name = (
        paragraph("Keyword set ", bold(name_set(known[1])))
        if known
        else _typed("name", "Name", form.name, most=LONGEST_NAME)
    )
    blocks = [
        *show_faults(faults),
        name,
        *_build_words(form),
        *_build_choices(form),
        *build_schedule_fields(form.rhythm, form.weekday, form.at, form.timezone),
        _build_destinations(form),
        actions(button("Preview", "set_preview"), block_id="preview"),
        *_build_preview(preview),
    ]
    # Cut lines would be lost on saving.
    if not _can_hold(form) or not VIEW.holds(*measure(*blocks), len(blocks)):
        return build_notice_modal(title, "This set is too long to be edited in Slack.")
    ids = {"set": form.set_ref, "channel": form.channel}
    return build_modal(
        title,
        blocks,
        submit="Save",
        callback_id="set_editor",
        metadata={key: value for key, value in ids.items() if value},
    )


def build_notice_modal(title: str, sentence: str) -> View:
    """Build a modal that only says something: that something loads, or why it cannot be shown."""
    return build_modal(title, [paragraph(clip(one_line(sentence), MOST_TYPED) or "…")])


def build_errors(faults: Sequence[Fault]) -> dict[str, object]:
    """Build the answer that shows each fault below its field, the first of a field alone."""
    errors: dict[str, str] = {}
    for fault in faults:
        errors.setdefault(fault.key, clip(one_line(fault.message), _MOST_ERROR))
    return {"response_action": "errors", "errors": errors}


def build_category_options(typed: str, followed: Iterable[str] = ()) -> dict[str, object]:
    """Build the categories that hold what was typed in id or name, followed ones first."""
    ahead = dict.fromkeys((*followed, *sorted(taxonomy.NAMES)))
    wanted = typed.casefold().split()
    found = [
        _name_category(each)
        for each in ahead
        if all(word in f"{each} {taxonomy.name_of(each)}".casefold() for word in wanted)
    ]
    return {"options": found[:_MOST_OPTIONS]}


def build_timezone_options(typed: str, names: Iterable[str]) -> dict[str, object]:
    """Build the time zones among `names` that hold what was typed."""
    wanted = typed.casefold().replace("_", " ").split()
    found = [
        option(name, name)
        for name in sorted(names)
        if all(word in name.casefold().replace("_", " ") for word in wanted)
    ]
    return {"options": found[:_MOST_OPTIONS]}


def _build_words(form: EditorForm) -> list[Block]:
    """Build the fields that say what is looked for: keywords or a query, and what is left out."""
    return [
        *_typed_lines(
            "keywords",
            "Keywords",
            form.keywords,
            hint="One alternative a line; “LLM + image” on one line: both must occur.",
        ),
        _typed(
            "query",
            "Or a query instead",
            form.query,
            hint='grasp* AND (dexterous OR "multi finger*") AND NOT cat:cs.HC. '
            "A set has keywords or a query: leave one of the two empty.",
            optional=True,
        ),
        *_typed_lines(
            "exclude",
            "Leave out",
            form.exclude,
            hint="A paper that holds any of these lines is left out.",
        ),
    ]


def _build_choices(form: EditorForm) -> list[Block]:
    """Build the fields that say where to look: categories and announcement types."""
    types = {kind: option(label, kind.value) for kind, label in _TYPES.items()}
    boxes: Element = {"type": "checkboxes", "options": [*types.values()]}
    if form.types:
        boxes["initial_options"] = [types[kind] for kind in _TYPES if kind in form.types]
    chosen = [*map(_name_category, form.categories)]
    categories = external(
        "category_options", chosen, several=True, placeholder="All followed categories"
    )
    return [
        {**field("categories", "Categories", categories, optional=True), "dispatch_action": True},
        {**field("types", "Announced as", boxes), "dispatch_action": True},
    ]


def _build_destinations(form: EditorForm) -> Block:
    conversations: Element = {
        "type": "multi_conversations_select",
        "placeholder": plain_text("Nowhere yet"),
        "filter": {"include": ["public", "private", "im"]},
    }
    if form.destinations:
        conversations["initial_conversations"] = [*form.destinations]
    hint = "This app must be a member of a channel to post there: /invite it."
    return field("destinations", "Deliver to", conversations, hint=hint, optional=True)


def _build_preview(preview: Trial | None) -> list[Block]:
    if preview is None:
        return []
    said = paragraph(f"It would have matched {say_trial(preview)}")
    return [said, *(show_trial(preview) if preview.matched else [])]


def _typed(
    block_id: str,
    label: str,
    text: str,
    *,
    most: int = MOST_TYPED,
    hint: str = "",
    optional: bool = False,
    lines: bool = False,
) -> Block:
    """Make a field to type in; what is typed changes the preview when Enter is pressed."""
    element: Element = {"type": "plain_text_input", "max_length": most}
    if lines:
        element["multiline"] = True
    if text:
        element["initial_value"] = _printable(text)[:most]
    block = field(block_id, label, element, hint=hint, optional=optional)
    if block_id != "name":
        element = {**element, "dispatch_action_config": _ON_ENTER}
        block = field(block_id, label, element, hint=hint, optional=optional)
        block["dispatch_action"] = True
    return block


def _typed_lines(block_id: str, label: str, text: str, *, hint: str) -> list[Block]:
    """Make a field of many lines; what one cannot hold goes on in the next."""
    return [
        _typed(
            block_id if at == 1 else f"{block_id}:{at}",
            label if at == 1 else f"{label}, continued",
            some,
            hint=hint if at == 1 else "",
            optional=True,
            lines=True,
        )
        for at, some in enumerate(_cut_lines(text), 1)
    ]


def _cut_lines(text: str) -> list[str]:
    """Cut a text at ends of lines into parts that a field holds."""
    parts = [""]
    for line in text.splitlines():
        longer = f"{parts[-1]}\n{line}" if parts[-1] else line
        if len(longer) <= MOST_TYPED or not parts[-1]:
            parts[-1] = longer
        else:
            parts.append(line)
    return parts


def _can_hold(form: EditorForm) -> bool:
    lines = (form.query, *form.keywords.splitlines(), *form.exclude.splitlines())
    fields = len(_cut_lines(form.keywords)) + len(_cut_lines(form.exclude))
    return fields <= _MOST_FIELDS and all(len(line) <= MOST_TYPED for line in lines)


def _name_category(category: str) -> Element:
    name = taxonomy.name_of(category)
    return option(f"{category} · {name}" if name != category else category, category)


def _printable(text: str) -> str:
    """Replace what no field shows by a space, but keep the lines."""
    return "\n".join(
        "".join(char if char.isprintable() else " " for char in line) for line in text.splitlines()
    )

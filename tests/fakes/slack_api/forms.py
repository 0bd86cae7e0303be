"""What people type and choose: elements of blocks, and the values that Slack makes of them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from tests.fakes.slack_api.model import Json

_ONE: Final = frozenset({"static_select", "external_select", "overflow", "radio_buttons"})
_MANY: Final = frozenset({"multi_static_select", "multi_external_select", "checkboxes"})
_NAMED: Final = {
    "datepicker": "selected_date",
    "timepicker": "selected_time",
    "datetimepicker": "selected_date_time",
    "conversations_select": "selected_conversation",
    "channels_select": "selected_channel",
    "users_select": "selected_user",
    "multi_conversations_select": "selected_conversations",
    "multi_channels_select": "selected_channels",
    "multi_users_select": "selected_users",
}
_STATELESS: Final = frozenset({"button", "overflow", "workflow_button", "image", "icon_button"})


def iterate_elements(blocks: Sequence[Json]) -> Iterator[tuple[Json, Json]]:
    """Give each block's elements with their block."""
    for block in blocks:
        for element in (block.get("accessory"), block.get("element"), *block.get("elements", ())):
            if isinstance(element, dict) and "action_id" in element:
                yield block, element


def find_element(
    blocks: Sequence[Json], action_id: str, value: object = None, block_id: str = ""
) -> tuple[Json, Json]:
    """Find the one element that is meant; fail where there is none, or more than one."""
    found = [
        (block, element)
        for block, element in iterate_elements(blocks)
        if element["action_id"] == action_id and block_id in {"", block["block_id"]}
    ]
    if len(found) > 1 and value is not None:
        found = [
            (block, element)
            for block, element in found
            if value == element.get("value")
            or any(value == option.get("value") for option in iterate_options(element))
        ]
    there = sorted({element["action_id"] for _, element in iterate_elements(blocks)})
    assert found, f"there is no {action_id} ({value}) here, but {there}"
    assert len(found) == 1, f"there are {len(found)} {action_id}: give a value or a block_id"
    return found[0]


def iterate_options(element: Json) -> Iterator[Json]:
    yield from element.get("options", ())
    for group in element.get("option_groups", ()):
        yield from group["options"]


def make_value(element: Json, value: Any) -> Json:  # noqa: ANN401 - whatever a person may choose
    """Give what a person's choice or text is in a state or an action.

    An option is named by its value; one of an external select, which Slack does not know, may
    be (text, value).
    """
    kind = element["type"]
    made: Json = {"type": kind}
    if kind in _ONE:
        made["selected_option"] = None if value is None else _choose(element, value)
    elif kind in _MANY:
        made["selected_options"] = [_choose(element, each) for each in value or ()]
    elif kind in _NAMED:
        made[_NAMED[kind]] = list(value) if kind.startswith("multi_") and value else value
    elif kind == "button":
        assert value is None or value == element.get("value"), f"the button's value is not {value}"
        made |= {"text": element["text"], "style": element.get("style", "default")}
        if "value" in element:
            made["value"] = element["value"]
    else:
        made["value"] = value or None
        _check_text(element, value or "")
    return made


def _choose(element: Json, value: Any) -> Json:  # noqa: ANN401
    if element["type"].endswith("external_select"):
        text, value = value if isinstance(value, tuple) else (value, value)
        return {"text": {"type": "plain_text", "text": text, "emoji": True}, "value": value}
    for option in iterate_options(element):
        if option.get("value") == value:
            return option
    there = [option.get("value") for option in iterate_options(element)]
    message = f"{value} is none of {there}"
    raise AssertionError(message)


def _check_text(element: Json, text: str) -> None:
    most = element.get("max_length", 3000)
    assert len(text) <= most, f"the box takes {most} characters, not {len(text)}"
    least = element.get("min_length", 0)
    assert not text or len(text) >= least, f"the box wants {least} characters"


def initial_value(element: Json) -> Json:
    """Give the state of an element that nobody touched."""
    kind = element["type"]
    if kind in _ONE:
        return {"type": kind, "selected_option": element.get("initial_option")}
    if kind in _MANY:
        return {"type": kind, "selected_options": element.get("initial_options", [])}
    if kind in _NAMED:
        name = _NAMED[kind]
        initial = element.get(f"initial_{name.removeprefix('selected_')}")
        return {"type": kind, name: initial or ([] if kind.startswith("multi_") else None)}
    return {"type": kind, "value": element.get("initial_value")}


def read_state(blocks: Sequence[Json], state: Mapping[str, Json]) -> Json:
    """Give a view's whole state: what a person put in, else what stood there at first."""
    whole: dict[str, Json] = {}
    for block, element in iterate_elements(blocks):
        if element["type"] not in _STATELESS:
            name, action = block["block_id"], element["action_id"]
            known = state.get(name, {}).get(action) or initial_value(element)
            whole.setdefault(name, {})[action] = known
    return whole


def is_empty(value: Json) -> bool:
    return not any(each for name, each in value.items() if name != "type")


def fill(blocks: Sequence[Json], state: Mapping[str, Json], values: Mapping[str, object]) -> Json:
    """Give a view's state with what a person put into its inputs, by block_id.

    Fails where there is no such input, where a required one stays empty, or where Slack's own
    window would not take the text.
    """
    unknown = set(values)
    filled: dict[str, Json] = {}
    for block, element in iterate_elements(blocks):
        if element["type"] in _STATELESS:
            continue
        name, action = block["block_id"], element["action_id"]
        if name in values and block["type"] == "input":
            value = make_value(element, values[name])
            unknown.discard(name)
        else:
            value = state.get(name, {}).get(action) or initial_value(element)
        if block["type"] == "input" and not block.get("optional"):
            assert not is_empty(value), f"{name} is required"
        filled.setdefault(name, {})[action] = value
    there = [block["block_id"] for block in blocks if block["type"] == "input"]
    assert not unknown, f"there is no {sorted(unknown)} to fill in, but {there}"
    return filled

"""The limits that Slack has on what people click, choose and type into, and on text objects."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from tests.fakes.slack_api.model import Json

_CLOCK: Final = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d")
_FEW_OPTIONS: Final = {"overflow": 5, "checkboxes": 10, "radio_buttons": 10}

Fault = tuple[str, str]
"""Where (a JSON pointer), and what is wrong."""


def check_element(element: object, at: str) -> Iterator[Fault]:
    if not isinstance(element, dict) or not isinstance(element.get("type"), str):
        yield at, "missing required field: type"
        return
    kind = element["type"]
    for name, most in (("action_id", 255), ("url", 3000), ("value", 2000)):
        if name in element:
            yield from check_length(element[name], f"{at}/{name}", most)
    if kind == "button":
        yield from check_text(element.get("text"), f"{at}/text", 75, plain=True)
        if element.get("style", "primary") not in {"primary", "danger"}:
            yield f"{at}/style", "unknown style"
    if "placeholder" in element:
        yield from check_text(element["placeholder"], f"{at}/placeholder", 150, plain=True)
    for name, pattern in (("initial_time", _CLOCK), ("initial_date", _DAY)):
        if name in element and not pattern.fullmatch(element[name]):
            yield f"{at}/{name}", "invalid format"
    yield from _choices(element, at)
    yield from _initial(element, at)
    if "confirm" in element:
        yield from _confirm(element["confirm"], f"{at}/confirm")


def _choices(element: Json, at: str) -> Iterator[Fault]:
    if element["type"] in {"overflow", "checkboxes", "radio_buttons"} or "options" in element:
        most = _FEW_OPTIONS.get(element["type"], 100)
        yield from check_options(element.get("options", ()), f"{at}/options", most)
    yield from check_count(element.get("option_groups", ()), f"{at}/option_groups", 100, least=0)
    for index, group in enumerate(element.get("option_groups", ())):
        yield from check_text(
            group.get("label"), f"{at}/option_groups/{index}/label", 75, plain=True
        )
        yield from check_options(group["options"], f"{at}/option_groups/{index}/options", 100)


def _initial(element: Json, at: str) -> Iterator[Fault]:
    """Check that what is chosen at first is among what can be chosen."""
    options = [
        *element.get("options", ()),
        *(option for group in element.get("option_groups", ()) for option in group["options"]),
    ]
    chosen = [*element.get("initial_options", ())]
    if "initial_option" in element:
        chosen.append(element["initial_option"])
    if options and any(option not in options for option in chosen):
        yield at, "initial option must match an option"
    if "initial_options" in element and not element["initial_options"]:
        yield f"{at}/initial_options", "no fewer than 1 items allowed"


def check_options(options: Sequence[Json], at: str, most: int) -> Iterator[Fault]:
    yield from check_count(options, at, most)
    for index, option in enumerate(options):
        yield from check_text(option.get("text"), f"{at}/{index}/text", 75)
        yield from check_length(option.get("value", ""), f"{at}/{index}/value", 150, least=0)
        if "description" in option:
            yield from check_text(option["description"], f"{at}/{index}/description", 75)


def _confirm(confirm: Json, at: str) -> Iterator[Fault]:
    for name, most in (("title", 100), ("text", 300), ("confirm", 30), ("deny", 30)):
        if name in confirm:
            yield from check_text(confirm[name], f"{at}/{name}", most)


def check_text(text: object, at: str, most: int, *, plain: bool = False) -> Iterator[Fault]:
    if not isinstance(text, dict) or not isinstance(text.get("text"), str):
        yield at, "missing required field: text"
        return
    if text.get("type") not in ({"plain_text"} if plain else {"plain_text", "mrkdwn"}):
        yield f"{at}/type", f"unsupported type: {text.get('type')}"
    if text.get("type") == "plain_text" and "verbatim" in text:
        yield f"{at}/verbatim", "invalid additional property: verbatim"
    yield from check_length(text["text"], f"{at}/text", most)


def check_length(text: object, at: str, most: int, *, least: int = 1) -> Iterator[Fault]:
    if not isinstance(text, str):
        yield at, "must be a string"
    elif len(text) > most:
        yield at, f"must be less than {most + 1} characters"
    elif len(text) < least:
        yield at, f"must be more than {least - 1} characters"


def check_count(items: object, at: str, most: int, *, least: int = 1) -> Iterator[Fault]:
    if not isinstance(items, (list, tuple)):
        yield at, "must be a list"
    elif len(items) > most:
        yield at, f"no more than {most} items allowed"
    elif len(items) < least:
        yield at, f"no fewer than {least} items allowed"

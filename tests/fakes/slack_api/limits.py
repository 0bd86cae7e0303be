"""The limits that Slack has on texts, blocks, views and metadata, and the errors it answers."""

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from tests.fakes.slack_api.elements import (
    Fault,
    check_count,
    check_element,
    check_length,
    check_text,
)
from tests.fakes.slack_api.model import Json
from tests.fakes.slack_api.schema import SHARED

MAX_BLOCKS: Final = {"message": 50, "modal": 100, "home": 100}
MAX_TEXT: Final = 40_000
MAX_BLOCKS_TEXT: Final = 10_500
"""Slack does not say; it took 9,597 characters and refused 11,341."""
MAX_VIEW: Final = 250_000
MAX_METADATA: Final = 16_000

_MESSAGE_ONLY: Final = frozenset({"markdown", "table", "data_table", "task_card", "plan"})
_BLOCKS: Final = frozenset(
    {
        "actions",
        "alert",
        "call",
        "card",
        "carousel",
        "container",
        "context",
        "context_actions",
        "divider",
        "file",
        "header",
        "image",
        "input",
        "rich_text",
        "section",
        "video",
        *_MESSAGE_ONLY,
    }
)


class RefusalError(Exception):
    """Slack answers ok: false."""

    def __init__(self, error: str, **more: object) -> None:
        super().__init__(error)
        self.error = error
        self.more = more


def check_message(arguments: Json) -> None:
    """Refuse a message as Slack would."""
    text, blocks = arguments.get("text") or "", arguments.get("blocks") or []
    if not isinstance(text, str):
        raise RefusalError(error="invalid_arguments")
    if len(text) > MAX_TEXT:
        raise RefusalError(error="msg_too_long")
    if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
        raise RefusalError(error="invalid_blocks_format")
    if not text.strip() and not blocks and not arguments.get("attachments"):
        raise RefusalError(error="no_text")
    faults = list(check_blocks(blocks, "message"))
    if faults:
        raise RefusalError(error="invalid_blocks", **_describe(faults))
    if sum(map(len, _texts(blocks))) > MAX_BLOCKS_TEXT:
        raise RefusalError(error="msg_blocks_too_long")
    check_metadata(arguments.get("metadata"))


def check_metadata(metadata: object) -> None:
    if metadata is None:
        return
    if not isinstance(metadata, dict):
        raise RefusalError(error="metadata_must_be_json")
    kind, payload = metadata.get("event_type"), metadata.get("event_payload")
    if not isinstance(kind, str) or not kind or not isinstance(payload, dict):
        raise RefusalError(error="invalid_metadata_format")
    if len(json.dumps(metadata)) > MAX_METADATA:
        raise RefusalError(error="metadata_too_large")


def check_view(view: object, kinds: Sequence[str]) -> None:
    """Refuse a view as Slack would."""
    if not isinstance(view, dict) or not isinstance(view.get("blocks"), list):
        raise RefusalError(
            error="invalid_arguments", **_describe([("/view", "missing required field")])
        )
    if len(json.dumps(view).encode()) > MAX_VIEW:
        raise RefusalError(error="view_too_large")
    faults = [(f"/view{where}", what) for where, what in _check_view(view, kinds)]
    if faults:
        raise RefusalError(error="invalid_arguments", **_describe(faults))


def _check_view(view: Json, kinds: Sequence[str]) -> Iterator[Fault]:
    kind = view.get("type")
    if kind not in kinds:
        yield "/type", f"{kind} is not one of {', '.join(kinds)}"
        return
    if kind == "modal":
        yield from check_text(view.get("title"), "/title", 24, plain=True)
        for name in ("submit", "close"):
            if name in view:
                yield from check_text(view[name], f"/{name}", 24, plain=True)
        if "submit" not in view and any(block.get("type") == "input" for block in view["blocks"]):
            yield "/submit", "missing where there are inputs"
    for name, most in (("private_metadata", 3000), ("callback_id", 255), ("external_id", 255)):
        if len(view.get(name, "")) > most:
            yield f"/{name}", f"must be less than {most + 1} characters"
    yield from check_blocks(view["blocks"], str(kind))


def check_blocks(blocks: Sequence[Json], where: str) -> Iterator[Fault]:
    """Tell what is wrong with the blocks of a "message", a "modal" or a "home"."""
    if len(blocks) > MAX_BLOCKS[where]:
        yield "/blocks", f"no more than {MAX_BLOCKS[where]} items allowed"
    seen: set[str] = set()
    for index, block in enumerate(blocks):
        at = f"/blocks/{index}"
        name = block.get("block_id")
        if name is not None:
            if name in seen:
                yield at, f"block_id {name} already exists"
            seen.add(name)
            yield from check_length(name, f"{at}/block_id", 255)
        if block.get("type") not in _BLOCKS or (
            where != "message" and block["type"] in _MESSAGE_ONLY
        ):
            yield at, f"unsupported type: {block.get('type')}"
            continue
        faults = list(_CHECKS.get(block["type"], _nothing)(block, at))
        yield from faults
        if not faults:
            yield from ((at, fault) for fault in SHARED.block_faults(block))


def _nothing(block: Json, at: str) -> Iterator[Fault]:  # noqa: ARG001 - the schema alone
    yield from ()


def _section(block: Json, at: str) -> Iterator[Fault]:
    if "text" not in block and "fields" not in block:
        yield at, "missing required field: text"
    if "text" in block:
        yield from check_text(block["text"], f"{at}/text", 3000)
    yield from check_count(block.get("fields", ()), f"{at}/fields", 10, least=0)
    for index, field in enumerate(block.get("fields", ())):
        yield from check_text(field, f"{at}/fields/{index}", 2000)
    if "accessory" in block:
        yield from check_element(block["accessory"], f"{at}/accessory")


def _header(block: Json, at: str) -> Iterator[Fault]:
    yield from check_text(block.get("text"), f"{at}/text", 150, plain=True)


def _context(block: Json, at: str) -> Iterator[Fault]:
    yield from check_count(block.get("elements", ()), f"{at}/elements", 10)
    for index, element in enumerate(block.get("elements", ())):
        if element.get("type") != "image":
            yield from check_text(element, f"{at}/elements/{index}", 3000)


def _actions(block: Json, at: str) -> Iterator[Fault]:
    yield from check_count(block.get("elements", ()), f"{at}/elements", 25)
    seen: set[str] = set()
    for index, element in enumerate(block.get("elements", ())):
        name = element.get("action_id")
        if name in seen:
            yield f"{at}/elements/{index}/action_id", f"{name} already exists"
        seen.add(name or f"#{index}")
        yield from check_element(element, f"{at}/elements/{index}")


def _image(block: Json, at: str) -> Iterator[Fault]:
    yield from check_length(block.get("alt_text"), f"{at}/alt_text", 2000)
    yield from check_length(block.get("image_url", ""), f"{at}/image_url", 3000)


def _input(block: Json, at: str) -> Iterator[Fault]:
    yield from check_text(block.get("label"), f"{at}/label", 2000, plain=True)
    if "hint" in block:
        yield from check_text(block["hint"], f"{at}/hint", 2000, plain=True)
    yield from check_element(block.get("element"), f"{at}/element")


def _markdown(block: Json, at: str) -> Iterator[Fault]:
    yield from check_length(block.get("text"), f"{at}/text", 12_000)


_CHECKS: Final[dict[str, Callable[[Json, str], Iterator[Fault]]]] = {
    "actions": _actions,
    "context": _context,
    "header": _header,
    "image": _image,
    "input": _input,
    "markdown": _markdown,
    "section": _section,
}


def _describe(faults: Sequence[Fault]) -> Json:
    words = [f"{what} [json-pointer:{where}]" for where, what in faults]
    return {
        "errors": words,
        "response_metadata": {"messages": [f"[ERROR] {each}" for each in words]},
    }


def _texts(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        text = node.get("text")
        if isinstance(text, str):
            yield text
        for value in node.values():
            yield from _texts(value)
    elif isinstance(node, list):
        for value in node:
            yield from _texts(value)

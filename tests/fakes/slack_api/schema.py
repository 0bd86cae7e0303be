"""The shared check of Slack payloads beside this checkout, where there is one."""

import importlib.util
import json
from collections.abc import Iterator
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Final

from tests.fakes.slack_api.model import Json

_SHARED: Final = Path(__file__).parents[4] / "shared" / "checks" / "slack_payload.py"
_FREE: Final = frozenset({"text", "url", "value", "alt_text", "block_id", "action_id"})
"""Keys whose strings matter to the schema by their length alone."""


class SharedCheck:
    """Slack's own types as a JSON schema; finds no fault where the files are not there.

    A block is compared by its shape (kinds, and which limits its texts keep), and each shape is
    looked at once: the schema takes a hundred times longer than making the block.
    """

    @cached_property
    def _module(self) -> Any:  # noqa: ANN401 - a module that no type checker sees
        if not _SHARED.exists():
            return None
        spec = importlib.util.spec_from_file_location("slack_payload", _SHARED)
        assert spec
        assert spec.loader
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    @cached_property
    def _schemas(self) -> Json:
        schemas: Json = json.loads(_SHARED.with_suffix(".schema.json").read_text("utf-8"))
        return schemas

    @cached_property
    def _validators(self) -> Json:
        draft = self._module.Draft7Validator
        return {kind: draft(self._schemas[name]) for kind, name in self._module.KINDS.items()}

    @cached_property
    def _blocks(self) -> Json:
        """A validator for each kind of block."""
        definitions = self._schemas["SlackView"]["definitions"]
        validators = {}
        for option in definitions["KnownBlock"]["anyOf"]:
            name = option["$ref"].rpartition("/")[2]
            for kind in _kinds(definitions[name]):
                validators[kind] = self._module.Draft7Validator(
                    {"definitions": definitions, "$ref": f"#/definitions/{name}"}
                )
        return validators

    @cached_property
    def _bounds(self) -> tuple[int, ...]:
        return tuple(sorted({0, *_lengths(self._schemas)}))

    @property
    def is_here(self) -> bool:
        return self._module is not None

    def block_faults(self, block: Json) -> list[str]:
        """Tell what the schema has against one block."""
        if self._module is None or block["type"] not in self._blocks:
            return []
        if self._is_right(json.dumps(self._shape(block), sort_keys=True)):
            return []
        errors = self._blocks[block["type"]].iter_errors(block)
        return [f"{_deepest(error)}" for error in errors]

    def faults(self, kind: str, payload: Json) -> list[str]:
        """Tell what the shared check says of a recorded payload, its blocks' own faults apart."""
        if self._module is None:
            return []
        body = payload["view"] if kind == "view" else payload
        blocks = body.get("blocks") or []
        bare = {**body, "blocks": [{"type": "divider"}]} if blocks else body
        found = list(
            self._module.faults(kind, {"view": bare} if kind == "view" else bare, self._validators)
        )
        if kind != "view" and blocks:
            if (size := sum(map(len, self._module.texts(blocks)))) > self._module.TEXT_BUDGET:
                found.append(f"blocks hold {size} characters of text")
            if (size := len(json.dumps(blocks))) > self._module.JSON_BUDGET:
                found.append(f"blocks are {size} characters of JSON")
        return found + [
            f"blocks/{index}: {fault}"
            for index, block in enumerate(blocks)
            for fault in (self.block_faults(block) if isinstance(block, dict) else ["no object"])
        ]

    @cached_property
    def _is_right(self) -> Any:  # noqa: ANN401 - a cached function
        @cache
        def is_right(shape: str) -> bool:
            block = json.loads(shape)
            return bool(self._blocks[block["type"]].is_valid(block))

        return is_right

    def _shape(self, node: object, key: str = "") -> object:
        if isinstance(node, dict):
            return {name: self._shape(value, name) for name, value in node.items()}
        if isinstance(node, list):
            return [self._shape(value) for value in node]
        if isinstance(node, str) and key in _FREE:
            size = next((bound for bound in self._bounds if bound >= len(node)), len(node))
            return "x" * size
        return node


def _kinds(definition: Json) -> Iterator[str]:
    for variant in (definition, *definition.get("anyOf", ())):
        kind = variant.get("properties", {}).get("type", {})
        if "const" in kind:
            yield kind["const"]


def _lengths(node: object) -> Iterator[int]:
    if isinstance(node, dict):
        for name, value in node.items():
            if name in {"maxLength", "minLength"} and isinstance(value, int):
                yield value
            else:
                yield from _lengths(value)
    elif isinstance(node, list):
        for value in node:
            yield from _lengths(value)


def _deepest(error: Any) -> str:  # noqa: ANN401 - a library without types
    while error.context:
        error = max(error.context, key=lambda each: len(each.absolute_path))
    return f"{'/'.join(map(str, error.absolute_path))}: {error.message[:200]}"


SHARED: Final = SharedCheck()

"""What every payload for Slack has to keep to, and Slack's own types where they are at hand."""

import importlib.util
import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import strategies as st

Payload = Mapping[str, object]

CHECK = Path(__file__).parents[4] / "shared" / "checks" / "slack_payload.py"
OWN_LINK = re.compile(r"<https://arxiv\.org/abs/[^<>|]+\|([^<>]*)>")
ENTITY = re.compile(r"&(?:amp|lt|gt);")
UNSEEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
NASTY = (
    "<!channel>", "<!here|x>", "@here @everyone @channel", "#general", "<#C0123456>", "<@U0123456>",
    "</script><script>alert(1)</script>", "*bold* _italic_ ~struck~ `code`", "```x```", "a|b>c",
    ":fire: :a:b:c:", "\x00\x1b[31m\x07", "\u202eabc\u2066def", "\ud800", "x\udfffy", "> quote",
    "<https://evil.example|click>", "https://evil.example", "mailto:a@evil.example", "&lt;&amp;",
    "<!date^1392734382^{date}|x>", "a\n\n\nb\r\nc\u2028d", '"quoted" “curly”', '{"type": 1}',
    "*" * 300, "<" * 300, "&" * 300, ":x:" * 100, "_" * 300, " ", "",
)  # fmt: skip

hostile_texts = st.one_of(
    st.sampled_from(NASTY),
    st.text(
        st.one_of(st.characters(), st.sampled_from("<>&*_~`:@#|!\x00\n\x1b\u2028\u202e\ud800😀雲")),
        max_size=120,
    ),
)


def objects(node: object) -> Iterator[Mapping[str, object]]:
    """Yield every object of a payload."""
    if isinstance(node, Mapping):
        yield node
        for value in node.values():
            yield from objects(value)
    elif isinstance(node, list | tuple):
        for value in node:
            yield from objects(value)


def texts(payload: object) -> list[str]:
    """List every text of a payload."""
    return [each["text"] for each in objects(payload) if isinstance(each.get("text"), str)]  # type: ignore[misc]


def said(payload: Payload) -> str:
    """Write what people see of a payload's blocks, with buttons in brackets."""
    return "\n".join(line for block in _list(payload["blocks"]) for line in _say_block(block))


def _say_block(block: Payload) -> Iterator[str]:
    labels = [f"[{text}]" for each in _list(block.get("elements")) for text in texts(each)[:1]]
    match block["type"]:
        case "rich_text":
            for element in _list(block["elements"]):
                if element["type"] == "rich_text_list":
                    yield from (f"• {_say_inline(item)}" for item in _list(element["elements"]))
                else:
                    yield _say_inline(element)
        case "section":
            yield f"{texts(block['text'])[0]} [{' · '.join(texts(block.get('accessory')))}]"
        case "actions":
            yield " ".join(labels)
        case _:
            yield " ".join(texts(block))


def _say_inline(element: Payload) -> str:
    return "".join(
        str(each.get("text", f"#{each.get('channel_id')}")) for each in _list(element["elements"])
    )


def _list(node: object) -> list[Payload]:
    return node if isinstance(node, list) else []


def values(payload: object, action_id: str) -> list[str]:
    """List the values of the buttons of an action."""
    return [
        str(each.get("value")) for each in objects(payload) if each.get("action_id") == action_id
    ]


def check_message(message: Payload, *, types: bool = True) -> None:
    """Assert that a message is within Slack's limits, and that its texts are only texts."""
    assert (message["mrkdwn"], message["unfurl_links"], message["unfurl_media"]) == (False,) * 3
    _check_blocks(message, 50)
    _check_fallback(message)
    if types:
        _check_types("message", {"channel": "C1", **message})


def check_response(response: Payload, *, types: bool = True) -> None:
    """Assert the same of an answer to a command or a click."""
    assert response["response_type"] in {"ephemeral", "in_channel"}
    _check_blocks(response, 50)
    _check_fallback(response)
    if types:
        _check_types("response", response)


def check_view(view: Payload, *, types: bool = True) -> None:
    """Assert the same of a modal or a Home."""
    _check_blocks(view, 100, within_message=False)
    assert len(json.dumps(view)) <= 250_000
    for key in ("title", "close", "submit"):
        assert not any(len(text) > 24 for text in texts(view.get(key)))
    assert len(str(view.get("private_metadata", ""))) < 3_000
    if types:
        _check_types("view", {"view": view})


def _check_blocks(payload: Payload, most: int, *, within_message: bool = True) -> None:
    blocks = payload["blocks"]
    assert isinstance(blocks, list)
    assert 1 <= len(blocks) <= most
    if within_message:
        assert len(json.dumps(blocks)) <= 14_000
        assert sum(map(len, texts(blocks))) <= 8_500
    names = [block["block_id"] for block in blocks if "block_id" in block]
    assert len(names) == len(set(names))
    for each in objects(blocks):
        _check_object(each)
    shown = json.dumps(blocks, ensure_ascii=False)
    assert not re.search("[\ud800-\udfff]", shown)


def _check_object(each: Mapping[str, object]) -> None:
    kind = each.get("type")
    assert kind not in {"user", "usergroup", "broadcast", "team", "markdown", "date"}
    assert each.get("emoji") is not True
    if isinstance(text := each.get("text"), str):
        assert 1 <= len(text) <= 3_000
        assert not UNSEEN.search(text)
    if kind == "emoji":
        assert each["name"] == "newspaper"
    if kind == "channel":
        assert re.fullmatch(r"[CG][A-Z0-9]{2,29}", str(each["channel_id"]))
    if kind == "link":
        assert re.match(r"https://(arxiv\.org/abs/|\w+\.slack\.com/)", str(each["url"]))
    if kind == "mrkdwn":
        _check_mrkdwn(each)
    assert len(str(each.get("value", ""))) <= 2_000


def _check_mrkdwn(each: Mapping[str, object]) -> None:
    assert each["verbatim"] is True
    text = OWN_LINK.sub(r"\1", str(each["text"]))
    assert not set("<>") & set(text)
    assert "&" not in ENTITY.sub("", text)
    assert not re.search(r":[^\s:]+:", text)
    assert "~" not in text
    # Stars and backticks are our own, and come in pairs around what is not empty.
    assert "**" not in text
    assert text.count("*") % 2 == text.count("`") % 2 == 0
    assert "``" not in text
    assert not re.search(r"(?:^|\W)_|_(?:\W|$)", text)


def _check_fallback(payload: Payload) -> None:
    text = str(payload["text"])
    assert 1 <= len(text) <= 3_000
    assert not set("<>") & set(re.sub(r"<#[CG][A-Z0-9]{2,29}>", "", text))
    assert "&" not in ENTITY.sub("", text)
    assert not re.search("[\ud800-\udfff]", text)


@cache
def _load_check() -> tuple[ModuleType, dict[str, object]]:
    spec = importlib.util.spec_from_file_location("slack_payload", CHECK)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    schemas = json.loads(CHECK.with_suffix(".schema.json").read_text("utf-8"))
    return module, {
        kind: module.Draft7Validator(schemas[name]) for kind, name in module.KINDS.items()
    }


def _check_types(kind: str, payload: Payload) -> None:
    """Ask Slack's own types, where the check stands beside the checkout."""
    if CHECK.exists():
        module, validators = _load_check()
        assert [*module.faults(kind, payload, validators)] == []


def need_check() -> None:
    """Skip where Slack's own types are not there."""
    if not CHECK.exists():
        pytest.skip(f"{CHECK} is not there: put the checks beside the checkout")

"""Slack's messages: their form, their limits, and nothing that Slack would act on."""

import importlib.util
import json
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from inline_snapshot import snapshot

from bot.core.editions import Edition, Field, Hit, Item
from bot.core.papers import Paper
from bot.render.slack import build_messages

BuildItem = Callable[..., Item]
BuildEdition = Callable[..., Edition]
Message = dict[str, object]
CHECK = Path(__file__).parents[3] / "shared" / "checks" / "slack_payload.py"


def objects(node: object) -> Iterator[dict[str, object]]:
    if isinstance(node, dict):
        yield node
        for value in node.values():
            yield from objects(value)
    elif isinstance(node, list):
        for value in node:
            yield from objects(value)


def texts(message: Message) -> list[str]:
    return [str(each["text"]) for each in objects(message["blocks"]) if "text" in each]


def check(messages: tuple[Message, ...]) -> None:
    for message in messages:
        blocks = message["blocks"]
        assert isinstance(blocks, list)
        assert 1 <= len(blocks) <= 50
        assert 1 <= len(str(message["text"])) <= 3000
        assert (message["unfurl_links"], message["unfurl_media"]) == (False, False)
        assert len(json.dumps(blocks)) <= 14_000
        assert sum(map(len, texts(message))) <= 8_500
        for each in objects(blocks):
            assert each.get("type") not in {"mrkdwn", "user", "usergroup", "broadcast", "channel"}
            assert each.get("text") != ""
            assert each.get("emoji") is not True
            if each.get("type") == "link":
                assert str(each["url"]).startswith("https://arxiv.org/abs/")


def paper_blocks(messages: tuple[Message, ...]) -> list[dict[str, object]]:
    blocks: list[dict[str, object]] = []
    for message in messages[1:]:
        assert isinstance(message["blocks"], list)
        blocks += message["blocks"]
    return blocks


def test_the_parent_names_the_best_and_ends_with_the_receipt(edition: Edition) -> None:
    parent = build_messages(edition, channel="C1", base_url="https://papers.example/")[0]
    assert parent == snapshot(
        {
            "channel": "C1",
            "text": "Clouds · Thursday 4 December 2025: 6 of the 376 papers announced · 3 new, 1 cross-listed, 2 replaced",  # noqa: E501
            "mrkdwn": False,
            "blocks": [
                {
                    "type": "rich_text",
                    "elements": [
                        {
                            "type": "rich_text_section",
                            "elements": [
                                {"type": "emoji", "name": "newspaper"},
                                {"type": "text", "text": " "},
                                {"type": "text", "text": "Clouds", "style": {"bold": True}},
                                {
                                    "type": "text",
                                    "text": """\
 · Thursday 4 December 2025
6 of the 376 papers announced · 3 new, 1 cross-listed, 2 replaced\
""",
                                },
                            ],
                        },
                        {
                            "type": "rich_text_list",
                            "style": "bullet",
                            "elements": [
                                {
                                    "type": "rich_text_section",
                                    "elements": [
                                        {
                                            "type": "link",
                                            "url": "https://arxiv.org/abs/2512.00105",
                                            "text": "Counting Clouds from Below",
                                        },
                                        {"type": "text", "text": " — cloud (title), weather model"},
                                    ],
                                },
                                {
                                    "type": "rich_text_section",
                                    "elements": [
                                        {
                                            "type": "link",
                                            "url": "https://arxiv.org/abs/2512.00106",
                                            "text": "Fog and Rain: α-Mixing for a Weather Model",
                                        },
                                        {"type": "text", "text": " — weather model (title)"},
                                    ],
                                },
                                {
                                    "type": "rich_text_section",
                                    "elements": [
                                        {
                                            "type": "link",
                                            "url": "https://arxiv.org/abs/2512.00101",
                                            "text": "Skies",
                                        },
                                        {"type": "text", "text": " — cloud"},
                                    ],
                                },
                                {
                                    "type": "rich_text_section",
                                    "elements": [
                                        {
                                            "type": "link",
                                            "url": "https://arxiv.org/abs/2512.00104",
                                            "text": "Sheep <or> Clouds & *Stars*?",
                                        },
                                        {"type": "text", "text": " — cloud (title)"},
                                    ],
                                },
                                {
                                    "type": "rich_text_section",
                                    "elements": [
                                        {
                                            "type": "link",
                                            "url": "https://arxiv.org/abs/2511.00103",
                                            "text": "A Slow Look at the Sky",
                                        },
                                        {"type": "text", "text": " — cloud"},
                                    ],
                                },
                            ],
                        },
                    ],
                },
                {
                    "type": "actions",
                    "elements": [
                        {
                            "type": "button",
                            "text": {"type": "plain_text", "text": "Read all 6", "emoji": False},
                            "url": "https://papers.example/sets/Clouds/2025-12-04",
                        }
                    ],
                },
                {
                    "type": "context",
                    "elements": [
                        {
                            "type": "plain_text",
                            "text": "376 announced in 2 categories, 376 read, 6 matched, 2 shown here before",  # noqa: E501
                            "emoji": False,
                        },
                        {
                            "type": "plain_text",
                            "text": "cs.LG: arXiv answered 503.",
                            "emoji": False,
                        },
                    ],
                },
            ],
            "unfurl_links": False,
            "unfurl_media": False,
        }
    )


def test_the_thread_holds_every_paper_in_reading_order(edition: Edition) -> None:
    thread = build_messages(edition, channel="C1")[1:]
    assert len(thread) == 1
    assert thread[0]["text"] == snapshot("""\
1 · Counting Clouds from Below
2 · Fog and Rain: α-Mixing for a Weather Model
3 · Skies
4 · Sheep &lt;or&gt; Clouds &amp; *Stars*?
5 · A Slow Look at the Sky
6 · Grey on Grey\
""")
    assert isinstance(thread[0]["blocks"], list)
    assert len(thread[0]["blocks"]) == 6
    assert thread[0]["blocks"][0] == snapshot(
        {
            "type": "rich_text",
            "elements": [
                {
                    "type": "rich_text_section",
                    "elements": [
                        {"type": "text", "text": "1 · ", "style": {"bold": True}},
                        {
                            "type": "link",
                            "url": "https://arxiv.org/abs/2512.00105",
                            "text": "Counting Clouds from Below",
                            "style": {"bold": True},
                        },
                        {
                            "type": "text",
                            "text": """\

Cy Made-Up, Dee Nobody, Eve Invented … Al B, +2 · \
""",
                        },
                        {"type": "text", "text": "cs.CV", "style": {"code": True}},
                        {"type": "text", "text": " · new\n"},
                        {"type": "text", "text": "matched", "style": {"italic": True}},
                        {"type": "text", "text": " cloud (title), weather model · “Counting "},
                        {"type": "text", "text": "Clouds", "style": {"bold": True}},
                        {
                            "type": "text",
                            "text": """\
 from Below”
Nobody counts \
""",
                        },
                        {"type": "text", "text": "clouds", "style": {"bold": True}},
                        {"type": "text", "text": " well. We do, with a "},
                        {"type": "text", "text": "weather model", "style": {"bold": True}},
                        {"type": "text", "text": " and patience."},
                    ],
                }
            ],
        }
    )


def test_without_a_web_page_there_is_no_button(edition: Edition) -> None:
    parent = build_messages(edition, channel="C1")[0]
    assert [
        block["type"] for block in objects(parent["blocks"]) if block.get("type") == "actions"
    ] == []


def test_one_paper_is_read_and_not_all(build_item: BuildItem, build_edition: BuildEdition) -> None:
    messages = build_messages(build_edition([build_item()]), channel="C1", base_url="https://x")
    assert "Read it" in texts(messages[0])
    assert len(messages) == 2


def test_a_name_too_long_for_an_address_gets_no_button(
    build_item: BuildItem, build_edition: BuildEdition
) -> None:
    edition = build_edition([build_item()], name="雲" * 400)
    messages = build_messages(edition, channel="C1", base_url="https://x")
    check(messages)
    assert "Read it" not in texts(messages[0])


def test_an_empty_edition_is_one_line(build_edition: BuildEdition) -> None:
    (message,) = build_messages(build_edition([]), channel="C1", base_url="https://x")
    assert message == snapshot(
        {
            "channel": "C1",
            "text": "Clouds · Thursday 4 December 2025: nothing new today; 376 read",
            "mrkdwn": False,
            "blocks": [
                {
                    "type": "rich_text",
                    "elements": [
                        {
                            "type": "rich_text_section",
                            "elements": [
                                {"type": "emoji", "name": "newspaper"},
                                {"type": "text", "text": " "},
                                {"type": "text", "text": "Clouds", "style": {"bold": True}},
                                {
                                    "type": "text",
                                    "text": " · Thursday 4 December 2025: nothing new today; 376 read",  # noqa: E501
                                },
                            ],
                        }
                    ],
                }
            ],
            "unfurl_links": False,
            "unfurl_media": False,
        }
    )
    (message,) = build_messages(build_edition([], problems=("cs.LG is late.",)), channel="C1")
    assert "cs.LG is late." in texts(message)


def test_many_problems_are_counted_beyond_the_tenth_line(
    build_item: BuildItem, build_edition: BuildEdition
) -> None:
    problems = tuple(f"Problem {number}." for number in range(30))
    (parent, _) = build_messages(build_edition([build_item()], problems=problems), channel="C1")
    lines = texts(parent)
    assert lines[-2:] == ["Problem 7.", "and 22 more problems"]
    check((parent,))


@pytest.mark.parametrize("number", [1, 33, 250, 2000])
def test_any_number_of_papers_fits_in_few_messages(
    build_item: BuildItem, build_edition: BuildEdition, number: int
) -> None:
    abstract = "A cloud has been seen in the sky above us and it was quite grey. " * 20
    items = [
        build_item(
            f"2512.{at:05}",
            title="A Report on Clouds Seen from the Roof of a House by the Sea",
            abstract=abstract,
            authors=("Ada Example", "Bo Sample", "Cy Made-Up", "Dee Nobody"),
            hits=[("cloud", Field.ABSTRACT, "cloud")],
        )
        for at in range(number)
    ]
    messages = build_messages(build_edition(items, announced=number), channel="C1")
    check(messages)
    blocks = paper_blocks(messages)
    first = [
        str(next(each["text"] for each in objects(block) if "text" in each)) for block in blocks
    ]
    assert first == [f"{at} · " for at in range(1, number + 1)]
    for fuller, next_one in pairwise(messages[1:]):
        assert isinstance(fuller["blocks"], list)
        assert isinstance(next_one["blocks"], list)
        more = [*fuller["blocks"], next_one["blocks"][0]]
        assert len(json.dumps(more)) > 13_950


def test_short_papers_stop_at_fifty_blocks(
    build_item: BuildItem, build_edition: BuildEdition
) -> None:
    items = [build_item(f"2512.{at:05}", title="S", abstract="", authors=()) for at in range(51)]
    messages = build_messages(build_edition(items), channel="C1")
    check(messages)
    assert len(paper_blocks(messages)) == 51


LONG = {
    "title": "A Very Long Title " * 23,
    "abstract": "Many words on one and the same thing. " * 264,
    "authors": tuple(f"Author Number{at}" for at in range(3000)),
}


@pytest.mark.parametrize("char", ["x", "é", "雲", "😀", "&", '"', "\\", "."])
def test_the_longest_papers_fit(
    build_item: BuildItem, build_edition: BuildEdition, char: str
) -> None:
    longest = Paper(
        "2512.00002",
        1,
        char * 400,
        tuple(char * 40 for _ in range(3000)),
        char * 10_000,
        tuple(f"cs.{char}{at}" for at in range(40)),
    )
    hits = tuple(Hit(char * 200, Field.ABSTRACT, at, at + 1, char) for at in range(0, 10_000, 2))
    items = [build_item(**LONG), Item(longest, build_item().kind, hits)]
    check(build_messages(build_edition(items), channel="C1"))


def test_a_paper_too_long_for_a_message_is_shown_without_its_abstract(
    build_item: BuildItem, build_edition: BuildEdition
) -> None:
    text = "ab" * 5000
    hits = tuple(Hit("b", Field.ABSTRACT, at, at + 1, "b") for at in range(1, 10_000, 2))
    item = build_item(title="Checkers", abstract=text)
    (_, thread) = build_messages(build_edition([Item(item.paper, item.kind, hits)]), channel="C1")
    assert texts(thread) == snapshot(
        [
            "1 · ",
            "Checkers",
            """\

Ada Example · \
""",
            "cs.CV",
            """\
 · new
b\
""",
        ]
    )


def test_the_fallback_names_as_many_papers_as_it_holds(
    build_item: BuildItem, build_edition: BuildEdition
) -> None:
    items = [
        build_item(f"2512.{at:05}", title="&" * 150, abstract="", authors=()) for at in range(9)
    ]
    (_, thread) = build_messages(build_edition(items), channel="C1")
    lines = str(thread["text"]).split("\n")
    assert len(lines) == 3
    assert all(line.endswith("&amp;") for line in lines)


@pytest.fixture(scope="session")
def hostile(build_item: BuildItem, build_edition: BuildEdition) -> Callable[[str], Edition]:
    def build(text: str) -> Edition:
        item = build_item(title=text, abstract=text, authors=(text,) * 9, categories=(text,))
        whole = Hit(text, Field.TITLE, 0, 1, text)
        return build_edition([Item(item.paper, item.kind, (whole,))], name=text, problems=(text,))

    return build


def test_nasty_text_is_text_alone(
    hostile: Callable[[str], Edition], nasty: tuple[str, ...]
) -> None:
    for text in nasty:
        messages = build_messages(hostile(text), channel="C1", base_url="https://x")
        check(messages)
        assert not any(mark in str(each["text"]) for each in messages for mark in "<>")


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=300))
def test_any_text_is_text_alone(hostile: Callable[[str], Edition], text: str) -> None:
    messages = build_messages(hostile(text), channel="C1", base_url="https://x")
    check(messages)
    assert not any(mark in str(each["text"]) for each in messages for mark in "<>")


@pytest.fixture(scope="session")
def payload_check() -> tuple[ModuleType, dict[str, object]]:
    if not CHECK.exists():
        pytest.skip(f"{CHECK} is not there: put the checks beside the checkout")
    spec = importlib.util.spec_from_file_location("slack_payload", CHECK)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    schemas = json.loads(CHECK.with_suffix(".schema.json").read_text("utf-8"))
    return module, {
        kind: module.Draft7Validator(schemas[name]) for kind, name in module.KINDS.items()
    }


@pytest.fixture(scope="session")
def all_sorts(
    edition: Edition, build_item: BuildItem, build_edition: BuildEdition
) -> tuple[Edition, ...]:
    return (edition, build_edition([]), build_edition([build_item(**LONG)] * 3))


def test_slacks_own_types_accept_every_message(
    payload_check: tuple[ModuleType, dict[str, object]],
    all_sorts: tuple[Edition, ...],
    hostile: Callable[[str], Edition],
    nasty: tuple[str, ...],
) -> None:
    module, validators = payload_check
    for each in (*all_sorts, *map(hostile, nasty)):
        for message in build_messages(each, channel="C1", base_url="https://x"):
            assert [*module.faults("message", message, validators)] == []

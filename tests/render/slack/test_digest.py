"""Slack's digests: their form, their limits, and nothing that Slack would act on."""

import json
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given, settings
from inline_snapshot import snapshot

from bot.core.editions import Edition, Field, Hit, Item
from bot.core.papers import Paper
from bot.render.slack import Message, build_digest, build_messages
from tests.render.slack.payloads import (
    NASTY,
    Payload,
    check_message,
    hostile_texts,
    need_check,
    objects,
    texts,
    values,
)

BuildItem = Callable[..., Item]
BuildEdition = Callable[..., Edition]


PAGE = "https://papers.example/sets/Clouds/2025-12-04"


def check(messages: tuple[Payload, ...]) -> None:
    for message in messages:
        check_message(message)


def check_digest(messages: tuple[Message, ...], *, types: bool = True) -> None:
    for message in messages:
        check_message(message.body, types=types)


def paper_blocks(messages: tuple[Payload, ...]) -> list[dict[str, object]]:
    """List the heads of the papers of a thread."""
    blocks: list[dict[str, object]] = []
    for message in messages[1:]:
        assert isinstance(message["blocks"], list)
        blocks += [block for block in message["blocks"] if block["type"] == "section"]
    return blocks


def test_the_parent_names_the_best_and_ends_with_the_receipt(edition: Edition) -> None:
    parent = build_messages(edition, channel="C1", page=PAGE)[0]
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
    messages = build_messages(edition, channel="C1")
    thread = messages[1:]
    assert len(thread) == 1
    assert thread[0]["text"] == snapshot("""\
1 · Counting Clouds from Below
2 · Fog and Rain: α-Mixing for a Weather Model
3 · Skies
4 · Sheep &lt;or&gt; Clouds &amp; *Stars*?
5 · A Slow Look at the Sky
6 · Grey on Grey\
""")
    blocks = thread[0]["blocks"]
    assert isinstance(blocks, list)
    assert len(paper_blocks(messages)) == 6
    assert blocks[:2] == snapshot(
        [
            {
                "type": "section",
                "text": {
                    "type": "mrkdwn",
                    "text": """\
*1 · <https://arxiv.org/abs/2512.00105|Counting Clouds from Below>*
Cy Made-Up, Dee Nobody, Eve Invented … Al B, +2 · `cs.CV` · new\
""",
                    "verbatim": True,
                },
                "accessory": {
                    "type": "overflow",
                    "action_id": "paper",
                    "options": [
                        {
                            "text": {"type": "plain_text", "text": "Save"},
                            "value": "save:2512.00105",
                        },
                        {
                            "text": {"type": "plain_text", "text": "Not for us"},
                            "value": "not_for_us:2512.00105",
                        },
                        {
                            "text": {"type": "plain_text", "text": "Abstract"},
                            "value": "abstract:2512.00105",
                        },
                        {
                            "text": {"type": "plain_text", "text": "BibTeX"},
                            "value": "bibtex:2512.00105",
                        },
                        {"text": {"type": "plain_text", "text": "Why"}, "value": "why:2512.00105"},
                    ],
                },
            },
            {
                "type": "rich_text",
                "elements": [
                    {
                        "type": "rich_text_section",
                        "elements": [
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
            },
        ]
    )


def test_without_a_web_page_there_is_no_button(edition: Edition) -> None:
    parent = build_messages(edition, channel="C1")[0]
    assert [each for each in objects(parent["blocks"]) if each.get("type") == "actions"] == []


def test_one_paper_is_read_and_not_all(build_item: BuildItem, build_edition: BuildEdition) -> None:
    messages = build_messages(build_edition([build_item()]), channel="C1", page="https://x")
    assert "Read it" in texts(messages[0])
    assert len(messages) == 2


def test_a_name_too_long_for_an_address_gets_no_button(
    build_item: BuildItem, build_edition: BuildEdition
) -> None:
    edition = build_edition([build_item()], name="雲" * 400)
    messages = build_messages(edition, channel="C1", page=f"https://x/{'x' * 3000}")
    check(messages)
    assert "Read it" not in texts(messages[0])


def test_an_empty_edition_is_one_line(build_edition: BuildEdition) -> None:
    (message,) = build_messages(build_edition([]), channel="C1", page="https://x")
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
    for at, message in enumerate(messages):
        check_message(message, types=at % 20 == 0)
    heads = [texts(block)[0] for block in paper_blocks(messages)]
    first = [head.removeprefix("*").partition(" · ")[0] for head in heads]
    assert first == [str(at) for at in range(1, number + 1)]
    for fuller, next_one in pairwise(messages[1:]):
        assert isinstance(fuller["blocks"], list)
        assert isinstance(next_one["blocks"], list)
        more = [*fuller["blocks"], *next_one["blocks"][:2]]
        assert len(json.dumps(more)) > 13_950


def test_short_lines_stop_at_fifty_blocks(
    build_item: BuildItem, build_edition: BuildEdition
) -> None:
    items = [build_item(f"2512.{at:05}", title="S", abstract="", authors=()) for at in range(51)]
    here = {item.paper.base_id: "https://x.slack.com/p1" for item in items}
    digest = build_digest(build_edition(items), here=here)
    check_digest(digest)
    sizes = [len(each.body["blocks"]) for each in digest[1:]]  # type: ignore[arg-type]
    assert sizes == [50, 1]


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
    check((thread,))
    assert texts(thread) == snapshot(
        [
            "1 · Checkers",
            """\
*1 · <https://arxiv.org/abs/2512.00001|Checkers>*
Ada Example · `cs.CV` · new\
""",
            "Save",
            "Not for us",
            "Abstract",
            "BibTeX",
            "Why",
            "matched",
            " b",
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
        places = (Field.TITLE, Field.ABSTRACT, Field.AUTHORS)
        hits = tuple(Hit(text, field, start, 3, text) for field in places for start in (0, 1))
        return build_edition([Item(item.paper, item.kind, hits)], name=text, problems=(text,))

    return build


def test_slacks_own_types_accept_every_message(
    edition: Edition,
    build_item: BuildItem,
    build_edition: BuildEdition,
    hostile: Callable[[str], Edition],
) -> None:
    need_check()
    here = {"2512.00105": "https://x.slack.com/archives/C1/p1"}
    check_digest(build_digest(edition, key="k1", page="https://x", subscription_id=7, here=here))
    check_digest(build_digest(build_edition([])))
    check_digest(build_digest(build_edition([build_item(**LONG)] * 3)))
    check_digest(build_digest(hostile("<!channel> *x*"), page="https://x", subscription_id=7))


def test_nasty_text_is_text_alone(
    hostile: Callable[[str], Edition], nasty: tuple[str, ...]
) -> None:
    for at, text in enumerate((*nasty, *NASTY)):
        check_digest(
            build_digest(hostile(text), page="https://x", subscription_id=7), types=at % 8 == 0
        )


@settings(max_examples=150, deadline=None)
@given(hostile_texts)
def test_any_text_is_text_alone(hostile: Callable[[str], Edition], text: str) -> None:
    here = {"2512.00001": "https://x.slack.com/p1"} if len(text) % 2 else {}
    digest = build_digest(hostile(text), page="https://x", subscription_id=7, here=here)
    check_digest(digest, types=False)


def test_a_very_long_keyword_is_cut(build_item: BuildItem, build_edition: BuildEdition) -> None:
    keyword = "word " * 20_000
    item = build_item()
    edition = build_edition([Item(item.paper, item.kind, (Hit(keyword, Field.ID, 0, 0, keyword),))])
    check_digest(build_digest(edition))


def test_the_parent_has_a_button_for_what_its_readers_can_do(edition: Edition) -> None:
    parent = build_digest(edition, key="k1", page=PAGE, subscription_id=7)[0].body
    check_message(parent)
    blocks = parent["blocks"]
    assert isinstance(blocks, list)
    assert blocks[1] == snapshot(
        {
            "type": "actions",
            "elements": [
                {
                    "type": "button",
                    "text": {"type": "plain_text", "text": "Read all 6", "emoji": False},
                    "url": "https://papers.example/sets/Clouds/2025-12-04",
                },
                {
                    "type": "button",
                    "text": {"type": "plain_text", "text": "Change set", "emoji": False},
                    "action_id": "set_edit",
                    "value": "7",
                },
                {
                    "type": "button",
                    "text": {"type": "plain_text", "text": "Mute for a week", "emoji": False},
                    "action_id": "mute",
                    "value": "7",
                },
                {
                    "type": "button",
                    "text": {"type": "plain_text", "text": "Not here", "emoji": False},
                    "action_id": "subscription_remove",
                    "value": "7",
                    "confirm": {
                        "title": {"type": "plain_text", "text": "Not here?", "emoji": False},
                        "text": {
                            "type": "plain_text",
                            "text": "No more digests of this set come to this conversation.",
                            "emoji": False,
                        },
                        "confirm": {"type": "plain_text", "text": "Remove", "emoji": False},
                        "deny": {"type": "plain_text", "text": "Cancel", "emoji": False},
                    },
                },
            ],
            "block_id": "delivery:k1",
        }
    )


def test_a_set_s_own_name_is_what_is_changed(edition: Edition) -> None:
    parent = build_digest(edition, set_ref="slack:T012/Clouds", subscription_id=7)[0].body
    assert values(parent, "set_edit") == ["slack:T012/Clouds"]
    parent = build_digest(edition, set_ref="slack:T012/Clouds")[0].body
    assert values(parent, "set_edit") == ["slack:T012/Clouds"]
    assert values(parent, "mute") == []


def test_a_menu_says_for_which_subscription_and_paper_it_is(edition: Edition) -> None:
    thread = build_digest(edition, subscription_id=7)[1]
    assert thread.papers == snapshot(
        ("2512.00105", "2512.00106", "2512.00101", "2512.00104", "2511.00103", "2511.00102")
    )
    heads = paper_blocks(({}, thread.body))
    assert [head["block_id"] for head in heads] == [f"paper:7:{at}" for at in range(1, 7)]
    options = [each["value"] for each in objects(heads[0]["accessory"]) if "value" in each]
    assert options == snapshot(
        [
            "save:2512.00105",
            "not_for_us:2512.00105",
            "abstract:2512.00105",
            "bibtex:2512.00105",
            "why:2512.00105",
        ]
    )


def test_what_was_spoken_of_before_is_named_and_not_shown_again(edition: Edition) -> None:
    here = {
        "2512.00105": "https://x.slack.com/archives/C1/p1",
        "2511.00102": "not a link",
        "2501.09999": "https://x.slack.com/archives/C1/p2",
    }
    digest = build_digest(edition, here=here)
    check_digest(digest)
    parent, thread = digest
    assert "6 matched, 4 shown here before" in " ".join(texts(parent.body))
    assert "Counting Clouds from Below" not in texts(parent.body)
    assert thread.papers == ("2512.00106", "2512.00101", "2512.00104", "2511.00103")
    blocks = thread.body["blocks"]
    assert isinstance(blocks, list)
    assert blocks[-2:] == snapshot(
        [
            {
                "type": "rich_text",
                "elements": [
                    {
                        "type": "rich_text_section",
                        "elements": [
                            {"type": "text", "text": "Already here: "},
                            {
                                "type": "link",
                                "url": "https://x.slack.com/archives/C1/p1",
                                "text": "Counting Clouds from Below",
                            },
                        ],
                    }
                ],
            },
            {
                "type": "rich_text",
                "elements": [
                    {
                        "type": "rich_text_section",
                        "elements": [{"type": "text", "text": "Already here: Grey on Grey"}],
                    }
                ],
            },
        ]
    )
    assert str(thread.body["text"]).splitlines()[-2:] == snapshot(
        ["Already here: Counting Clouds from Below", "Already here: Grey on Grey"]
    )


def test_a_digest_of_nothing_but_known_papers_names_them(edition: Edition) -> None:
    here = {item.paper.base_id: "https://x.slack.com/p1" for item in edition.items}
    digest = build_digest(edition, here=here)
    check_digest(digest)
    assert [message.papers for message in digest] == [(), ()]
    assert "6 matched, 8 shown here before" in " ".join(texts(digest[0].body))
    assert not any(each.get("type") == "rich_text_list" for each in objects(digest[0].body))


def test_a_paper_without_a_reason_and_an_abstract_is_its_head(
    build_item: BuildItem, build_edition: BuildEdition
) -> None:
    (_, thread) = build_digest(build_edition([build_item(title="", abstract="", authors=())]))
    blocks = thread.body["blocks"]
    assert isinstance(blocks, list)
    assert [block["type"] for block in blocks] == ["section"]
    assert texts(blocks)[0] == snapshot("""\
*1 · <https://arxiv.org/abs/2512.00001|2512.00001>*
`cs.CV` · new\
""")

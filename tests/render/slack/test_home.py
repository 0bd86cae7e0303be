"""App Home: everything of a person at a glance, within a hundred blocks."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from inline_snapshot import snapshot

from bot.core.desk import HomeView, Listed, Saved
from bot.core.editions import Edition
from bot.core.keyword_sets import KeywordSet, is_name
from bot.render.slack.home import build_home
from tests.render.slack.payloads import NASTY, check_view, hostile_texts, said, values

BuildListed = Callable[..., Listed]
BuildSet = Callable[..., KeywordSet]
AT = datetime(2025, 12, 4, 8, tzinfo=UTC)


@pytest.fixture(scope="session")
def home(edition: Edition, build_listed: BuildListed, build_set: BuildSet) -> HomeView:
    return HomeView(
        mine=(build_listed(),),
        others=(build_listed(8, "Grasping", origin="slack:T0123/U0999"),),
        sets=(
            build_set(),
            build_set("Grasping", keywords=(), query="grasp*", owner="config"),
            build_set("Old", paused=True),
        ),
        saved=tuple(Saved(item.paper, AT) for item in edition.items[:2]),
        saved_count=5,
    )


def test_home_shows_everything_with_a_button_for_each_action(home: HomeView) -> None:
    view = build_home(home)
    check_view(view)
    assert said(view) == snapshot("""\
My subscriptions
7 · MLLM → #C0456 · weekdays 09:00 Europe/Berlin
Next: Friday 5 Dec 09:00 Europe/Berlin. Last: that of 4 Dec, delivered Thursday 4 Dec 09:02 Europe/Berlin.
[Preview] [Pause] [Change when] [Remove]
This workspace’s
8 · Grasping → #C0456 · weekdays 09:00 Europe/Berlin
Next: Friday 5 Dec 09:00 Europe/Berlin. Last: that of 4 Dec, delivered Thursday 4 Dec 09:02 Europe/Berlin.
[Preview] [Pause] [Change when] [Remove]
Keyword sets
[New keyword set]
MLLM
VLM, LLM,image
[Subscribe] [Change set]
Grasping · the operator’s
grasp*
[Subscribe] [Try it]
Old · paused
VLM, LLM,image
[Subscribe] [Change set]
Saved papers
*<https://arxiv.org/abs/2512.00106|Fog and Rain: α-Mixing for a Weather Model>*
Ada Example, Bo Sample, René Placeholder · `cs.LG` `physics.ao-ph` · saved Thursday 4 December 2025 [Remove]
*<https://arxiv.org/abs/2512.00105|Counting Clouds from Below>*
Cy Made-Up, Dee Nobody, Eve Invented … Al B, +2 · `cs.CV` · saved Thursday 4 December 2025 [Remove]
and 3 more papers.\
""")  # noqa: E501
    assert {
        action: values(view, action)
        for action in ("subscribe_set", "set_edit", "try_query", "set_new", "unsave")
    } == snapshot(
        {
            "subscribe_set": ["slack:T0123/MLLM", "config/Grasping", "slack:T0123/Old"],
            "set_edit": ["slack:T0123/MLLM", "slack:T0123/Old"],
            "try_query": ["grasp*"],
            "set_new": ["None"],
            "unsave": ["2512.00106", "2512.00105"],
        }
    )


def test_an_empty_home_says_how_to_begin() -> None:
    view = build_home(HomeView(), command="/arxiv")
    check_view(view)
    assert view == snapshot(
        {
            "type": "home",
            "blocks": [
                {
                    "type": "header",
                    "text": {"type": "plain_text", "text": "My subscriptions", "emoji": False},
                },
                {
                    "type": "rich_text",
                    "elements": [
                        {
                            "type": "rich_text_section",
                            "elements": [
                                {"type": "text", "text": "None yet. "},
                                {
                                    "type": "text",
                                    "text": '/arxiv subscribe "vision language model" weekdays at 09:00',  # noqa: E501
                                    "style": {"code": True},
                                },
                                {
                                    "type": "text",
                                    "text": " subscribes the channel where it is typed.",
                                },
                            ],
                        }
                    ],
                },
                {
                    "type": "header",
                    "text": {"type": "plain_text", "text": "Keyword sets", "emoji": False},
                },
                {
                    "type": "actions",
                    "elements": [
                        {
                            "type": "button",
                            "text": {
                                "type": "plain_text",
                                "text": "New keyword set",
                                "emoji": False,
                            },
                            "action_id": "set_new",
                        }
                    ],
                },
                {
                    "type": "header",
                    "text": {"type": "plain_text", "text": "Saved papers", "emoji": False},
                },
                {
                    "type": "rich_text",
                    "elements": [
                        {
                            "type": "rich_text_section",
                            "elements": [
                                {
                                    "type": "text",
                                    "text": "None yet: Save is in the menu beside each paper.",
                                }
                            ],
                        }
                    ],
                },
            ],
        }
    )


@pytest.mark.parametrize("number", [20, 500])
def test_a_full_home_is_cut_and_counted(
    home: HomeView, build_listed: BuildListed, build_set: BuildSet, number: int
) -> None:
    name = "雲" * 80
    view = build_home(
        HomeView(
            mine=tuple(build_listed(at, name) for at in range(number)),
            others=tuple(build_listed(at + 1000, name) for at in range(number)),
            sets=tuple(build_set(f"{name[:70]}{at}") for at in range(number)),
            saved=home.saved * number,
        )
    )
    check_view(view)
    shown = said(view)
    assert "more: " in shown
    assert "more sets." in shown
    assert "more papers." in shown
    ids = set(values(view, "subscription_preview"))
    assert "0" in ids
    assert "1000" in ids


def test_a_part_takes_the_room_that_others_leave(build_listed: BuildListed) -> None:
    view = build_home(HomeView(mine=tuple(build_listed(at) for at in range(60))))
    check_view(view)
    assert len(values(view, "subscription_preview")) > 40


def test_a_set_of_five_hundred_keywords_is_a_line(build_set: BuildSet) -> None:
    keywords = tuple((f"keyword {at}",) for at in range(500))
    queries = ("q" * 2_001, "word " * 20_000)
    sets = [build_set(keywords=keywords), *(build_set(keywords=(), query=q) for q in queries)]
    view = build_home(HomeView(sets=tuple(sets)))
    check_view(view)
    assert values(view, "try_query") == []


def check_hostile(text: str, home: HomeView, *, types: bool = True) -> None:
    mine = home.mine[0]
    subscription = replace(mine.subscription, set_name=text, reason=text, paused=True)
    paper = replace(home.saved[0].paper, title=text, authors=(text,))
    name = text[:80] if is_name(text[:80]) else "x"
    view = HomeView(
        mine=(replace(mine, subscription=subscription),),
        sets=tuple(replace(each, name=name, query=text) for each in home.sets),
        saved=(Saved(paper, AT),),
    )
    check_view(build_home(view), types=types)


def test_nasty_texts_are_only_text(home: HomeView) -> None:
    for at, text in enumerate(NASTY):
        check_hostile(text, home, types=at % 8 == 0)


@settings(max_examples=60, deadline=None)
@given(text=hostile_texts)
def test_any_text_is_only_text(home: HomeView, text: str) -> None:
    check_hostile(text, home, types=False)

"""Answers to `/papers`: what they say, and that they hold whatever is asked."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from inline_snapshot import snapshot

from bot.core.desk import Found, Kept, Listed, Preview, Saved, Today
from bot.core.editions import Edition, Field, Hit, Item
from bot.core.papers import Paper
from bot.core.records import StoredPaper
from bot.core.subscriptions import Subscription
from bot.core.words import prepare
from bot.errors import BotError, CommandError, QueryError, StoreError
from bot.render.slack.answers import (
    build_error,
    build_found,
    build_help,
    build_kept,
    build_notice,
    build_preview,
    build_saved,
    build_today,
    build_unsaved,
    build_unwanted,
)
from tests.render.slack.payloads import NASTY, check_response, hostile_texts, said, texts, values

BuildItem = Callable[..., Item]
BuildEdition = Callable[..., Edition]
BuildListed = Callable[..., Listed]
DAY = date(2025, 12, 4)
AT = datetime(2025, 12, 4, 8, tzinfo=UTC)


def store(paper: Paper) -> StoredPaper:
    return StoredPaper(paper, prepare(paper), DAY)


def test_help_names_every_command_and_what_is_subscribed(build_listed: BuildListed) -> None:
    answer = build_help([build_listed()], command="/arxiv")
    check_response(answer)
    assert answer["text"] == snapshot("/arxiv: each day’s arXiv papers, filtered by keyword sets.")
    assert said(answer) == snapshot("""\
/arxiv: each day’s arXiv papers, filtered by keyword sets.
• /arxiv help this help, and what is subscribed here
• /arxiv today [set] what the newest announcement brings, for every set or for one
• /arxiv search words find papers by the words in them
• /arxiv try query what a query would have brought over the last 30 days
• /arxiv subscribe set-or-query [at 09:00] [daily|weekdays|weekly mon] [tz Europe/Berlin] send digests to this conversation, or change when they come
• /arxiv list the subscriptions, each with its ID
• /arxiv pause ID send nothing more for a subscription until it is resumed
• /arxiv resume ID let a paused subscription go on
• /arxiv remove ID end a subscription
• /arxiv edit ID change what a subscription looks for, and when it comes
• /arxiv preview ID what a subscription's next digest would hold
• /arxiv why arxiv-id why a paper matched or not, and where it was sent
• /arxiv saved the papers that you saved
[New keyword set]
Subscriptions
7 · MLLM → #C0456 · weekdays 09:00 Europe/Berlin
Next: Friday 5 Dec 09:00 Europe/Berlin. Last: that of 4 Dec, delivered Thursday 4 Dec 09:02 Europe/Berlin.\
""")  # noqa: E501


def test_help_says_how_to_begin(build_listed: BuildListed) -> None:
    check_response(build_help(()))
    assert "subscribes the channel where it is typed." in said(build_help(()))
    answer = build_help([build_listed(number) for number in range(200)])
    check_response(answer)
    assert said(answer).endswith("/papers list")


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        (
            QueryError("VLM OR", 5, "`VLM OR` ends with an operator at position 5."),
            snapshot("""\
`VLM OR` ends with an operator at position 5.
VLM OR
    ^ 5\
"""),
        ),
        (
            CommandError("subscribe x at 9h", 16, "There is no time `9h`."),
            snapshot("""\
There is no time `9h`.
subscribe x at 9h
               ^ 16\
"""),
        ),
        (
            QueryError("x " * 60 + "OR" + " y" * 60, 121, "There is an operator."),
            snapshot("""\
There is an operator.
…x x x x x x x x x x x x x x x OR y y y y y y y y y y y y y y…
                               ^ 121\
"""),
        ),
        (
            QueryError("a\u202eb\nc", 99, "It is empty."),
            snapshot("""\
It is empty.
a b c
     ^ 99\
"""),
        ),
        (
            StoreError("The database is locked: try again in a minute."),
            snapshot("The database is locked: try again in a minute."),
        ),
        (StoreError(" "), snapshot("That cannot be done.")),
    ],
)
def test_an_error_points_at_its_place(error: BotError, shown: str) -> None:
    answer = build_error(error)
    check_response(answer)
    assert answer["response_type"] == "ephemeral"
    assert said(answer) == shown


def test_today_shows_the_best_of_each_set(edition: Edition, build_edition: BuildEdition) -> None:
    answer = build_today(Today(DAY, (edition, build_edition([], name="Grasping"))))
    check_response(answer)
    assert answer["text"] == snapshot("""\
Clouds: 6 of the 376 papers announced · 3 new, 1 cross-listed, 2 replaced
Grasping: None of the 376 papers announced\
""")
    assert said(answer) == snapshot(
        """\
Thursday 4 December 2025
Clouds · 6 of the 376 papers announced · 3 new, 1 cross-listed, 2 replaced
• Counting Clouds from Below — cloud (title), weather model
• Fog and Rain: α-Mixing for a Weather Model — weather model (title)
• Skies — cloud
• Sheep <or> Clouds & *Stars*? — cloud (title)
• A Slow Look at the Sky — cloud
and 1 more: /papers today Clouds
Grasping · None of the 376 papers announced\
"""
    )


def test_today_of_one_set_shows_its_papers(edition: Edition) -> None:
    answer = build_today(Today(DAY, (edition,)))
    check_response(answer)
    assert said(answer) == snapshot("""\
Clouds · Thursday 4 December 2025
6 of the 376 papers announced · 3 new, 1 cross-listed, 2 replaced
• Counting Clouds from Below — cloud (title), weather model
• Fog and Rain: α-Mixing for a Weather Model — weather model (title)
• Skies — cloud
• Sheep <or> Clouds & *Stars*? — cloud (title)
• A Slow Look at the Sky — cloud
• Grey on Grey — cloud (comments)\
""")


@pytest.mark.parametrize(
    ("today", "told"),
    [
        (
            Today(None),
            snapshot("Nothing is stored yet: come back after arXiv’s next announcement."),
        ),
        (
            Today(DAY),
            snapshot(
                'Thursday 4 December 2025 is read, but there is no keyword set yet. /papers subscribe "vision language model" weekdays at 09:00 subscribes the channel where it is typed.'  # noqa: E501
            ),
        ),
    ],
)
def test_a_day_without_editions_says_why(today: Today, told: str) -> None:
    answer = build_today(today)
    check_response(answer)
    assert answer["text"] == told


def test_a_day_without_papers_of_a_set_says_so(build_edition: BuildEdition) -> None:
    answer = build_today(Today(DAY, (build_edition([]),)))
    check_response(answer)
    assert said(answer).endswith("nothing new; 376 read")


@pytest.mark.parametrize("number", [1, 33, 250, 2000])
def test_any_number_of_papers_is_cut_and_counted(
    build_item: BuildItem, build_edition: BuildEdition, number: int
) -> None:
    title = "A Very Long Title " * 23
    items = [build_item(f"2512.{at:05}", title=title) for at in range(number)]
    answer = build_today(Today(DAY, (build_edition(items),)))
    check_response(answer)
    shown = sum(text.startswith("A Very Long") for text in texts(answer))
    if shown < number:
        assert said(answer).endswith(f"and {number - shown} more papers.")
    else:
        assert shown == number


def test_many_sets_are_cut_and_counted(edition: Edition) -> None:
    answer = build_today(Today(DAY, (edition,) * 60))
    check_response(answer)
    assert said(answer).endswith('more sets: /papers today "set" shows one.')


def test_a_preview_says_when_it_leaves(
    edition: Edition, build_subscription: Callable[..., Subscription]
) -> None:
    answer = build_preview(Preview(build_subscription(), edition, AT))
    check_response(answer)
    assert answer["text"] == snapshot("""\
Preview of 7 · MLLM to <#C0456>: it leaves Thursday 4 Dec 09:00 Europe/Berlin. Clouds · Thursday 4 December 2025
6 of the 376 papers announced · 3 new, 1 cross-listed, 2 replaced\
""")  # noqa: E501
    answer = build_preview(Preview(build_subscription(), edition))
    check_response(answer)
    assert answer["text"] == snapshot("""\
Preview of 7 · MLLM to <#C0456>: nothing waits for it; this is what the newest stored day would bring. Clouds · Thursday 4 December 2025
6 of the 376 papers announced · 3 new, 1 cross-listed, 2 replaced\
""")  # noqa: E501


def test_a_search_has_a_menu_beside_each_paper(edition: Edition) -> None:
    papers = tuple(store(item.paper) for item in edition.items[:2])
    answer = build_found(Found("fog rain", papers, 9120))
    check_response(answer)
    assert answer["text"] == "2 papers for fog rain"
    assert said(answer) == snapshot("""\
2 papers for fog rain
*<https://arxiv.org/abs/2512.00106|Fog and Rain: α-Mixing for a Weather Model>*
Ada Example, Bo Sample, René Placeholder · `cs.LG` `physics.ao-ph` · announced Thursday 4 December 2025 [Save · Abstract · BibTeX · Why]
*<https://arxiv.org/abs/2512.00105|Counting Clouds from Below>*
Cy Made-Up, Dee Nobody, Eve Invented … Al B, +2 · `cs.CV` · announced Thursday 4 December 2025 [Save · Abstract · BibTeX · Why]\
""")  # noqa: E501


def test_a_search_that_finds_nothing_says_among_how_many(edition: Edition) -> None:
    answer = build_found(Found("fog rain", (), 9120))
    check_response(answer)
    assert answer["text"] == snapshot(
        "None of 9120 stored papers holds all of these words: fog rain"
    )
    many = build_found(Found("fog", (store(edition.items[0].paper),) * 100, 9120))
    check_response(many)
    assert "more papers." in said(many)


def test_saved_papers_are_let_go_one_by_one(edition: Edition) -> None:
    saved = tuple(Saved(item.paper, AT) for item in edition.items)
    answer = build_saved(saved[:1])
    check_response(answer)
    assert said(answer) == snapshot("""\
1 saved paper
*<https://arxiv.org/abs/2512.00106|Fog and Rain: α-Mixing for a Weather Model>*
Ada Example, Bo Sample, René Placeholder · `cs.LG` `physics.ao-ph` · saved Thursday 4 December 2025 [Remove]\
""")  # noqa: E501
    assert values(answer, "unsave") == ["2512.00106"]
    answer = build_saved(saved * 20, total=500)
    check_response(answer)
    assert answer["text"] == "500 saved papers"
    shown = len(values(answer, "unsave"))
    assert said(answer).endswith(f"and {500 - shown} more papers.")
    assert build_saved(())["text"] == snapshot(
        "You have saved no papers yet: Save is in the menu beside each paper."
    )


@pytest.mark.parametrize(
    ("saved", "already", "unknown", "told"),
    [
        (
            1,
            0,
            0,
            snapshot(
                "Saved Fog and Rain: α-Mixing for a Weather Model. /papers saved lists what you saved."  # noqa: E501
            ),
        ),
        (
            2,
            1,
            1,
            snapshot(
                "Saved Fog and Rain: α-Mixing for a Weather Model, Counting Clouds from Below. /papers saved lists what you saved. Saved before: Fog and Rain: α-Mixing for a Weather Model. 2501.00000 is not stored: only followed categories are read."  # noqa: E501
            ),
        ),
        (
            6,
            0,
            7,
            snapshot(
                "Saved Fog and Rain: α-Mixing for a Weather Model, Counting Clouds from Below, Sheep &lt;or&gt; Clouds &amp; *Stars*?, A Slow Look at the Sky, Grey on Grey and 1 more. /papers saved lists what you saved. 2501.00000, 2501.00001, 2501.00002, 2501.00003, 2501.00004 and 2 more are not stored: only followed categories are read."  # noqa: E501
            ),
        ),
        (0, 0, 0, snapshot("There is no link to an arXiv paper in it.")),
    ],
)
def test_what_was_saved_is_said(
    edition: Edition, saved: int, already: int, unknown: int, told: str
) -> None:
    papers = tuple(item.paper for item in edition.items)
    ids = tuple(f"2501.{at:05}" for at in range(unknown))
    answer = build_kept(Kept(papers[:saved], papers[:already], ids))
    check_response(answer)
    assert answer["text"] == told


def test_marks_are_confirmed(edition: Edition) -> None:
    paper = edition.items[0].paper
    for answer, told in (
        (build_unsaved(paper), "is no longer saved."),
        (build_unsaved(paper, was_saved=False), "was not saved."),
        (build_unwanted(paper), "is marked as not for us."),
        (build_unwanted(paper, again=True), "was marked before as not for us."),
    ):
        check_response(answer)
        assert told in str(answer["text"])


def check_hostile(text: str, edition: Edition, listed: Listed, *, types: bool = True) -> None:
    paper = replace(edition.items[0].paper, title=text, authors=(text,) * 3, abstract=text)
    item = replace(edition.items[0], paper=paper, hits=(Hit(text, Field.TITLE, 0, 1, text),))
    named = replace(edition, items=(item,), set=replace(edition.set, name=text))
    subscription = replace(listed.subscription, set_name=text)
    for answer in (
        build_help([replace(listed, subscription=subscription)]),
        build_error(QueryError(text, len(text) // 2, text)),
        build_notice(text or "x"),
        build_today(Today(DAY, (named,))),
        build_today(Today(DAY, (named, named))),
        build_preview(Preview(subscription, named, AT)),
        build_found(Found(text, (store(paper),), 1)),
        build_found(Found(text, (), 1)),
        build_saved((Saved(paper, AT),)),
        build_kept(Kept((paper,), (paper,), (text,))),
        build_unsaved(paper),
        build_unwanted(paper),
    ):
        check_response(answer, types=types)


def test_nasty_texts_are_only_text(edition: Edition, build_listed: BuildListed) -> None:
    for at, text in enumerate((*NASTY, "word " * 20_000)):
        check_hostile(text, edition, build_listed(), types=at % 8 == 0)


@settings(max_examples=60, deadline=None)
@given(hostile_texts)
def test_any_text_is_only_text(edition: Edition, build_listed: BuildListed, text: str) -> None:
    check_hostile(text, edition, build_listed(), types=False)

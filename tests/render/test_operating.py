"""Operators' pages: whatever stands in sets, subscriptions and deliveries is text."""

from dataclasses import replace
from datetime import UTC, date, datetime

import jinja2
import pytest

from bot.core.archive import Issue, SetLine
from bot.core.editions import (
    BatchState,
    CategoryReceipt,
    Delivery,
    DeliveryState,
    Destination,
    DestinationKind,
)
from bot.core.figures import Backlog
from bot.core.keyword_sets import KeywordSet
from bot.core.records import Hold, LedgerLine, Step
from bot.core.subscriptions import CONFIG, Subscription
from bot.render.operating import Console
from bot.render.pages import Frame
from bot.render.paths import Paths
from tests.fakes.sites import find, parse, text_of

DAY = date(2025, 12, 4)
AT = datetime(2025, 12, 4, 7, 30, tzinfo=UTC)
CLOUDS = KeywordSet("Clouds", keywords=(("cloud",),))
MAIL = Destination(DestinationKind.EMAIL, "ada@lab.example")
PENDING = Delivery(7, 1, MAIL, DeliveryState.PENDING, 0, "key")


@pytest.fixture(scope="session")
def console(templates: jinja2.Environment) -> Console:
    return Console(templates, Frame(Paths(), "style-1.css"))


def test_the_overview_says_how_everything_is(console: Console) -> None:
    findings = [("database", "ok", "it answers"), ("cs.CV", "bad", "<b>late</b>")]
    tree = parse(console.overview("t", findings, Backlog(3, AT, 1, 2)))
    assert find(tree, "tr")[1:] == ["databaseokit answers", "cs.CVbad<b>late</b>"]
    assert find(tree, "strong") == ["bad"]
    assert find(tree, "dd") == ["3", "Thursday 4 December 2025 07:30 UTC", "1", "2"]
    assert find(parse(console.overview("t", [], Backlog())), "dd") == ["0", "-", "0", "0"]


def test_all_sets_are_listed_with_whose_they_are(console: Console) -> None:
    lines = [
        SetLine(CLOUDS, Issue(1, CLOUDS.key, DAY, None, AT, 3), 9),
        SetLine(replace(CLOUDS, owner="operator", paused=True), None, 0),
    ]
    tree = parse(console.sets("t", lines, frozenset({"Clouds"})))
    assert find(tree, "p")[:6] == [
        "in the configuration · public",
        "“cloud”",
        "New and cross-listed papers in every followed category · 9 papers in the last four weeks",
        "of operator · not public · paused",
        "“cloud”",
        "New and cross-listed papers in every followed category · 0 papers in the last four weeks",
    ]
    assert "There are no keyword sets" in text_of(parse(console.sets("t", [], frozenset())))


@pytest.mark.parametrize(
    ("changes", "said", "buttons"),
    [
        ({}, [], ["Pause", "Remove"]),
        ({"origin": CONFIG}, [], ["Pause"]),
        ({"paused": True}, ["Paused by somebody."], ["Resume", "Remove"]),
        (
            {"paused": True, "reason": "it bounced. ", "until": AT},
            ["Paused until Thursday 4 December 2025 07:30 UTC: it bounced."],
            ["Resume", "Remove"],
        ),
    ],
)
def test_a_subscription_says_what_may_be_done(
    console: Console, changes: dict[str, object], said: list[str], buttons: list[str]
) -> None:
    subscription = replace(Subscription("config", "Clouds", MAIL, id=5), **changes)  # type: ignore[arg-type]
    tree = parse(console.subscriptions("t", [subscription]))
    assert find(tree, "h2") == ["5: Clouds to ada@lab.example"]
    assert [each for each in find(tree, "p") if each.startswith("Paused")] == said
    assert find(tree, "button") == [*buttons, "Sign out"]
    named = [each.get("aria-label") for each in tree.iter("button") if each.get("aria-label")]
    assert named == [f"{label} subscription 5" for label in buttons]


def test_a_delivery_says_where_it_stands(console: Console) -> None:
    failed = replace(PENDING, id=8, state=DeliveryState.FAILED, attempt=3)
    lines = [
        LedgerLine(PENDING, "Clouds", (DAY,), AT, 0, None, Hold.PAUSED),
        LedgerLine(failed, "Clouds", (DAY,), None, 0, Step(AT, failed.state, 3, "no <such> place")),
    ]
    tree = parse(console.deliveries("t", lines, "failed", "nothing was done"))
    assert find(tree, "h2") == ["7: Clouds to ada@lab.example", "8: Clouds to ada@lab.example"]
    said = find(tree, "p")
    assert said[0] == "nothing was done"
    assert said[1] == "pending · Thursday 4 December 2025 · its subscription is paused"
    assert said[2] == "failed · Thursday 4 December 2025 · attempt 3"
    assert said[3] == "Thursday 4 December 2025 07:30 UTC: no <such> place"
    assert find(tree, "button") == ["Call off", "Try again now", "Sign out"]
    assert "There are none." in text_of(parse(console.deliveries("t", [], "")))


def test_receipts_come_newest_day_first(console: Console) -> None:
    line = CategoryReceipt("cs.CV", DAY, BatchState.LATE, 3, 2, problems=("it is <late>",))
    days = {DAY: [line], date(2025, 12, 5): [line]}
    tree = parse(console.receipts("t", days, 2))
    assert find(tree, "h2") == ["Friday 5 December 2025", "Thursday 4 December 2025"]
    assert find(tree, "tr")[1] == "cs.CVlateit is <late>320"
    assert "in the last 2 weeks" in text_of(parse(console.receipts("t", {}, 2)))


def test_signing_in_says_what_happens(console: Console) -> None:
    assert find(parse(console.sign_in("t", "on its way")), "p")[0] == "on its way"
    tree = parse(console.enter("/operator/sign-in/abc"))
    assert [each.get("action") for each in tree.iter("form")] == ["/operator/sign-in/abc"]


def test_nasty_text_stays_text(console: Console, nasty: tuple[str, ...]) -> None:
    for text in nasty:
        place = Destination(DestinationKind.CHANNEL, text)
        subscription = Subscription("x", text, place, origin=text, paused=True, reason=text)
        step = Step(AT, DeliveryState.FAILED, 1, text)
        line = LedgerLine(replace(PENDING, destination=place), text, (DAY,), AT, 0, step)
        keyword_set = KeywordSet(text, keywords=((text,),), owner=text)
        receipt = CategoryReceipt(text, DAY, BatchState.LATE, problems=(text,))
        for page in (
            console.overview(text, [(text, "bad", text)], Backlog()),
            console.sets(text, [SetLine(keyword_set, None, 0)], frozenset()),
            console.subscriptions(text, [subscription], text),
            console.deliveries(text, [line], "", text),
            console.receipts(text, {DAY: [receipt]}, 2),
            console.sign_in(text, text),
        ):
            tags = {str(each.tag) for each in parse(page).iter()}
            assert not tags & {"script", "img", "style", "b", "think", "plaintext", "textarea"}

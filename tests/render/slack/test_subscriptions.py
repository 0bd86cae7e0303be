"""Subscriptions in Slack's words: lists, and what was done."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, time

import pytest
from hypothesis import given, settings
from inline_snapshot import snapshot

from bot.core.answers import Trial
from bot.core.desk import Deed, Done, Listed
from bot.core.editions import DeliveryState, Destination, DestinationKind
from bot.core.keyword_sets import KeywordSet
from bot.core.records import LedgerLine
from bot.core.schedule import Rhythm, Schedule
from bot.core.subscriptions import Subscription
from bot.render.slack.subscriptions import build_done, build_list, build_paused_notice
from tests.render.slack.payloads import (
    NASTY,
    check_message,
    check_response,
    hostile_texts,
    said,
    texts,
    values,
)

BuildSubscription = Callable[..., Subscription]
BuildListed = Callable[..., Listed]
UNTIL = datetime(2025, 12, 11, 8, tzinfo=UTC)


def test_a_new_subscription_is_told_with_what_it_will_bring(
    build_subscription: BuildSubscription, trial: Trial
) -> None:
    answer = build_done(Done(Deed.SUBSCRIBED, build_subscription(), None, trial=trial))
    check_response(answer)
    assert answer == snapshot(
        {
            "response_type": "in_channel",
            "text": "Subscribed <#C0456> to MLLM: weekdays 09:00 Europe/Berlin. It would have brought 21 papers a day over the last month. /papers remove 7 undoes this.",  # noqa: E501
            "blocks": [
                {
                    "type": "rich_text",
                    "elements": [
                        {
                            "type": "rich_text_section",
                            "elements": [
                                {"type": "text", "text": "Subscribed "},
                                {"type": "channel", "channel_id": "C0456"},
                                {"type": "text", "text": " to "},
                                {"type": "text", "text": "MLLM", "style": {"bold": True}},
                                {
                                    "type": "text",
                                    "text": ": weekdays 09:00 Europe/Berlin. It would have brought 21 papers a day over the last month. ",  # noqa: E501
                                },
                                {
                                    "type": "text",
                                    "text": "/papers remove 7",
                                    "style": {"code": True},
                                },
                                {"type": "text", "text": " undoes this."},
                            ],
                        }
                    ],
                },
                {
                    "type": "actions",
                    "elements": [
                        {
                            "type": "button",
                            "text": {"type": "plain_text", "text": "Change when", "emoji": False},
                            "action_id": "subscription_edit",
                            "value": "7",
                        },
                        {
                            "type": "button",
                            "text": {"type": "plain_text", "text": "Preview", "emoji": False},
                            "action_id": "subscription_preview",
                            "value": "7",
                        },
                    ],
                },
            ],
        }
    )


@pytest.mark.parametrize(
    ("done", "told"),
    [
        (
            (Deed.SUBSCRIBED, {}, None),
            snapshot(
                "Subscribed <#C0456> to MLLM: weekdays 09:00 Europe/Berlin. /papers remove 7 undoes this."  # noqa: E501
            ),
        ),
        (
            (Deed.SUBSCRIBED, {}, {}),
            snapshot(
                "Nothing was changed: <#C0456> is subscribed to MLLM, weekdays 09:00 Europe/Berlin."
            ),
        ),
        (
            (Deed.CHANGED, {"schedule": Schedule()}, {}),
            snapshot(
                "Changed MLLM to <#C0456>: as announced; it was weekdays 09:00 Europe/Berlin. /papers edit 7 changes it again."  # noqa: E501
            ),
        ),
        (
            (Deed.CHANGED, {"schedule": Schedule(), "paused": True}, {}),
            snapshot(
                "Changed MLLM to <#C0456>: as announced; it was weekdays 09:00 Europe/Berlin. /papers edit 7 changes it again. It is paused: /papers resume 7 lets it go on."  # noqa: E501
            ),
        ),
        (
            (Deed.PAUSED, {"paused": True}, {}),
            snapshot(
                "Paused MLLM to <#C0456>: nothing more is delivered there. /papers resume 7 lets it go on."  # noqa: E501
            ),
        ),
        (
            (Deed.PAUSED, {"paused": True, "until": UNTIL}, {}),
            snapshot(
                "Paused MLLM to <#C0456>: nothing more is delivered there until Thursday 11 Dec 09:00 Europe/Berlin. /papers resume 7 lets it go on."  # noqa: E501
            ),
        ),
        (
            (Deed.PAUSED, {"paused": True}, {"paused": True}),
            snapshot(
                "Nothing was changed: MLLM to <#C0456> is paused already. /papers resume 7 lets it go on."  # noqa: E501
            ),
        ),
        (
            (Deed.MUTED, {"paused": True, "until": UNTIL}, {"paused": True, "until": UNTIL}),
            snapshot(
                "Nothing was changed: MLLM to <#C0456> is paused already, until Thursday 11 Dec 09:00 Europe/Berlin. /papers resume 7 lets it go on."  # noqa: E501
            ),
        ),
        (
            (Deed.MUTED, {"paused": True, "until": UNTIL}, {}),
            snapshot(
                "Muted MLLM in <#C0456> until Thursday 11 Dec 09:00 Europe/Berlin. /papers resume 7 ends that sooner."  # noqa: E501
            ),
        ),
        (
            (Deed.RESUMED, {}, {"paused": True}),
            snapshot("Resumed MLLM to <#C0456>: weekdays 09:00 Europe/Berlin."),
        ),
        ((Deed.RESUMED, {}, {}), snapshot("Nothing was changed: MLLM to <#C0456> is not paused.")),
        (
            (Deed.REMOVED, {}, {}),
            snapshot(
                'Unsubscribed <#C0456> from MLLM. /papers subscribe "MLLM" weekdays at 09:00 tz Europe/Berlin there subscribes it again.'  # noqa: E501
            ),
        ),
        (
            (Deed.REMOVED, {"name": 'the "best"'}, {"name": 'the "best"'}),
            snapshot('Unsubscribed <#C0456> from the "best".'),
        ),
        (
            (
                Deed.REMOVED,
                {"address": "T0123/D0456", "schedule": Schedule(Rhythm.WEEKLY, weekday=2)},
                {},
            ),
            snapshot(
                'Unsubscribed your direct messages from MLLM. /papers subscribe "MLLM" weekly wed tz UTC there subscribes it again.'  # noqa: E501
            ),
        ),
    ],
)
def test_what_was_done_is_said(
    build_subscription: BuildSubscription,
    done: tuple[Deed, dict[str, object], dict[str, object] | None],
    told: str,
) -> None:
    deed, after, before = done
    was = None if before is None else build_subscription(**before)
    answer = build_done(Done(deed, build_subscription(**after), was))
    check_response(answer)
    assert answer["text"] == told


@pytest.mark.parametrize(
    ("deed", "waiting", "told"),
    [
        (Deed.PAUSED, 1, "1 digest is waiting."),
        (Deed.RESUMED, 2, "2 digests are to go out as soon as due."),
        (Deed.REMOVED, 2, "2 digests are called off."),
        (Deed.CHANGED, 1, "1 digest is planned already, at the old time."),
    ],
)
def test_digests_that_wait_are_counted(
    build_subscription: BuildSubscription, deed: Deed, waiting: int, told: str
) -> None:
    before = build_subscription(schedule=Schedule())
    answer = build_done(Done(deed, build_subscription(), before, waiting=waiting))
    assert told in str(answer["text"])


def test_only_what_changed_is_told_to_all(build_subscription: BuildSubscription) -> None:
    one, other = build_subscription(), build_subscription(schedule=Schedule())
    public = {
        (deed, before is one): build_done(Done(deed, one, before))["response_type"]
        for deed in Deed
        for before in (one, other)
    }
    alone = {key for key, kind in public.items() if kind == "ephemeral"}
    assert alone == {(deed, True) for deed in Deed} - {(Deed.REMOVED, True)}
    assert build_done(Done(Deed.PAUSED, one, other), public=False)["response_type"] == "ephemeral"


def test_a_paused_set_and_a_quiet_month_are_mentioned(
    build_subscription: BuildSubscription, build_set: Callable[..., KeywordSet], trial: Trial
) -> None:
    quiet = replace(trial, matched=0)
    done = Done(Deed.SUBSCRIBED, build_subscription(), None, build_set(paused=True), trial=quiet)
    answer = build_done(done, command="/arxiv")
    assert answer["text"] == snapshot(
        "Subscribed <#C0456> to MLLM: weekdays 09:00 Europe/Berlin. It would have brought nothing over the last month. /arxiv remove 7 undoes this. Nothing comes yet: the set is paused."  # noqa: E501
    )
    unknown = replace(trial, days=0)
    done = Done(Deed.SUBSCRIBED, build_subscription(), None, build_set(), trial=unknown)
    assert "brought" not in str(build_done(done)["text"])


def test_an_empty_list_says_how_to_begin() -> None:
    answer = build_list(())
    check_response(answer)
    assert answer["text"] == snapshot(
        'Nothing is subscribed here yet. /papers subscribe "vision language model" weekdays at 09:00 subscribes the channel where it is typed.'  # noqa: E501
    )


def test_a_short_list_has_a_button_for_each_action(build_listed: BuildListed) -> None:
    answer = build_list([build_listed()])
    check_response(answer)
    assert answer == snapshot(
        {
            "response_type": "ephemeral",
            "text": "7 · MLLM → <#C0456> · weekdays 09:00 Europe/Berlin",
            "blocks": [
                {
                    "type": "rich_text",
                    "elements": [
                        {
                            "type": "rich_text_section",
                            "elements": [
                                {"type": "text", "text": "1 subscription", "style": {"bold": True}}
                            ],
                        }
                    ],
                },
                {
                    "type": "rich_text",
                    "elements": [
                        {
                            "type": "rich_text_section",
                            "elements": [
                                {"type": "text", "text": "7 · "},
                                {"type": "text", "text": "MLLM", "style": {"bold": True}},
                                {"type": "text", "text": " → "},
                                {"type": "channel", "channel_id": "C0456"},
                                {
                                    "type": "text",
                                    "text": """\
 · weekdays 09:00 Europe/Berlin
Next: Friday 5 Dec 09:00 Europe/Berlin. Last: that of 4 Dec, delivered Thursday 4 Dec 09:02 Europe/Berlin.\
""",  # noqa: E501
                                },
                            ],
                        }
                    ],
                },
                {
                    "type": "actions",
                    "elements": [
                        {
                            "type": "button",
                            "text": {"type": "plain_text", "text": "Preview", "emoji": False},
                            "action_id": "subscription_preview",
                            "value": "7",
                        },
                        {
                            "type": "button",
                            "text": {"type": "plain_text", "text": "Pause", "emoji": False},
                            "action_id": "subscription_pause",
                            "value": "7",
                        },
                        {
                            "type": "button",
                            "text": {"type": "plain_text", "text": "Change when", "emoji": False},
                            "action_id": "subscription_edit",
                            "value": "7",
                        },
                        {
                            "type": "button",
                            "text": {"type": "plain_text", "text": "Remove", "emoji": False},
                            "action_id": "subscription_remove",
                            "value": "7",
                            "confirm": {
                                "title": {
                                    "type": "plain_text",
                                    "text": "Remove 7?",
                                    "emoji": False,
                                },
                                "text": {
                                    "type": "plain_text",
                                    "text": "MLLM: weekdays 09:00 Europe/Berlin",
                                    "emoji": False,
                                },
                                "confirm": {"type": "plain_text", "text": "Remove", "emoji": False},
                                "deny": {"type": "plain_text", "text": "Cancel", "emoji": False},
                            },
                        },
                    ],
                },
            ],
        }
    )


def test_the_operator_s_subscriptions_are_only_looked_at(build_listed: BuildListed) -> None:
    answer = build_list([build_listed(origin="config", address="#papers")])
    check_response(answer)
    assert said(answer) == snapshot("""\
1 subscription
7 · MLLM → #papers · weekdays 09:00 Europe/Berlin · the operator’s
Next: Friday 5 Dec 09:00 Europe/Berlin. Last: that of 4 Dec, delivered Thursday 4 Dec 09:02 Europe/Berlin.
[Preview]\
""")  # noqa: E501
    assert values(answer, "subscription_preview") == ["7"]
    assert values(answer, "subscription_remove") == []


def test_a_paused_subscription_is_resumed(build_listed: BuildListed) -> None:
    answer = build_list([build_listed(paused=True)])
    assert values(answer, "subscription_resume") == ["7"]
    assert values(answer, "subscription_pause") == []


def test_a_list_says_what_keeps_each_from_coming(
    build_listed: BuildListed,
    build_set: Callable[..., KeywordSet],
    build_last: Callable[..., LedgerLine],
) -> None:
    listed = build_listed()
    line = build_last(DeliveryState.FAILED, "channel_not_found: C0456 is not there.")
    answer = build_list(
        [
            replace(listed, keyword_set=None),
            replace(listed, keyword_set=build_set(paused=True)),
            build_listed(paused=True),
            build_listed(paused=True, reason="the channel is archived."),
            build_listed(paused=True, until=UNTIL),
            replace(listed, next_due=None, last=None),
            replace(listed, last=line),
            replace(listed, last=replace(line, days=(), last=None)),
        ]
    )
    check_response(answer)
    blocks = answer["blocks"]
    assert isinstance(blocks, list)
    standings = ["".join(texts(row)).partition("\n")[2] for row in blocks[1::2]]
    assert standings == snapshot(
        [
            "Nothing comes: its set was removed. Last: that of 4 Dec, delivered Thursday 4 Dec 09:02 Europe/Berlin.",  # noqa: E501
            "Nothing comes: its set is paused. Last: that of 4 Dec, delivered Thursday 4 Dec 09:02 Europe/Berlin.",  # noqa: E501
            "Paused. Last: that of 4 Dec, delivered Thursday 4 Dec 09:02 Europe/Berlin.",
            "Paused: the channel is archived. Last: that of 4 Dec, delivered Thursday 4 Dec 09:02 Europe/Berlin.",  # noqa: E501
            "Paused until Thursday 11 Dec 09:00 Europe/Berlin. Last: that of 4 Dec, delivered Thursday 4 Dec 09:02 Europe/Berlin.",  # noqa: E501
            "Next: as soon as something new is announced. Last: none yet.",
            "Next: Friday 5 Dec 09:00 Europe/Berlin. Last: that of 4 Dec, not delivered (Thursday 4 Dec 09:02 Europe/Berlin): channel_not_found: C0456 is not there.",  # noqa: E501
            "Next: Friday 5 Dec 09:00 Europe/Berlin. Last: not delivered.",
        ]
    )


def test_a_long_list_is_cut_and_counted(build_listed: BuildListed) -> None:
    answer = build_list([build_listed(number) for number in range(1, 13)])
    check_response(answer)
    assert said(answer).endswith("The Home tab of this app has a button for each action.")
    assert values(answer, "subscription_remove") == []
    name = "雲" * 80
    answer = build_list([build_listed(number, name) for number in range(500)])
    check_response(answer)
    assert "… The Home tab" in said(answer)


@pytest.mark.parametrize(
    ("destination", "told"),
    [
        (Destination(DestinationKind.EMAIL, "lab@lab.example"), "lab@lab.example"),
        (Destination(DestinationKind.CHANNEL, "T0123/D0456"), "your direct messages"),
        (Destination(DestinationKind.CHANNEL, "T0123/G0456"), "<#G0456>"),
        (Destination(DestinationKind.CHANNEL, "#papers"), "#papers"),
    ],
)
def test_places_are_named(
    build_subscription: BuildSubscription, destination: Destination, told: str
) -> None:
    answer = build_done(Done(Deed.SUBSCRIBED, build_subscription(destination=destination), None))
    check_response(answer)
    assert str(answer["text"]).startswith(f"Subscribed {told} to ")


def test_who_asked_is_told_why_nothing_comes_any_more(
    build_subscription: BuildSubscription,
) -> None:
    message = build_paused_notice(build_subscription(reason="the channel is archived"))
    check_message(message)
    assert message["text"] == snapshot(
        "Paused MLLM to <#C0456>: the channel is archived. /papers resume 7 lets it go on once that is put right."  # noqa: E501
    )
    assert "nothing can be delivered" in str(build_paused_notice(build_subscription())["text"])


def check_hostile(text: str, build_listed: BuildListed, *, types: bool = True) -> None:
    listed = build_listed(name=text, reason=text, address=text, paused=bool(len(text) % 2))
    check_response(build_list([listed]), types=types)
    check_message(build_paused_notice(listed.subscription), types=types)
    for deed in Deed:
        before = replace(listed.subscription, schedule=Schedule(at=time(8)))
        done = Done(deed, listed.subscription, before)
        check_response(build_done(done), types=types)


def test_nasty_names_are_only_text(build_listed: BuildListed) -> None:
    for at, text in enumerate((*NASTY, "word " * 20_000)):
        check_hostile(text, build_listed, types=at % 8 == 0)


@settings(max_examples=60, deadline=None)
@given(hostile_texts)
def test_any_name_is_only_text(build_listed: BuildListed, text: str) -> None:
    check_hostile(text, build_listed, types=False)

"""`/papers ...` over both transports: what each command says, and to whom."""

import pytest

from bot.core.schedule import Rhythm
from tests.edges.slack_app.conftest import Lab

ACK_SECONDS = 1.0


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "/papers: each day’s arXiv papers"),
        ("help", "/papers: each day’s arXiv papers"),
        ("list", "Nothing is subscribed here yet"),
        ("today", "2 of the 3 papers announced"),
        ("today clouds", "2 of the 3 papers announced"),
        ("search climb trees", "1 paper for climb trees"),
        ("search nothing like it", "nothing like it"),
        ("try cat", "cat would have matched 2 papers a day over the last 30 days"),
        ("try “sea” OR fog", "would have matched 1 paper"),
        ("why 2512.00001", "Clouds over the sea: it matches Clouds"),
        ("why https://arxiv.org/abs/2512.00003", "it matches no set"),
        ("saved", "You have saved no papers yet"),
        ("pause 99", "there is no subscription 99 here"),
        ("preview 99", "there is no subscription 99 here"),
        ("pause", "pause"),
        ("subscibe Clouds", "did you mean"),
        ("subscribe Cloudz", "did you mean `Clouds`?"),
        ('subscribe "VLM OR"', "position 7"),
        ("subscribe Clouds at 25:00", "25:00"),
        ("subscribe Clouds tz Berlim", "Europe/Berlin"),
        ("why me", "is not an arXiv id"),
        ("today nothing", "there is no keyword set `nothing` here"),
    ],
)
def test_what_changes_nothing_is_told_to_one_person(socket_lab: Lab, typed: str, said: str) -> None:
    done = socket_lab.ada.command(f"/papers {typed}", socket_lab.papers)
    assert done.ack.ok
    assert done.ack.seconds < ACK_SECONDS
    answer = done.wait_response(1)
    texts = " ".join([answer["text"], *done.wait_message(1).texts])
    assert said in texts
    assert answer["response_type"] == "ephemeral"
    assert socket_lab.subscriptions() == ()
    assert socket_lab.papers.messages == []
    assert socket_lab.count_faults() == 0


def test_each_command_over_each_transport(lab: Lab) -> None:
    for typed in ("help", "today", "search cats", "try cat", "list", "why 2512.00001", "saved"):
        done = lab.ada.command(f"/papers {typed}", lab.papers)
        assert done.ack.ok
        assert done.wait_response(1)["response_type"] == "ephemeral"
    for typed, said in (
        ("subscribe Clouds weekdays at 09:00", "Subscribed <#C0PAPERS> to Clouds: weekdays 09:00"),
        ("pause 1", "Paused Clouds"),
        ("resume #1", "Resumed Clouds"),
        ("remove 1", "Unsubscribed <#C0PAPERS> from Clouds"),
    ):
        answer = lab.ada.command(f"/papers {typed}", lab.papers).wait_response(1)
        assert answer["response_type"] == "in_channel"
        assert said in answer["text"]
    assert [message.text.split()[0] for message in lab.papers.messages] == [
        "Subscribed",
        "Paused",
        "Resumed",
        "Unsubscribed",
    ]
    view = lab.wait_filled(lab.ada.command("/papers edit 1", lab.papers))
    assert "there is no subscription 1 here" in " ".join(view.texts)
    assert lab.count_faults() == 0


def test_a_subscription_is_kept_as_it_was_typed(any_lab: Lab) -> None:
    kept = any_lab.subscribe("Clouds weekly fri at 08:30 tz America/New_York")
    assert str(kept.destination) == "channel T0LAB/C0PAPERS"
    assert (kept.schedule.rhythm, kept.schedule.weekday) == (Rhythm.WEEKLY, 4)
    assert kept.schedule.timezone == "America/New_York"
    assert kept.origin == "slack:T0LAB/U0ADA"


def test_a_query_becomes_a_set_of_the_workspace(any_lab: Lab) -> None:
    any_lab.subscribe('"robots climb" OR ti:cat')
    any_lab.subscribe("“robots climb” OR ti:cat")
    (made,) = any_lab.app.store.load_all_sets()
    assert (made.owner, made.creator) == ("slack:T0LAB", "slack:T0LAB/U0ADA")
    assert made.query == '"robots climb" OR ti:cat'
    assert len(any_lab.subscriptions()) == 1


def test_what_was_so_before_is_told_to_one_person(lab: Lab) -> None:
    lab.subscribe()
    assert "Nothing was changed" in lab.said(lab.ada, "/papers subscribe Clouds")
    assert len(lab.papers.messages) == 1
    lab.ada.command("/papers pause 1", lab.papers).wait_response(1)
    assert "is paused already" in lab.said(lab.ada, "/papers pause 1")
    assert len(lab.papers.messages) == 2


def test_what_is_typed_elsewhere_is_said_where_it_counts(lab: Lab) -> None:
    lab.subscribe()
    other = lab.team.add_channel("C0OTHER", "other", members={"U0ADA"})
    assert "Paused Clouds to <#C0PAPERS>" in lab.said(lab.ada, "/papers pause 1", other)
    lab.wait(lambda: len(lab.papers.messages) == 2)
    assert lab.papers.messages[1].text.startswith("Paused Clouds")
    assert other.messages == []


def test_in_a_direct_message_digests_come_to_the_one_with_the_app(lab: Lab) -> None:
    kept = lab.subscribe(where="@U0ADA")
    assert str(kept.destination) == f"channel T0LAB/{lab.team.direct('U0ADA').id}"
    # Slack offers the command in any direct message, where the app sees nothing.
    other = lab.team.add_channel("D0BEN2ADA", "", bot=False, members={"U0ADA", "U0BEN"})
    other.person = "U0NOBODY"
    assert "Nothing was changed" in lab.said(lab.ada, "/papers subscribe Clouds", other)
    kept = lab.subscribe(person=lab.ben, where=other)
    assert str(kept.destination) == f"channel T0LAB/{lab.team.direct('U0BEN').id}"
    assert other.messages == []


def test_who_may_not_is_told_who_may(lab: Lab) -> None:
    said = lab.said(lab.ben, "/papers subscribe Clouds")
    assert "only members of that channel and admins" in said
    lab.subscribe()
    assert "members of its channel and admins" in lab.said(lab.ben, "/papers pause 1")
    answer = lab.chief.command("/papers pause 1", lab.papers).wait_response(1)
    assert answer["text"].startswith("Paused")
    assert len(lab.papers.messages) == 2


def test_in_a_private_channel_without_the_app_it_is_told_to_invite_it(socket_lab: Lab) -> None:
    closed = socket_lab.team.add_channel(
        "G0CLOSED", "closed", private=True, bot=False, members={"U0ADA"}
    )
    said = socket_lab.said(socket_lab.ada, "/papers subscribe Clouds", closed)
    assert "This app is not in that conversation" in said
    assert "/invite" in said
    assert socket_lab.subscriptions() == ()


def test_what_is_only_for_some_is_not_listed_for_others(lab: Lab) -> None:
    lab.subscribe(person=lab.chief, where=lab.secret)
    lab.subscribe(person=lab.ben, where="@U0BEN")
    lab.subscribe()
    assert [line.split(" ")[0] for line in lab.said(lab.ada, "/papers list").splitlines()] == ["3"]
    assert lab.said(lab.chief, "/papers list").splitlines()[0].startswith("1 · Clouds")
    assert lab.said(lab.ada, "/papers preview 1") == lab.said(
        lab.ada, "/papers preview 99"
    ).replace("99", "1")
    assert lab.said(lab.ada, "/papers pause 2") == lab.said(lab.ada, "/papers pause 98").replace(
        "98", "2"
    )


def test_a_fault_is_shown_where_it_is(socket_lab: Lab) -> None:
    done = socket_lab.ada.command("/papers try cat AND (dog", socket_lab.papers)
    texts = done.wait_message(1).texts
    assert texts[-1] == f"cat AND (dog\n{' ' * 8}^ 9"


def test_the_new_subscription_has_the_persons_time_zone(socket_lab: Lab) -> None:
    socket_lab.team.users["U0ADA"].tz = "Asia/Tokyo"
    assert socket_lab.subscribe("Clouds at 9:00").schedule.timezone == "Asia/Tokyo"


def test_edit_opens_the_sets_editor_or_that_of_the_schedule(lab: Lab) -> None:
    lab.subscribe()
    view = lab.wait_filled(lab.ada.command("/papers edit 1", lab.papers))
    assert view.callback_id == "subscription_editor"
    lab.subscribe("robots")
    view = lab.wait_filled(lab.ada.command("/papers edit 2", lab.papers))
    assert view.callback_id == "set_editor"
    assert view.body["private_metadata"] == ('{"set": "slack:T0LAB/robots", "channel": "C0PAPERS"}')


@pytest.mark.parametrize(
    "typed",
    [
        "subscribe “grasp*” AND лодка",
        "try 視覺語言模型",
        "search <!channel> <@U0ADA> @here #papers",
        "today \u202eClouds\u202c",
        "subscribe " + "x" * 4_000,
        "try " + "(" * 500,
        "why 2512.00001'; DROP TABLE papers; --",
        "pause 99999999999999999999",
        "\u200b\u2060",
    ],
)
def test_whatever_is_typed_is_answered_with_a_sentence(socket_lab: Lab, typed: str) -> None:
    done = socket_lab.ada.command(f"/papers {typed}", socket_lab.papers)
    assert done.ack.ok
    answer = done.wait_response(1)
    for ping in ("<!channel>", "<@U0ADA>", "<!here>"):
        assert ping not in answer["text"]
    assert socket_lab.count_faults() == 0

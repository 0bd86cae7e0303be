"""Digests over the wire: where they go, what they hold, what was spoken of there before."""

import json
from dataclasses import replace

import pytest

from bot.core.papers import AnnounceType
from bot.core.slack_names import SlackPlace
from bot.core.subscriptions import CONFIG
from bot.flows.deliver import Result
from tests.adapters.slack.lab import (
    CLOUDS,
    Lab,
    check_thread,
    ids,
    make_papers,
    shown,
)
from tests.fakes.slack_api import LOST, Fault, Message, Rule

PAPERS = make_papers(30)
OTHERS = replace(CLOUDS, name="Other clouds")


def buttons(message: Message) -> dict[str, str]:
    return {
        element["action_id"]: element.get("value", element.get("url", ""))
        for block in message.blocks
        for element in block.get("elements", ())
        if element.get("type") == "button"
    }


@pytest.mark.parametrize("count", [1, 30])
def test_a_digest_is_a_message_and_its_papers_are_the_thread(lab: Lab, count: int) -> None:
    papers = make_papers(count)
    number = lab.plan(papers)
    outcome = lab.deliver(number)
    check_thread(lab, papers)
    (parent,) = lab.papers.messages
    assert (outcome.result, outcome.detail) == (Result.SENT, parent.url)
    assert lab.states(number) == ["pending", *["sending"] * (len(lab.slack.posted) + 1), "sent"]
    for call in lab.slack.calls("chat.postMessage"):
        assert call.arguments["unfurl_links"] is call.arguments["unfurl_media"] is False
        assert call.arguments["text"]


def test_its_buttons_name_the_set_and_the_subscription(lab: Lab) -> None:
    number = lab.plan(PAPERS)
    lab.deliver(number, lab.sender(page="https://papers.lab.example/r/token"))
    (parent,) = lab.papers.messages
    values = buttons(parent)
    assert values["set_edit"] == "slack:T0LAB/Clouds"
    assert values["mute"] == str(lab.paused(number).id)
    assert any(url.startswith("https://papers.lab.example/") for url in values.values())


@pytest.mark.parametrize("address", ["#papers", "papers", "C0PAPERS", "T0LAB/C0PAPERS"])
def test_a_channel_of_the_home_workspace_may_be_named_in_any_way(lab: Lab, address: str) -> None:
    for number in range(250):
        lab.team.add_channel(f"C0{number}", f"chatter-{number}", bot=False)
    lab.slack.world.page = 100
    assert lab.deliver(lab.plan(PAPERS, address=address)).result is Result.SENT
    check_thread(lab, PAPERS)


def test_names_are_asked_for_once_by_all_deliveries_of_some_minutes(lab: Lab) -> None:
    sender = lab.sender()
    lab.deliver(lab.plan(PAPERS, address="#papers"), sender)
    other = lab.plan(make_papers(2, 900), address="#Papers", keyword_set=OTHERS)
    assert lab.deliver(other, sender).result is Result.SENT
    assert len(lab.slack.calls("conversations.list")) == 1


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("#paperz", "another (did you mean #papers?)"),
        ("#zzz", "another"),
    ],
)
def test_a_name_that_no_channel_has_pauses_the_subscription(
    lab: Lab, address: str, reason: str
) -> None:
    reason = (
        f"the app sees no channel {address}: invite it there, if the channel is private, or name"
        f" {reason}"
    )
    number = lab.plan(PAPERS, address=address, origin=CONFIG)
    outcome = lab.deliver(number)
    assert (outcome.result, outcome.detail) == (Result.PAUSED, reason)
    assert (lab.paused(number).paused, lab.paused(number).reason) == (True, reason)
    assert lab.slack.posted == []


def test_a_new_channel_is_found_although_names_are_kept(lab: Lab) -> None:
    sender = lab.sender()
    lab.deliver(lab.plan(PAPERS, address="#papers"), sender)
    lab.team.add_channel("C0NEW", "new")
    number = lab.plan(make_papers(2, 900), address="#new", keyword_set=OTHERS)
    # Not more often than once a minute, whoever asks for what is not there.
    assert lab.deliver(number, sender).result is Result.PAUSED
    fresh = lab.clients(elapsed=lambda: 1e6)
    lab.store.pause_subscription(lab.paused(number).id, paused=False)
    assert lab.deliver(number, lab.sender(fresh)).result is Result.SENT


@pytest.mark.parametrize("private", [True, False])
def test_private_channels_and_direct_messages_get_digests_too(lab: Lab, *, private: bool) -> None:
    channel = (
        lab.team.add_channel("G0SECRET", "secret", private=True)
        if private
        else lab.team.direct("U0ADA")
    )
    assert lab.deliver(lab.plan(PAPERS, address=f"T0LAB/{channel.id}")).result is Result.SENT
    check_thread(lab, PAPERS, channel)


def test_a_paper_that_the_bot_posted_there_before_is_marked_and_not_posted_again(lab: Lab) -> None:
    first, second = PAPERS[:20], PAPERS[10:]
    lab.deliver(lab.plan(first))
    before = len(lab.papers.everything)
    lab.deliver(lab.plan(second, keyword_set=OTHERS))
    later = lab.papers.everything[before:]
    assert shown(later) == ids(PAPERS[20:])
    # Each of the ten is a line that leads to the message that shows it.
    showing = {
        base_id: message.url
        for message in lab.papers.everything[:before]
        for base_id in shown([message])
    }
    links = [link for message in later for link in message.links if "slack.com" in link]
    assert links == [showing[base_id] for base_id in ids(PAPERS[10:20])]


def test_what_stood_in_another_channel_is_no_news_there(lab: Lab) -> None:
    other = lab.team.add_channel("C0OTHER", "other")
    lab.deliver(lab.plan(PAPERS))
    lab.deliver(lab.plan(PAPERS, address="T0LAB/C0OTHER", keyword_set=OTHERS))
    check_thread(lab, PAPERS, other)


def test_a_paper_that_somebody_linked_to_is_marked_with_a_link_to_that_message(lab: Lab) -> None:
    said = lab.team.user("U0BEN").say(lab.papers, "read https://arxiv.org/pdf/2512.00002v1 all!")
    lab.deliver(lab.plan(PAPERS))
    *_, parent = lab.papers.messages
    replies = lab.papers.thread(parent.ts)[1:]
    assert shown(replies) == [each for each in ids(PAPERS) if each != "2512.00002"]
    assert said.url in [link for message in replies for link in message.links]


def test_a_new_version_is_posted_although_the_paper_was_spoken_of(lab: Lab) -> None:
    lab.deliver(lab.plan(PAPERS))
    revised = [replace(paper, version=2) for paper in PAPERS]
    before = len(lab.papers.everything)
    lab.deliver(lab.plan(revised, kind=AnnounceType.REPLACE, keyword_set=OTHERS))
    assert shown(lab.papers.everything[before:]) == ids(PAPERS)


def test_where_slack_tells_no_links_they_are_composed(lab: Lab) -> None:
    lab.team.user("U0BEN").say(lab.papers, "arxiv.org/abs/2512.00002")
    said = lab.team.user("U0BEN").say(lab.papers, "arxiv.org/abs/2512.00001")
    lab.slack.misbehave(Rule(LOST, method="chat.getPermalink", nth=(2,)))
    lab.deliver(lab.plan(PAPERS))
    assert len(lab.slack.calls("chat.getPermalink")) == 2
    links = [link for message in lab.papers.everything for link in message.links]
    assert f"https://team-t0lab.slack.com/archives/C0PAPERS/p{said.ts.replace('.', '')}" in links


def test_a_digest_that_was_begun_is_cut_as_before_whatever_is_said_meanwhile(lab: Lab) -> None:
    number = lab.plan(PAPERS)
    lab.slack.misbehave(Rule(LOST, nth=(2,)))
    assert lab.deliver(number).result is Result.UNKNOWN
    for paper in (PAPERS[3], PAPERS[12], PAPERS[29]):
        lab.team.user("U0BEN").say(lab.papers, paper.url)
    lab.papers.name = "renamed"
    assert lab.deliver(number).result is Result.SENT
    check_thread(lab, PAPERS)


def test_until_something_was_posted_what_is_said_meanwhile_counts(lab: Lab) -> None:
    number = lab.plan(PAPERS)
    lab.slack.misbehave(Rule(LOST, method="auth.test", times=2))
    assert lab.deliver(number).result is Result.LATER
    lab.team.user("U0BEN").say(lab.papers, PAPERS[29].url)
    assert lab.deliver(number).result is Result.SENT
    *_, parent = lab.papers.messages
    assert shown(lab.papers.thread(parent.ts)) == ids(PAPERS[:29])


def rewrite_draft(lab: Lab, number: int, **changed: object) -> None:
    ((draft,),) = lab.execute("SELECT draft FROM deliveries WHERE id = :number", number=number)
    written = json.dumps({**json.loads(str(draft)), **changed})
    lab.execute(
        "UPDATE deliveries SET draft = :draft WHERE id = :number", draft=written, number=number
    )


def test_a_program_that_cuts_otherwise_than_the_one_that_began_loses_no_paper(lab: Lab) -> None:
    number = lab.plan(PAPERS)
    lab.slack.misbehave(Rule(LOST, nth=(3,)))
    lab.deliver(number)
    # Another version put five papers into each message.
    old = [[], *(ids(PAPERS[start : start + 5]) for start in range(0, 30, 5))]
    rewrite_draft(lab, number, cut=old)
    assert lab.deliver(number).result is Result.SENT
    (parent,) = lab.papers.messages
    there = shown(lab.papers.thread(parent.ts))
    assert set(there) == set(ids(PAPERS))
    # A crash after that finds all of it.
    assert lab.deliver(number).result is Result.SKIPPED


def test_what_another_version_began_is_left_to_it(lab: Lab) -> None:
    number = lab.plan(PAPERS)
    lab.slack.misbehave(Rule(LOST, nth=(3,)))
    lab.deliver(number)
    rewrite_draft(lab, number, version=2)
    outcome = lab.deliver(number)
    assert outcome.result is Result.UNKNOWN
    assert outcome.detail == "another version of papers-bot began it: let that one finish it"
    rewrite_draft(lab, number, version=1)
    assert lab.deliver(number).result is Result.SENT
    check_thread(lab, PAPERS)


def test_a_delivery_of_nobodys_subscription_is_posted_all_the_same(lab: Lab) -> None:
    number = lab.plan(PAPERS)
    subscription = lab.paused(number)
    assert lab.store.load_discussed(SlackPlace("T0LAB", "C0PAPERS"), ids(PAPERS)) == {}

    class Forgetful:
        """A memory that knows no subscription, as after a restored backup."""

        def __getattr__(self, name: str) -> object:
            if name == "subscription_of":
                return lambda _key: None
            return getattr(lab.store, name)

    lab.deliver(number, lab.sender(store=Forgetful()))
    check_thread(lab, PAPERS)
    (parent,) = lab.papers.messages
    assert "mute" not in buttons(parent)
    assert subscription.id


@pytest.mark.parametrize("draft", ["not JSON", "{}", "[]", '{"version": 1, "here": 7}'])
def test_a_draft_that_cannot_be_read_loses_nothing(lab: Lab, draft: str) -> None:
    number = lab.plan(PAPERS)
    lab.slack.misbehave(Rule(LOST, nth=(3,)))
    lab.deliver(number)
    lab.execute("UPDATE deliveries SET draft = :draft", draft=draft)
    assert lab.deliver(number).result is Result.UNKNOWN
    assert len(lab.slack.posted) == 3


def test_of_very_many_links_the_last_are_composed(lab: Lab) -> None:
    papers = make_papers(60)
    said = [lab.team.user("U0BEN").say(lab.papers, paper.url) for paper in papers]
    lab.deliver(lab.plan(papers))
    assert len(lab.slack.calls("chat.getPermalink")) == 50
    links = {link for message in lab.papers.everything for link in message.links}
    composed = f"https://team-t0lab.slack.com/archives/C0PAPERS/p{said[-1].ts.replace('.', '')}"
    assert {said[0].url, composed} <= links


def test_a_digest_is_named_by_its_ids_where_its_address_is_not_known(lab: Lab) -> None:
    number = lab.plan(PAPERS)
    lab.slack.misbehave(Rule(LOST, nth=(4,)))
    lab.deliver(number)
    found = lab.store.load_delivery(number)
    assert found is not None
    (parent,) = lab.papers.messages
    last = lab.papers.everything[-1]
    lab.execute(
        "UPDATE delivery_parts SET reference = :ts WHERE number = 4",
        ts=last.ts,
    )
    lab.slack.misbehave(LOST, "auth.test")
    outcome = lab.deliver(number)
    assert (outcome.result, outcome.detail) == (
        Result.FOUND,
        f"T0LAB/C0PAPERS {parent.ts}",
    )


def test_what_slack_lists_beside_channels_is_passed_over(lab: Lab) -> None:
    body = {"ok": True, "channels": ["x", {"id": "C1"}, {"id": "C0PAPERS", "name": "papers"}]}
    lab.slack.misbehave(Fault(body=json.dumps(body)), "conversations.list")
    assert lab.deliver(lab.plan(PAPERS, address="#papers")).result is Result.SENT


def test_names_are_looked_for_on_so_many_pages_and_no_more(lab: Lab) -> None:
    lab.slack.world.page = 1
    for each in range(105):
        lab.team.add_channel(f"C1{each:03}", f"chatter-{each}", bot=False)
    lab.team.add_channel("C2LAST", "last")
    outcome = lab.deliver(lab.plan(PAPERS, address="#last"))
    assert outcome.result is Result.PAUSED
    assert len(lab.slack.calls("conversations.list")) == 100

"""How fast Slack is asked: turns that all processes share, and pauses that it asks for."""

import threading
from collections.abc import Callable
from dataclasses import replace

import pytest

from bot.adapters.slack.client import SlackClients
from bot.adapters.slack.errors import SlackError, Trouble, read_pause
from bot.adapters.slack.history import PaperReader
from bot.adapters.slack.places import Places
from bot.adapters.slack.rates import HISTORY, POST, Rates
from bot.adapters.slack.sender import SlackSender
from bot.adapters.store import Store
from bot.core.editions import DestinationKind
from bot.core.retrying import BACK_OFF, MOST_ATTEMPTS
from bot.core.slack_names import SlackPlace
from bot.flows.deliver import Result
from tests.adapters.slack.lab import CLOUDS, Lab, check_thread, make_papers
from tests.fakes.slack_api import Fault, Rule, SlackApi
from tests.fakes.slack_api import Rates as SlackRates

PAPERS = make_papers(30)


class Time:
    """Time that goes by only where somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(round(seconds, 3))
        self.now += seconds


def build(store: Store, time: Time, per_minute: int = 60, every_s: float = 1.0) -> Rates:
    return Rates(store, per_minute, channel_every_s=every_s, now=time, sleep=time.sleep)


def test_a_channel_takes_a_message_a_second_whoever_posts_it(store: Store) -> None:
    time = Time()
    one, other = build(store, time, 6000), build(store, time, 6000)
    for rates in (one, other, one, other):
        rates.await_post("T01", "C01")
    assert time.slept == [1.0, 1.0, 1.0]


def test_a_workspace_takes_so_many_messages_a_minute_over_all_channels(store: Store) -> None:
    time = Time()
    one, other = build(store, time, 240), build(store, time, 240)
    for channel in range(8):
        (one, other)[channel % 2].await_post("T01", f"C{channel:02}")
    assert time.slept == [0.25] * 7
    one.await_post("T02", "C01")
    assert len(time.slept) == 7


def test_a_turn_that_is_far_ahead_is_not_waited_for(store: Store) -> None:
    time = Time()
    rates = build(store, time, 1)
    rates.await_post("T01", "C01")
    with pytest.raises(SlackError, match=r"its next turn is in 60 s") as refused:
        rates.await_post("T01", "C02")
    assert refused.value.trouble is Trouble.BUSY
    assert refused.value.retry_after == 60
    # Nobody lost a turn over it.
    time.now += 60
    rates.await_post("T01", "C02")
    assert time.slept == []


def test_a_pause_is_kept_by_all_and_only_for_what_it_was_asked_for(store: Store) -> None:
    time = Time()
    one, other = build(store, time), build(store, time)
    one.hold("T01", POST, 20)
    one.hold("T01", POST, 5)
    other.await_call("T01", HISTORY)
    other.await_post("T02", "C01")
    assert time.slept == []
    other.await_post("T01", "C01")
    assert time.slept == [20]
    one.hold("T01", "users.info", 31)
    with pytest.raises(SlackError, match="its next turn is in 31 s"):
        other.await_call("T01", "users.info")


def test_after_a_clock_was_set_back_nobody_waits_for_the_times_of_before(store: Store) -> None:
    time = Time()
    rates = build(store, time)
    rates.await_post("T01", "C01")
    rates.hold("T01", POST, 10)
    time.now -= 40 * 86_400
    rates.await_post("T01", "C01")
    assert time.slept == []
    rates.hold("T01", POST, 10)
    rates.await_post("T01", "C02")
    assert time.slept == [10]


def test_pages_of_history_are_read_in_a_burst_and_then_at_slacks_pace(store: Store) -> None:
    time = Time()
    rates = build(store, time)
    assert sum(rates.may_read("T01") for _ in range(60)) == 34
    assert rates.may_read("T02")
    time.now += 6
    assert sum(rates.may_read("T01") for _ in range(60)) == 5
    rates.hold("T01", HISTORY, 100)
    time.now += 50
    assert not rates.may_read("T01")
    time.now += 50
    assert rates.may_read("T01")


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7),
        ({"retry-after": "0.25"}, 0.25),
        ({"Retry-After": 3}, 3),
        ({}, 30),
        ({"Retry-After": "soon"}, 30),
        ({"Retry-After": "nan"}, 30),
        ({"Retry-After": "inf"}, 30),
        ({"Retry-After": "-1"}, 0),
        ({"Retry-After": "99999999"}, 86_400),
    ],
)
def test_how_long_slack_asks_to_wait_is_read(headers: dict[str, object], seconds: float) -> None:
    assert read_pause(headers) == seconds


@pytest.mark.parametrize("part", [1, 2, 4])
def test_a_short_pause_is_kept_on_the_spot(lab: Lab, part: int) -> None:
    number = lab.plan(PAPERS)
    lab.slack.misbehave(Rule(Fault(retry_after=7), nth=(part, part + 1)))
    assert lab.deliver(number).result is Result.SENT
    assert [round(slept) for slept in lab.slept] == [7, 7]
    check_thread(lab, PAPERS)


def test_a_long_pause_gives_the_delivery_back_and_all_wait(lab: Lab) -> None:
    number = lab.plan(PAPERS)
    lab.slack.misbehave(Rule(Fault(retry_after=600), nth=(2,)))
    outcome = lab.deliver(number)
    assert (outcome.result, lab.states(number)[-1]) == (Result.BUSY, "retry")
    assert outcome.detail.endswith("chat.postMessage: it asks to wait 600 s (ratelimited)")
    other = lab.plan(make_papers(3, 900), keyword_set=replace(CLOUDS, name="Others"))
    # Nobody asks before that time, neither for this channel nor for another.
    assert lab.deliver(other).result is Result.BUSY
    assert lab.deliver(number).result is Result.BUSY
    assert len(lab.slack.calls("chat.postMessage")) == 2
    assert lab.slept == []
    lab.slack.advance(601)
    assert lab.deliver(number).result is Result.SENT
    check_thread(lab, PAPERS)


def test_who_keeps_asking_to_wait_never_uses_a_delivery_up(lab: Lab) -> None:
    number = lab.plan(PAPERS)
    lab.slack.misbehave(Fault(retry_after=1))
    tries = MOST_ATTEMPTS + len(BACK_OFF[DestinationKind.CHANNEL]) + 5
    results = {lab.deliver(number).result for _ in range(tries)}
    assert results == {Result.BUSY}
    lab.slack.behave()
    lab.slack.advance(60)
    lab.slack.misbehave(Rule(Fault(drop="acted"), nth=(2,)))
    assert lab.deliver(number).result is Result.UNKNOWN
    # Looking may have to wait, too.
    lab.slack.misbehave(Fault(retry_after=120), "conversations.replies")
    assert {lab.deliver(number).result for _ in range(tries)} == {Result.BUSY}
    assert lab.states(number)[-1] == "unknown"
    lab.slack.behave()
    lab.slack.advance(180)
    assert lab.deliver(number).result is Result.SENT
    check_thread(lab, PAPERS)


def post_from(lab: Lab, number: int) -> Callable[[], None]:
    """Give another process's way to deliver: clients, rates and caches of its own."""

    def post() -> None:
        rates = Rates(lab.store, 60 * 60, channel_every_s=0.05)
        clients = SlackClients(rates, api_url=lab.slack.url, home_token=lab.team.token)
        sender = SlackSender(clients, Places(clients), PaperReader(clients, lab.store), lab.store)
        assert lab.deliver(number, sender).result is Result.SENT

    return post


def test_two_who_deliver_at_once_keep_slacks_rates_together(file_store: Store) -> None:
    # Twenty times as fast as Slack: a message each 50 ms in a channel, 1,200 a minute and more.
    with SlackApi(
        rates=SlackRates(channel_burst=1, team_burst=2, grace=0.8), speed=20, retry_after="float"
    ) as slack:
        lab = Lab(slack, file_store)
        numbers = []
        for each in range(6):
            channel = lab.team.add_channel(f"C0N{each}", f"n{each}")
            numbers.append(
                lab.plan(
                    PAPERS,
                    address=f"T0LAB/{channel.id}",
                    keyword_set=replace(CLOUDS, name=f"Clouds {each}"),
                )
            )
        threads = [
            threading.Thread(target=lambda mine=mine: [post_from(lab, each)() for each in mine])
            for mine in (numbers[::2], numbers[1::2])
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(slack.posted) == 24
        refused = [call for call in slack.calls("chat.postMessage") if call.posted is None]
        assert len(refused) <= 2
        for number in range(6):
            check_thread(lab, PAPERS, lab.team.channel(f"C0N{number}"))


def test_history_that_may_be_read_once_a_minute_is_left_unread(lab: Lab) -> None:
    lab.slack.misbehave(Fault(retry_after=60), HISTORY)
    lab.team.user("U0BEN").say(lab.papers, PAPERS[0].url)
    assert lab.deliver(lab.plan(PAPERS)).result is Result.SENT
    assert lab.store.load_reading(SlackPlace("T0LAB", "C0PAPERS")) == ""
    assert len(lab.slack.calls(HISTORY)) == 1

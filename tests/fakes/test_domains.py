"""Who is left alone for how long, and whose turn it is."""

from typing import TYPE_CHECKING

import pytest

from bot.adapters.smtp.domains import THE_RELAY
from tests.fakes.domains import OwnDomains

if TYPE_CHECKING:
    from bot.adapters.smtp.domains import Domains

    _DOMAINS: Domains = OwnDomains()


class Seconds:
    """A clock of seconds that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


def test_nobody_waits_without_a_reason(seconds: Seconds) -> None:
    domains = OwnDomains(clock=seconds)
    domains.clear("a.example")
    assert [domains.hold("a.example", str(key)) for key in range(100)] == [0.0] * 100


def test_who_asked_for_a_rest_gets_it_and_nobody_else(seconds: Seconds) -> None:
    domains = OwnDomains(clock=seconds)
    assert domains.trip("a.example", 300, "busy") == 300
    seconds.now += 100
    assert domains.hold("a.example", "1") == 200
    assert domains.hold("b.example", "1") == 0
    assert domains.hold(THE_RELAY, "1") == 0
    seconds.now += 200
    assert domains.hold("a.example", "1") == 0


def test_whoever_asks_again_is_left_alone_longer_up_to_an_hour(seconds: Seconds) -> None:
    domains = OwnDomains(clock=seconds)
    pauses = []
    for _ in range(20):
        pauses.append(domains.trip("a.example", 300, "busy"))
        seconds.now += pauses[-1]
    assert pauses[:5] == [300, 600, 1200, 2400, 3600]
    assert set(pauses[5:]) == {3600}
    domains.clear("a.example")
    assert domains.trip("a.example", 300, "busy") == 300


def test_of_several_that_are_refused_together_one_counts(seconds: Seconds) -> None:
    domains = OwnDomains(clock=seconds)
    assert [domains.trip("a.example", 300, "busy") for _ in range(4)] == [300] * 4
    seconds.now += 300
    assert domains.trip("a.example", 300, "busy") == 600


def test_a_domain_that_takes_mail_is_left_alone_no_longer(seconds: Seconds) -> None:
    domains = OwnDomains(clock=seconds)
    domains.trip("a.example", 300, "busy")
    domains.clear("a.example")
    assert domains.hold("a.example", "1") == 0


def test_mail_to_one_domain_keeps_its_pace(seconds: Seconds) -> None:
    domains = OwnDomains(60, seconds)
    assert [domains.hold("a.example", str(key)) for key in range(5)] == [0, 1, 2, 3, 4]
    assert domains.hold("b.example", "x") == 0
    assert [domains.hold(THE_RELAY, str(key)) for key in range(5)] == [0] * 5


def test_whoever_waits_keeps_its_place(seconds: Seconds) -> None:
    domains = OwnDomains(60, seconds)
    for key in range(4):
        domains.hold("a.example", str(key))
    assert domains.hold("a.example", "3") == 3
    seconds.now += 2.5
    assert domains.hold("a.example", "late") == 1.5
    assert [domains.hold("a.example", str(key)) for key in (1, 2, 3)] == [0, 0, 0.5]


def test_turns_that_nobody_takes_are_forgotten(seconds: Seconds) -> None:
    domains = OwnDomains(60, seconds)
    for key in range(50):
        domains.hold("a.example", str(key))
    seconds.now += 200
    assert domains.hold("a.example", "a") == 0
    assert domains.hold("a.example", "b") == 1
    assert domains.hold("a.example", "20") == 2


def test_a_turn_is_no_good_while_the_domain_is_left_alone(seconds: Seconds) -> None:
    domains = OwnDomains(60, seconds)
    domains.hold("a.example", "1")
    domains.hold("a.example", "2")
    domains.trip("a.example", 300, "busy")
    assert domains.hold("a.example", "2") == 300
    seconds.now += 300
    assert domains.hold("a.example", "2") == 0

from datetime import datetime, timedelta

import pytest

from bot.adapters.seals import Seals
from bot.errors import MissingError
from bot.flows.signing_in import COMMAND_LINE, ask_for_link, check_link, enter, write_link
from tests.fakes.papers import NOW

ADA = "Ada@lab.example"
SEALS = Seals("k" * 32)
LATER = NOW + timedelta(minutes=16)


class OnceMemory:
    """Remembers turns and events for good."""

    def __init__(self) -> None:
        self.turns: dict[str, datetime] = {}
        self.events: set[str] = set()

    def take_turn(self, name: str, now: datetime, every: timedelta) -> bool:
        if name in self.turns and self.turns[name] + every > now:
            return False
        self.turns[name] = now
        return True

    def see_event(self, name: str, at: datetime) -> bool:
        del at
        if name in self.events:
            return False
        self.events.add(name)
        return True


@pytest.fixture
def store() -> OnceMemory:
    return OnceMemory()


def ask(store: OnceMemory, address: str, now: datetime = NOW) -> list[tuple[str, str]]:
    sent: list[tuple[str, str]] = []
    ask_for_link(
        *(store, SEALS, (ADA, "bo@lab.example"), address),
        nonce="n",
        now=now,
        send=lambda *mail: sent.append(mail),
    )
    return sent


def test_operators_get_a_link_a_minute_and_others_none(store: OnceMemory) -> None:
    ((address, token),) = ask(store, " ada@LAB.example\n")
    assert address == ADA
    assert enter(store, SEALS, (ADA,), token, NOW) == ADA
    assert ask(store, ADA) == []
    assert len(ask(store, "bo@lab.example")) == 1
    assert len(ask(store, ADA, NOW + timedelta(minutes=1))) == 1
    for other in ("", "eve@lab.example", "ada@lab.example, eve@lab.example"):
        assert ask(store, other) == []


def test_a_link_works_once(store: OnceMemory) -> None:
    token = write_link(SEALS, COMMAND_LINE, "n", NOW)
    check_link(SEALS, (), token, NOW)
    check_link(SEALS, (), token, NOW)
    assert enter(store, SEALS, (), token, NOW) == COMMAND_LINE
    with pytest.raises(MissingError, match="used before"):
        enter(store, SEALS, (), token, NOW)


def test_a_link_is_for_a_quarter_of_an_hour_and_for_operators(store: OnceMemory) -> None:
    token = write_link(SEALS, ADA, "n", NOW)
    with pytest.raises(MissingError, match="older than 15 minutes"):
        enter(store, SEALS, (ADA,), token, LATER)
    with pytest.raises(MissingError, match="no operator any more"):
        enter(store, SEALS, (), token, NOW)
    with pytest.raises(MissingError, match="not one of ours"):
        enter(store, SEALS, (ADA,), SEALS.seal("edition", ADA, "n", 1), NOW)
    assert not store.events

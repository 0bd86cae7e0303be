from dataclasses import dataclass, field, replace
from datetime import datetime

import pytest

from bot.core.editions import Destination, DestinationKind
from bot.core.slack_names import parse_place
from bot.core.subscriptions import Subscription
from bot.flows.leaving import leave_workspace


def subscription(number: int, address: str, *, paused: bool = False) -> Subscription:
    place = Destination(DestinationKind.CHANNEL, address)
    return Subscription("config", "Clouds", place, id=number, paused=paused)


@dataclass
class KeptWorkspaces:
    """Keeps subscriptions, tokens and notes of workspaces."""

    subscriptions: dict[int, Subscription]
    tokens: set[str] = field(default_factory=lambda: {"T0LAB", "T0ELSE"})
    notes: set[str] = field(default_factory=lambda: {"T0LAB", "T0ELSE"})

    def load_workspace_subscriptions(self, team: str) -> tuple[Subscription, ...]:
        return tuple(
            each
            for each in self.subscriptions.values()
            if parse_place(each.destination.address).team == team
        )

    def pause_subscription(
        self,
        subscription_id: int,
        *,
        paused: bool,
        reason: str = "",
        until: datetime | None = None,
    ) -> bool:
        known = self.subscriptions[subscription_id]
        changed = replace(known, paused=paused, reason=reason, until=until)
        self.subscriptions[subscription_id] = changed
        return subscription_id != 6

    def forget_workspace(self, team: str) -> None:
        self.notes.discard(team)

    def forget_tokens(self, team: str) -> None:
        self.tokens.discard(team)


@pytest.fixture
def kept() -> KeptWorkspaces:
    every = (
        subscription(1, "T0LAB/C0PAPERS"),
        subscription(2, "T0LAB/D0ADA", paused=True),
        subscription(3, "T0ELSE/C0ELSE"),
        subscription(4, "#papers"),
        subscription(5, "T0LAB/C0OTHER"),
        subscription(6, "T0LAB/C0GONE"),
    )
    return KeptWorkspaces({each.id: each for each in every})


def leave(kept: KeptWorkspaces, *, is_home: bool = False, for_good: bool = True) -> set[int]:
    paused = leave_workspace(
        kept, kept, "T0LAB", is_home=is_home, reason="it left", for_good=for_good
    )
    return {each.id for each in paused}


def test_a_workspace_that_leaves_is_paused_and_forgotten(kept: KeptWorkspaces) -> None:
    # The sixth was removed, or paused by another process, just now.
    assert leave(kept) == {1, 5}
    assert kept.subscriptions[1].reason == "it left"
    assert kept.subscriptions[2].reason == ""
    assert kept.tokens == kept.notes == {"T0ELSE"}
    assert not kept.subscriptions[3].paused
    assert not kept.subscriptions[4].paused


def test_the_configurations_channels_are_those_of_the_home_workspace(kept: KeptWorkspaces) -> None:
    assert leave(kept, is_home=True) == {1, 4, 5}


def test_what_people_saved_stays_where_only_the_token_ended(kept: KeptWorkspaces) -> None:
    leave(kept, for_good=False)
    assert kept.tokens == {"T0ELSE"}
    assert kept.notes == {"T0LAB", "T0ELSE"}


def test_one_workspace_alone_has_no_tokens_to_forget(kept: KeptWorkspaces) -> None:
    paused = leave_workspace(kept, None, "T0ELSE", is_home=False, reason="it left", for_good=True)
    assert [each.id for each in paused] == [3]

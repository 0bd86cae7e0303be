"""A Slack workspace that took the app out: let its tokens go, let nothing more leave for it."""

from datetime import datetime
from typing import Protocol

from bot.core.slack_names import HOME
from bot.core.subscriptions import Subscription


class LeavingStore(Protocol):
    """What is kept of a workspace."""

    def load_workspace_subscriptions(self, team: str, /) -> tuple[Subscription, ...]:
        """Load those to conversations of a Slack workspace, HOME included, oldest first."""
        ...

    def pause_subscription(
        self,
        subscription_id: int,
        /,
        *,
        paused: bool,
        reason: str = "",
        until: datetime | None = None,
    ) -> bool:
        """Pause a subscription or let it go on; False where it is so already."""
        ...

    def forget_workspace(self, team: str, /) -> None:
        """Remove what its people marked, and where its papers were spoken of."""
        ...


class TokenStore(Protocol):
    """The tokens of workspaces that installed the app."""

    def forget_tokens(self, team: str, /) -> None:
        """Delete all tokens of a workspace."""
        ...


def leave_workspace(
    store: LeavingStore,
    tokens: TokenStore | None,
    team: str,
    *,
    is_home: bool,
    reason: str,
    for_good: bool,
) -> tuple[Subscription, ...]:
    """Delete a workspace's tokens and pause its subscriptions; return those that were paused now.

    `is_home`: it is the one that the configuration's channels are of, too. `for_good`: forget what
    its people saved, too. Subscriptions and keyword sets stay, for when the app is back.
    """
    if tokens is not None:
        tokens.forget_tokens(team)
    theirs = store.load_workspace_subscriptions(team)
    if is_home:
        theirs = (*theirs, *store.load_workspace_subscriptions(HOME))
    paused = tuple(
        each
        for each in theirs
        if not each.paused and store.pause_subscription(each.id, paused=True, reason=reason)
    )
    if for_good:
        store.forget_workspace(team)
    return paused

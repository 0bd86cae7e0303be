"""Modals: opens them before their trigger has had its time, and changes them in order."""

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.adapters.slack.errors import SlackError
from bot.edges.slack_app.asked import Asker, get_text

if TYPE_CHECKING:
    from bot.adapters.slack.client import SlackClients

View = Mapping[str, Any]

# A trigger opens one modal: a click that Slack tells again opens none.
_USED = frozenset({"exchanged_trigger_id", "trigger_exchanged"})
# The person closed it, or it is somebody else's; or it shows something newer.
_GONE, _CHANGED = "not_found", "hash_conflict"
_MOST_KEPT = 1000
_OPEN_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Opened:
    """A modal that is there; `hash` names what it shows."""

    id: str
    hash: str


class Views:
    """The modals that people have open."""

    def __init__(self, clients: "SlackClients") -> None:
        """Know of none yet."""
        self._clients = clients
        self._lock = threading.Lock()
        self._later: OrderedDict[str, str] = OrderedDict()

    def open(self, asker: Asker, view: View, *, inside: bool = False) -> Opened | None:
        """Open a modal, above the one that is open if `inside`; None where that was done before.

        Raise SlackError, as for a trigger that is older than three seconds.
        """
        method = "views.push" if inside else "views.open"
        try:
            told = self._clients.ask(
                asker.person.team,
                method,
                timeout_s=_OPEN_SECONDS,
                trigger_id=asker.trigger,
                view=view,
            )
        except SlackError as error:
            if error.code in _USED:
                return None
            raise
        return Opened(get_text(told, "view", "id"), get_text(told, "view", "hash"))

    def update(self, team: str, opened: Opened, view: View) -> bool:
        """Show something else in a modal; False where it was closed or shows something newer.

        What this program has shown since `opened` was looked at is no other's change: two answers
        to what was typed in a row are both shown, the newer one last. Raise SlackError.
        """
        now = self._find_newest(opened.hash)
        try:
            told = self._clients.ask(
                team, "views.update", view_id=opened.id, hash=now or None, view=view
            )
        except SlackError as error:
            if error.code in (_GONE, _CHANGED):
                return False
            raise
        self._remember(now, get_text(told, "view", "hash"))
        return True

    def _find_newest(self, known: str) -> str:
        with self._lock:
            while known in self._later:
                known = self._later[known]
            return known

    def _remember(self, before: str, after: str) -> None:
        if not before or not after or before == after:
            return
        with self._lock:
            self._later[before] = after
            while len(self._later) > _MOST_KEPT:
                self._later.popitem(last=False)

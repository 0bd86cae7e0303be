"""The two mails that come of asking to subscribe: a link to confirm, or to the preferences."""

from collections.abc import Callable
from datetime import datetime
from uuid import uuid4

from bot.adapters.smtp.sender import NoticeSender
from bot.render.email import Confirm, Preferences
from bot.render.paths import Paths


class ReaderNotices:
    """Mails links to whoever is asked for; each raises DeliveryError as `NoticeSender` does."""

    def __init__(self, sender: NoticeSender, base_url: str, now: Callable[[], datetime]) -> None:
        """Lead to pages below `base_url`."""
        self._sender = sender
        self._paths = Paths(base_url)
        self._now = now

    def ask_to_confirm(self, address: str, set_name: str, schedule: str, token: str) -> None:
        """Mail a link to confirm; `schedule` is in words."""
        notice = Confirm(set_name, schedule, self._paths.confirm(token))
        self._sender.send(notice, address, uuid4().hex, self._now())

    def show_preferences(self, address: str, set_name: str, token: str) -> None:
        """Mail a link to the preferences, to a subscriber who asked again."""
        notice = Preferences(set_name, self._paths.preferences(token))
        self._sender.send(notice, address, uuid4().hex, self._now())

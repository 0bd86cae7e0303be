"""Where the configuration says that bounces arrive -> what reads them; connects to nothing yet."""

import ssl

from bot.adapters.bounces.mailbox import ImapMailbox
from bot.adapters.bounces.maildir import Maildir
from bot.config.bounce_source import BouncePlace, MaildirPlace


def open_mailbox(
    place: BouncePlace, context: ssl.SSLContext | None = None
) -> Maildir | ImapMailbox:
    """Build what reads a place; `context` says which certificates are trusted."""
    if isinstance(place, MaildirPlace):
        return Maildir(place.path)
    return ImapMailbox(place, context)

"""Mails as bytes: digests, confirmations and sign-in links, byte for byte the same when repeated.

Nothing here reads a clock or sends.
"""

from bot.render.email.digest import Composer, compose, date_of
from bot.render.email.headers import write_address
from bot.render.email.letterhead import Letterhead, Recipient, Section
from bot.render.email.mime import Letter
from bot.render.email.notices import (
    Blocked,
    Confirm,
    Notice,
    NoticeWriter,
    Preferences,
    SignIn,
    compose_notice,
)

__all__ = [
    "Blocked",
    "Composer",
    "Confirm",
    "Letter",
    "Letterhead",
    "Notice",
    "NoticeWriter",
    "Preferences",
    "Recipient",
    "Section",
    "SignIn",
    "compose",
    "compose_notice",
    "date_of",
    "write_address",
]

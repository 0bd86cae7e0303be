import email
import email.policy
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage

import jinja2
import pytest

from bot.core.editions import Edition, Item
from bot.render.email import Composer, Letterhead, Recipient, Section, date_of

BuildItem = Callable[..., Item]
BuildEdition = Callable[..., Edition]
KEY = "0123456789abcdef0123456789abcdef"
NOW = datetime(2025, 12, 4, 8, 0, 3, tzinfo=UTC)
LETTERHEAD = Letterhead(
    "digest@lab.example",
    "Lab papers",
    "papers@lab.example",
    base_url="https://papers.lab.example",
    contact="ada@lab.example",
    postal="Example Lab, 1 Example Road, 12345 Town",
)
RECIPIENT = Recipient(
    "bo@example.org",
    "You get this because you subscribed bo@example.org to Clouds.",
    "https://papers.lab.example/u/TOKEN",
    "unsub+TOKEN@lab.example",
    "https://papers.lab.example/preferences/TOKEN",
)


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail as a mail program reads it."""

    data: bytes
    message: EmailMessage
    text: str
    html: str


def read(data: bytes) -> Mail:
    """Read a mail; nothing in it may be against the rules."""
    message = email.message_from_bytes(data, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    parts = []
    for part in message.walk():
        assert part.defects == []
        if not part.is_multipart():
            parts.append(str(part.get_content()).replace("\r\n", "\n"))
    text, html = parts
    return Mail(data, message, text, html)


@pytest.fixture(scope="session")
def composer(templates: jinja2.Environment) -> Composer:
    return Composer(templates, LETTERHEAD)


@pytest.fixture(scope="session")
def mail_of(composer: Composer) -> Callable[..., Mail]:
    """Compose and read a mail of some editions, or sections."""

    def write(*shown: Edition | Section, recipient: Recipient = RECIPIENT, key: str = KEY) -> Mail:
        sections = [each if isinstance(each, Section) else Section(each) for each in shown]
        date = date_of(section.edition for section in sections)
        return read(composer.write(sections, recipient, key).dated(date))

    return write

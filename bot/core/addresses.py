"""E-mail addresses of people: read, compared and hashed; nobody is asked whether one exists."""

import hashlib
import re
import unicodedata
from dataclasses import dataclass

from email_validator import EmailNotValidError, validate_email

from bot.errors import UserError

# https://www.rfc-editor.org/errata/eid1690
LONGEST = 254
_SHOWN = 40
_PLAIN = re.compile(r"[A-Za-z0-9._+-]+@[A-Za-z0-9.-]+")
_WRITE = "write it like ada@lab.example"


@dataclass(frozen=True, slots=True)
class Address:
    """An address as it is written to, its domain in ASCII; `key` is how addresses are compared."""

    text: str
    key: str

    @property
    def domain(self) -> str:
        """The domain in small letters."""
        return self.key.rpartition("@")[2]


def parse_address(text: str) -> Address:
    """Read an address as a person typed it; raise UserError with what to do.

    What stands after a plus belongs to the address. Letters beyond ASCII are refused before the @,
    where few relays take them and many look like others, and are turned into ASCII behind it.

    >>> parse_address(" Ada+papers@Lab.Example ")
    Address(text='Ada+papers@lab.example', key='ada+papers@lab.example')
    """
    if len(text) > 2 * LONGEST:
        msg = f"an e-mail address has {LONGEST} characters at most: {_WRITE}"
        raise UserError(msg)
    written = text.strip(" ")
    if not written.isprintable() or any(map(unicodedata.combining, written)):
        msg = f"{written[:_SHOWN]!r} holds characters that no e-mail address has: {_WRITE}"
        raise UserError(msg)
    try:
        found = validate_email(
            written, check_deliverability=False, test_environment=True, strict=True
        )
    except EmailNotValidError as error:
        msg = f"{written[:_SHOWN]!r} is not an e-mail address: {_WRITE}"
        raise UserError(msg) from error
    if found.ascii_email is None:
        msg = f"{written[:_SHOWN]!r} has letters before the @ that few relays take: {_WRITE}"
        raise UserError(msg)
    address = found.ascii_email
    return Address(address, address.casefold())


def key_of(address: str) -> str:
    """Return how an address that is known already is compared, whatever it looks like."""
    # Of what nearly all look like nothing is changed, whether it is an address or not.
    if _PLAIN.fullmatch(address):
        return address.casefold()
    try:
        return parse_address(address).key
    except UserError:
        return address.strip().casefold()


def hash_address(address: str) -> str:
    """Return what is kept of an address that is never to be written to again."""
    return hashlib.sha256(f"papers-bot address {key_of(address)}".encode()).hexdigest()

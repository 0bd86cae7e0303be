"""The whole error tree of papers-bot; every message says what happened, to what, and what to do.

BotError
├── ConfigError        config.toml or the environment is wrong: all faults at once
├── UserError          a person asked for something that cannot be done
│   ├── QueryError     a query that cannot be read, with the position of the fault
│   ├── CommandError   a command that cannot be read, with the position of the fault
│   ├── FormError      a form was filled in wrongly: all faults at once
│   ├── RefusedError   that is for others to do, or there is nothing here to do it to
│   └── MissingError   what was asked for is not there, or not for who asks
├── SourceError        arXiv (or the folder in its place) gave no usable announcement
├── StoreError         the database cannot be used
├── MailboxError       the mailbox of what came back cannot be read
└── DeliveryError      a destination did not take an edition
    └── MailRefusedError   a mail server refused: which reply, and whose fault it is
"""

from dataclasses import dataclass


class BotError(Exception):
    """Anything papers-bot says to a person instead of a stack trace."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of a configuration: its key, its 1-based line (0: none known), its message."""

    key: str
    line: int
    message: str

    def __str__(self) -> str:
        """Show the line first, as compilers do, so that editors can jump to it."""
        where = f"line {self.line}: " if self.line else ""
        return f"{where}{self.key}: {self.message}" if self.key else f"{where}{self.message}"


class ConfigError(BotError):
    """The configuration cannot be used; `faults` holds every fault that was found."""

    def __init__(self, path: str, faults: tuple[Fault, ...]) -> None:
        """Keep the faults for `--json` and show them all, one a line."""
        self.path = path
        self.faults = faults
        lines = "\n".join(f"  {fault}" for fault in faults)
        noun = "fault" if len(faults) == 1 else "faults"
        super().__init__(f"{path}: {len(faults)} {noun}\n{lines}")


class UserError(BotError):
    """What was asked for cannot be done; the message says what can."""


class QueryError(UserError):
    """A query cannot be read: `position` is the 1-based character of the fault."""

    def __init__(self, query: str, position: int, message: str) -> None:
        """Keep the position apart so that an edge can point at it."""
        self.query = query
        self.position = position
        self.message = message
        super().__init__(message)


class CommandError(UserError):
    """A typed command cannot be read: `position` is the 1-based character of the fault."""

    def __init__(self, command: str, position: int, message: str) -> None:
        """Keep the text as it was typed, so that an edge can point into it."""
        self.command = command
        self.position = position
        self.message = message
        super().__init__(message)


class FormError(UserError):
    """A form cannot be taken; `faults` holds every fault, each with its field as the key."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        """Keep the faults for whoever shows them beside their fields, and say all of them."""
        self.faults = faults
        super().__init__("; ".join(map(str, faults)))


class RefusedError(UserError):
    """Somebody may not do this; the message says who may, or knows of nothing to do it to."""


class MissingError(UserError):
    """What was asked for is not there, or not for who asks; nobody is told which."""


class SourceError(BotError):
    """A source gave no usable announcement: `url` and `reason` say which and why."""

    def __init__(self, url: str, reason: str, *, retry_after: float | None = None) -> None:
        """`retry_after` is in seconds, where the source asked for a pause."""
        self.url = url
        self.reason = reason
        self.retry_after = retry_after
        super().__init__(f"{url}: {reason}")


class StoreError(BotError):
    """The database is missing, locked, older, newer or damaged; the message says what to do."""


class MailboxError(BotError):
    """The mailbox of what came back cannot be opened or read; the message says what to do."""


class DeliveryError(BotError):
    """A destination did not take an edition.

    `permanent`: trying again cannot help. `unknown`: it may have arrived, so look before sending
    again. `retry_after`: seconds to wait, where the destination said so. `gone`: the destination
    takes nothing more from us until a person sees to it, so its subscription is paused. `busy`: it
    had no time for this one, which is no failure, however often it happens.
    """

    def __init__(
        self,
        message: str,
        *,
        permanent: bool = False,
        unknown: bool = False,
        retry_after: float | None = None,
        gone: bool = False,
        busy: bool = False,
    ) -> None:
        """Say at most one of permanent, unknown and gone; none means worth another try."""
        self.permanent = permanent
        self.unknown = unknown
        self.retry_after = retry_after
        self.gone = gone
        self.busy = busy
        super().__init__(message)


class MailRefusedError(DeliveryError):
    """A mail server refused a message, and surely has not taken it.

    `code` is its reply's, `status` the enhanced one ("": none), such as 550 and 5.1.1. `blocked`:
    it refused us, by a rule of its own, and not the address.
    """

    def __init__(
        self,
        message: str,
        *,
        code: int,
        status: str = "",
        blocked: bool = False,
        permanent: bool = False,
        retry_after: float | None = None,
    ) -> None:
        """`permanent` and `retry_after` are those of every DeliveryError."""
        self.code = code
        self.status = status
        self.blocked = blocked
        super().__init__(message, permanent=permanent, retry_after=retry_after)

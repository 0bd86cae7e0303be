"""A Maildir in which bounces arrive: what is new is read and then filed; judges nothing.

What was handled is marked as seen, all else is left for whoever looks after the mailbox:
https://cr.yp.to/proto/maildir.html.
"""

import os
import stat
from collections.abc import Generator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bot.adapters.bounces.reading import MOST_BYTES
from bot.errors import MailboxError


@dataclass(frozen=True, slots=True)
class MaildirMail:
    """One new mail: as much of it as is ever read."""

    data: bytes
    path: Path

    def settle(self, *, handled: bool) -> None:
        """File it among those that were read; raise MailboxError where that fails."""
        name = self.path.name.partition(":")[0]
        target = self.path.parents[1] / "cur" / f"{name}:2,{'S' if handled else ''}"
        try:
            # Another process may have filed it meanwhile.
            with suppress(FileNotFoundError):
                self.path.rename(target)
        except OSError as error:
            raise _fail(target.parent, error, "let this user write there") from error


class Maildir:
    """A Maildir; any number of processes may read it."""

    def __init__(self, path: str) -> None:
        """`path` is the folder that holds new/ and cur/; nothing is opened yet."""
        self._path = Path(path)

    def fetch(self) -> Generator[MaildirMail, None, None]:
        """Yield what is new, oldest name first; what cannot be read stops none of the others.

        Raise MailboxError, at the end, for it.
        """
        new = self._path / "new"
        if not (new.is_dir() and (self._path / "cur").is_dir()):
            msg = f"there is no Maildir at {self._path}: see [mail] bounce_source"
            raise MailboxError(msg)
        try:
            names = sorted(each.name for each in new.iterdir())
        except OSError as error:
            raise _fail(new, error, "let this user read it") from error
        failed: MailboxError | None = None
        for name in names:
            if name.startswith("."):
                continue
            try:
                data = _read(new / name)
            except FileNotFoundError:
                continue
            except OSError as error:
                failed = _fail(new / name, error, "let this user read it")
                continue
            if data is not None:
                yield MaildirMail(data, new / name)
        if failed is not None:
            raise failed


def _read(path: Path) -> bytes | None:
    """Read a file's beginning; None where it is no ordinary file."""
    # A pipe or a link is nothing that a mail server puts there.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        return None
    with os.fdopen(descriptor, "rb") as file:
        return file.read(MOST_BYTES)


def _fail(path: Path, error: OSError, advice: str) -> MailboxError:
    return MailboxError(f"{path}: {error.strerror}: {advice}")

"""A folder of an IMAP server in which bounces arrive: read, then filed; judges nothing."""

import imaplib
import ssl
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Final, TypeAlias

from imap_tools import MailBox, MailBoxUnencrypted
from imap_tools.errors import ImapToolsError

from bot.adapters.bounces.reading import MOST_BYTES
from bot.config.bounce_source import ImapPlace
from bot.errors import MailboxError

_TIMEOUT: Final = 30.0
# Folders below this one: of what was handled, and of all else.
_PARENT, _DONE, _OTHER = "papers-bot", "done", "other"
_SEEN: Final = "\\Seen"

_Box: TypeAlias = MailBox | MailBoxUnencrypted
_TROUBLE = (OSError, imaplib.IMAP4.error, ImapToolsError)


@dataclass(frozen=True, slots=True)
class Folders:
    """Where mails are put, by their full names; both are "" where the server makes no folders."""

    done: str = ""
    other: str = ""


@dataclass(frozen=True, slots=True)
class ImapMail:
    """One mail of the folder: as much of it as is ever read."""

    data: bytes
    uid: str
    place: ImapPlace
    box: _Box
    folders: Folders

    def settle(self, *, handled: bool) -> None:
        """Put it into its folder, or mark it as seen; raise MailboxError where that fails."""
        folder = self.folders.done if handled else self.folders.other
        with _explained(self.place):
            try:
                if folder:
                    self.box.move(self.uid, folder)
                else:
                    self.box.flag(self.uid, _SEEN, value=True)
            except ImapToolsError:
                # Another process may have filed it meanwhile.
                if self.box.uids(f"UID {self.uid}"):
                    raise


class ImapMailbox:
    """A folder; any number of processes may read it."""

    def __init__(self, place: ImapPlace, context: ssl.SSLContext | None = None) -> None:
        """`context` says which certificates are trusted; nothing is opened yet."""
        self._place = place
        self._context = context

    def fetch(self) -> Generator[ImapMail, None, None]:
        """Yield what is there and was not filed yet; raise MailboxError with what to do.

        The connection ends with the iterator.
        """
        place = self._place
        with _explained(place):
            box = self._open()
        try:
            with _explained(place):
                box.login(place.user, place.password, place.folder)
                folders = _make_folders(box)
                uids = box.uids("ALL" if folders.done else "UNSEEN")
            for uid in uids:
                with _explained(place):
                    data = _fetch(box, uid)
                if data is not None:
                    yield ImapMail(data, uid, place, box, folders)
        finally:
            with suppress(*_TROUBLE):
                box.logout()

    def _open(self) -> _Box:
        place = self._place
        if not place.tls:
            return MailBoxUnencrypted(place.host, place.port, _TIMEOUT)
        context = self._context or ssl.create_default_context()
        return MailBox(place.host, place.port, _TIMEOUT, ssl_context=context)


def _make_folders(box: _Box) -> Folders:
    """Find our folders, or make them; some servers want every folder below the inbox."""
    listed = box.folder.list()
    known = {each.name for each in listed}
    sign = next((each.delim for each in listed if each.delim), "/")
    for above in ("", f"INBOX{sign}"):
        done, other = (f"{above}{_PARENT}{sign}{name}" for name in (_DONE, _OTHER))
        with suppress(ImapToolsError):
            for name in (done, other):
                if name not in known:
                    box.folder.create(name)
            return Folders(done, other)
    return Folders()


def _fetch(box: _Box, uid: str) -> bytes | None:
    """Fetch a mail's beginning, and leave it unseen; None where another process filed it."""
    said, answer = box.client.uid("FETCH", uid, f"(BODY.PEEK[]<0.{MOST_BYTES}>)")
    if said != "OK":
        msg = f"it does not give mail {uid}"
        raise OSError(msg)
    return next((part[1] for part in answer if isinstance(part, tuple)), None)


@contextmanager
def _explained(place: ImapPlace) -> Iterator[None]:
    try:
        yield
    except _TROUBLE as error:
        said = " ".join(str(error).split())
        msg = f"{place} cannot be read: {said}: see [mail] bounce_source and IMAP_PASSWORD"
        raise MailboxError(msg) from error

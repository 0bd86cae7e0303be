"""The folder destination: editions, day pages and an index as files, each whole or not there."""

import errno
import fcntl
import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from bot.core.editions import DayListing, Destination, Edition
from bot.core.records import Sent
from bot.errors import DeliveryError
from bot.render.view import IndexEntry

MANIFEST = "editions.json"
LOCK = ".papers-bot.lock"
# Names of our own files, and those that Windows cannot hold:
# https://learn.microsoft.com/windows/win32/fileio/naming-a-file
_RESERVED = frozenset(
    {"index", "readme", "con", "prn", "aux", "nul"}
    | {f"{port}{number}" for port in ("com", "lpt") for number in range(1, 10)}
)
_DIGESTED = re.compile(r"-[0-9a-f]{6}$")
# File systems bound a name's bytes (255), not its characters.
_LONGEST_NAME = 120
_FIXED_BY_PEOPLE = {
    errno.EACCES: "make it writable for this user",
    errno.EROFS: "it is on a read-only disk: name another folder",
    errno.EPERM: "make it writable for this user",
    errno.ENOSPC: "the disk is full: free some space",
    errno.EDQUOT: "the quota is used up: free some space",
    errno.ENOTDIR: "a file stands where the folder should be: name another folder",
    errno.EEXIST: "a file stands where the folder should be: name another folder",
}


@dataclass(frozen=True, slots=True)
class FolderPages:
    """What the files hold: one function a file's suffix or name."""

    edition: Mapping[str, Callable[[Edition], str]]
    day: Mapping[str, Callable[[DayListing], str]]
    index: Callable[[Sequence[IndexEntry]], str]


class FolderSender:
    """Writes `DAY/SET.md`, `DAY/SET.html`, a page of the whole day and an index of all editions."""

    def __init__(self, pages: FolderPages, load_day: Callable[[date], DayListing]) -> None:
        """`load_day` gives a day's whole announcement for its page."""
        self._pages = pages
        self._load_day = load_day

    def send(
        self, edition: Edition, destination: Destination, key: str, leave: Callable[[], None]
    ) -> Sent:
        """Write an edition's files, then its entry in the manifest; the same twice changes nothing.

        `leave` is called when the folder is ours and all is rendered. A reader never sees a
        half-written file. Raise DeliveryError where the folder cannot be written.
        """
        root = find_root(destination)
        name = f"{edition.day.isoformat()}/{name_file(edition.set.name)}"
        try:
            with _locked(root):
                files = {
                    root / f"{name}{suffix}": render(edition)
                    for suffix, render in self._pages.edition.items()
                }
                listing = self._load_day(edition.day)
                for file, render_day in self._pages.day.items():
                    files[root / edition.day.isoformat() / file] = render_day(listing)
                leave()
                for path, text in files.items():
                    write_file(path, text)
                entry = IndexEntry(
                    day=edition.day,
                    set_name=edition.set.name,
                    papers=len(edition.items),
                    href=f"{name}.html",
                )
                # After a database was begun anew, the same edition comes under another key.
                manifest = {
                    known: other
                    for known, other in load_manifest(root).items()
                    if known == key or other.href != entry.href
                }
                manifest[key] = entry
                write_file(root / "index.html", self._pages.index(tuple(manifest.values())))
                write_file(root / MANIFEST, build_manifest(manifest))
        except OSError as error:
            raise _explain(error, root) from error
        return Sent(f"{root / name}.html")

    def find(
        self,
        edition: Edition,  # noqa: ARG002 - the key says all
        destination: Destination,
        key: str,
        trail: object = None,  # noqa: ARG002 - one delivery is one entry
    ) -> Sent | None:
        """Look the key up in the folder's manifest, which is written last."""
        root = find_root(destination)
        try:
            entry = load_manifest(root).get(key)
        except OSError as error:
            raise _explain(error, root) from error
        return Sent(str(root / entry.href)) if entry else None


def find_root(destination: Destination) -> Path:
    """Return a destination's folder; `~` is the home of this process's user."""
    try:
        return Path(destination.address).expanduser()
    except RuntimeError as error:
        message = f"{destination} cannot be found: {error}; write its whole path"
        raise DeliveryError(message) from error


def name_file(set_name: str) -> str:
    """Make a set's file name: its own where that is safe, else a safe form with a short digest.

    Sets whose names differ by more than case do not share a file on any system.

    >>> name_file("MLLM"), name_file("a/b")
    ('MLLM', 'a-b-c14cdd')
    """
    safe = re.sub(r"[^\w.\-]+", "-", set_name).strip("-.")
    safe = safe.encode()[:_LONGEST_NAME].decode(errors="ignore")
    stem = safe.partition(".")[0].casefold()
    if safe and safe == set_name and stem not in _RESERVED and not _DIGESTED.search(safe):
        return safe
    digest = hashlib.sha256(set_name.encode()).hexdigest()[:6]
    return f"{safe or 'set'}-{digest}"


def write_file(path: Path, text: str) -> None:
    """Write a file so that it is either the old one or the whole new one, whatever happens."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data = text.encode()
    if path.is_file() and path.read_bytes() == data:
        return
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def load_manifest(root: Path) -> dict[str, IndexEntry]:
    """Load what was delivered to a folder, by delivery key; empty where nothing was yet."""
    path = root / MANIFEST
    try:
        rows = json.loads(path.read_bytes())
        return {
            str(row["key"]): IndexEntry(
                day=date.fromisoformat(row["day"]),
                set_name=str(row["set"]),
                papers=int(row["papers"]),
                href=str(row["file"]),
            )
            for row in rows
        }
    except FileNotFoundError:
        return {}
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        message = f"{path} is damaged ({error}): delete it, and the index begins anew"
        raise DeliveryError(message) from error


def build_manifest(entries: Mapping[str, IndexEntry]) -> str:
    """Write the manifest: one row a delivery, in the order in which they came."""
    rows = [
        {
            "key": key,
            "day": entry.day.isoformat(),
            "set": entry.set_name,
            "papers": entry.papers,
            "file": entry.href,
        }
        for key, entry in entries.items()
    ]
    return json.dumps(rows, ensure_ascii=False, indent=1) + "\n"


@contextmanager
def _locked(root: Path) -> Iterator[None]:
    """Hold the folder's lock: two processes never write one manifest at a time."""
    root.mkdir(parents=True, exist_ok=True)
    with (root / LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _explain(error: OSError, root: Path) -> DeliveryError:
    what = _FIXED_BY_PEOPLE.get(error.errno or 0, "see that it can be written")
    return DeliveryError(f"cannot use the folder {root}: {error.strerror or error}; {what}")

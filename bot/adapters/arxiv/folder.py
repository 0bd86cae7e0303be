"""Announcements from a folder of feeds, for replays, tests and offline use; no network here."""

import re
from collections.abc import Iterable
from datetime import date
from pathlib import Path

from bot.adapters.arxiv.document import MAX_BYTES
from bot.adapters.arxiv.feeds import parse_feed, suggestion
from bot.core import taxonomy
from bot.core.papers import Announcement
from bot.errors import SourceError

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


class FolderSource:
    """A folder with `rss_cs.CV.xml` or `atom_cs.CV.xml`, or with a folder of these for each day."""

    def __init__(self, root: Path) -> None:
        """`root` may be the folder of feeds, the day's above it (`feeds/`), or the days' above."""
        self._root = root

    def read(self, category: str, day: date | None) -> Announcement:
        """Read a category's announcement; raise SourceError, saying what was looked for.

        `day` picks a day's folder, where there are such; the announcement's own day may differ.
        """
        names = _file_names(category)
        paths = (folder / name for folder in self._folders(day) for name in names)
        try:
            path = next((path for path in paths if path.is_file()), None)
        except OSError as error:
            raise SourceError(str(self._root), f"cannot be searched: {error.strerror}") from error
        if path is None:
            raise SourceError(str(self._root), self._missing(category, names, day))
        return parse_feed(load_feed(path), category=category, url=str(path))

    def _folders(self, day: date | None) -> Iterable[Path]:
        if day is not None:
            yield self._root / day.isoformat() / "feeds"
            yield self._root / day.isoformat()
        yield self._root
        yield self._root / "feeds"

    def _missing(self, category: str, names: tuple[str, ...], day: date | None) -> str:
        """Say why nothing was found, as exactly as the folder allows."""
        try:
            days = sorted(path.name for path in self._root.iterdir() if _DAY.fullmatch(path.name))
        except FileNotFoundError:
            return "there is no such folder"
        except NotADirectoryError:
            return "is a file; name the folder that holds the feeds"
        except OSError as error:
            return f"cannot be listed: {error.strerror}"
        if days and day is None:
            return f"holds a folder for each of {_span(days)}; say which day to read"
        if days and f"{day}" not in days:
            return f"holds no folder {day}; it has {_span(days)}"
        return f"holds no {' or '.join(names)}.{suggestion(category)}"


def load_feed(path: Path) -> bytes:
    """Read a file, one byte past the longest feed at most; raise SourceError when it cannot be."""
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise SourceError(str(path), f"cannot be read: {error.strerror}") from error


def _file_names(category: str) -> tuple[str, ...]:
    """Return the names to look for: RSS first, arXiv's spelling first, none twice."""
    # A category is a file name's part here, never a way out of the folder.
    spellings = (taxonomy.canonical(category), category.strip())
    safe = dict.fromkeys(spelling.replace("/", "_") for spelling in spellings)
    return tuple(f"{kind}_{spelling}.xml" for kind in ("rss", "atom") for spelling in safe)


def _span(days: list[str]) -> str:
    return days[0] if len(days) == 1 else f"{len(days)} days from {days[0]} to {days[-1]}"

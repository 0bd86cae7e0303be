"""arXiv's nouns: ids, papers and announcements; knows nothing of feeds, files or databases."""

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Self

from bot.errors import UserError

# Identifier schemes: https://info.arxiv.org/help/arxiv_identifier.html
# Five digits since 1501, four from 0704 to 1412; before that archive[.CLASS]/YYMMNNN.
_NEW_STYLE = r"\d{2}(?:0[1-9]|1[0-2])\.\d{4,5}"
_OLD_STYLE = r"[a-z]+(?:-[a-z]+)?(?:\.[A-Z]{2})?/\d{2}(?:0[1-9]|1[0-2])\d{3}"
BASE_ID = rf"(?:{_NEW_STYLE}|{_OLD_STYLE})"
_ID = re.compile(rf"(?P<base>{BASE_ID})(?:v(?P<version>[1-9]\d{{0,3}}))?")
_PREFIX = re.compile(
    r"(?:https?://)?(?:www\.|export\.)?arxiv\.org/(?:abs|pdf|html)/|arxiv:|oai:arxiv\.org:",
    re.IGNORECASE,
)
_FIRST_NEW_STYLE_YEAR = 7
_CENTURY_TURN = 90


class AnnounceType(StrEnum):
    """What an announcement says of an entry; in the order in which a digest shows them."""

    NEW = "new"
    CROSS = "cross"
    REPLACE = "replace"
    REPLACE_CROSS = "replace-cross"

    @property
    def is_replacement(self) -> bool:
        """Whether the entry is a new version of a paper that was announced before."""
        return self in (AnnounceType.REPLACE, AnnounceType.REPLACE_CROSS)


@dataclass(frozen=True, slots=True)
class ArxivId:
    """A paper's base id (`2512.03874`, `hep-th/9901001`) and, where one was named, its version."""

    base: str
    version: int | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read an id as people write it: bare, `arXiv:…`, an abs/pdf/html link; raise UserError."""
        bare = _PREFIX.sub("", text.strip(), count=1).removesuffix(".pdf")
        found = _ID.fullmatch(bare)
        if found is None:
            msg = f"{text[:80]!r} is not an arXiv id: write it like 2512.03874 or hep-th/9901001"
            raise UserError(msg)
        version = found["version"]
        return cls(found["base"], int(version) if version else None)

    def __str__(self) -> str:
        """Write the id as arXiv does."""
        return self.base if self.version is None else f"{self.base}v{self.version}"


def age_key(base_id: str) -> tuple[int, str]:
    """Sort key of a base id by submission month, then by id: old-style ids come before new ones.

    >>> age_key("hep-th/9901001") < age_key("0704.0001") < age_key("2512.03874")
    True
    """
    digits = base_id.rpartition("/")[2]
    year = int(digits[:2])
    old_style = "/" in base_id or year < _FIRST_NEW_STYLE_YEAR
    century = 1900 if old_style and year >= _CENTURY_TURN else 2000
    return ((century + year) * 100 + int(digits[2:4]), base_id)


@dataclass(frozen=True, slots=True)
class Paper:
    """One arXiv paper as announced; title, names and abstract hold arXiv's own text, TeX included.

    `categories` is never empty and its first is the primary one. White space is collapsed to
    single spaces; `authors` are names alone, without affiliations. Missing texts are "".
    """

    base_id: str
    version: int
    title: str
    authors: tuple[str, ...]
    abstract: str
    categories: tuple[str, ...]
    comments: str = ""
    doi: str = ""
    journal_ref: str = ""

    @property
    def primary(self) -> str:
        """The primary category."""
        return self.categories[0]

    @property
    def url(self) -> str:
        """The abstract page, which arXiv asks people to link to."""
        return f"https://arxiv.org/abs/{self.base_id}"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of an announcement: a paper and what it is announced as in that category."""

    paper: Paper
    kind: AnnounceType


@dataclass(frozen=True, slots=True)
class Announcement:
    """What a source served for one category: arXiv's batch of one day.

    `day` is the batch's own (US/Eastern) day, whatever day was asked for. `announced` is how many
    items the source holds; `entries` those that could be read; `faults` says, a sentence each,
    what is wrong with the rest or with the whole. `truncated`: arXiv's cap was reached, so new
    papers may be missing.
    """

    category: str
    day: date
    url: str
    announced: int
    entries: tuple[Entry, ...]
    faults: tuple[str, ...] = ()
    truncated: bool = False

"""What the configuration says, frozen; knows nothing of files or formats."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time

from bot.core.editions import Destination
from bot.core.keyword_sets import KeywordSet

ARXIV_URL = "https://rss.arxiv.org"
DATABASE_URL = "sqlite:///papers.db"


@dataclass(frozen=True, slots=True)
class Post:
    """Where a set's editions go, and at what local time; None: as soon as they are announced."""

    destination: Destination
    at: time | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """All that the configuration says; `posts` is keyed by set name."""

    path: str
    contact: str = ""
    base_url: str = ""
    timezone: str = "UTC"
    database_url: str = DATABASE_URL
    arxiv_url: str = ARXIV_URL
    categories: tuple[str, ...] = ()
    sets: tuple[KeywordSet, ...] = ()
    posts: Mapping[str, tuple[Post, ...]] = field(default_factory=dict)

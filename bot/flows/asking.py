"""Answer questions about stored papers: search, try a query, say why a paper matched or not."""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Protocol

from bot.core.papers import AnnounceType
from bot.core.records import Showing, Sighting, StoredPaper


class PaperStore(Protocol):
    """What asking needs to read."""

    def load_paper(self, base_id: str) -> StoredPaper | None:
        """Load one paper at its latest version."""
        ...

    def load_sightings(self, base_id: str) -> tuple[Sighting, ...]:
        """Load every announcement of a paper, oldest first."""
        ...

    def load_showings(self, base_id: str) -> tuple[Showing, ...]:
        """Load the editions in which a paper stood, oldest first."""
        ...

    def announced_papers(
        self, since: date, categories: Iterable[str], types: Iterable[AnnounceType]
    ) -> Iterator[tuple[date, StoredPaper]]:
        """Yield papers announced on or after `since`, once a day each, oldest day first.

        Papers come in the text they have now; the iterator holds few of them at a time.
        """
        ...

    def count_announced_days(self, since: date, categories: Iterable[str]) -> int:
        """Count the days on or after `since` on which any of the categories announced papers."""
        ...

    def search(self, words: str, limit: int) -> tuple[StoredPaper, ...]:
        """Find papers by full text, best first.

        Every word must occur (title, abstract, authors or comments), accents and case folded;
        "quoted words" are a phrase; a `*` at a word's end is a prefix. Raise UserError where
        nothing searchable is left.
        """
        ...

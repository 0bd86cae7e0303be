"""Keyword sets that people keep in the database: add, change, pause, resume, remove."""

from typing import Protocol

from bot.core.keyword_sets import KeywordSet


class SetStore(Protocol):
    """The keyword sets kept in the database; those of the config file are not among them."""

    def load_sets(self, owner: str) -> tuple[KeywordSet, ...]:
        """Load an owner's sets that were not removed, by name."""
        ...

    def save_set(self, keyword_set: KeywordSet) -> None:
        """Add a set or replace the one of that owner and name; one removed before is back."""
        ...

    def remove_set(self, owner: str, name: str) -> bool:
        """Remove a set and cancel its deliveries not yet begun; keep its editions.

        False where the owner has no such set.
        """
        ...

"""Match a day's papers with every keyword set and freeze editions with their deliveries."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Protocol

from bot.core.editions import Delivery, Destination, Edition
from bot.core.keyword_sets import KeywordSet
from bot.core.records import PreparedDay

# A category that was late on one day comes with the next edition, up to this many days later.
LOOK_BACK = timedelta(days=7)


class EditionStore(Protocol):
    """What publish needs to remember."""

    def load_day(self, day: date, categories: Iterable[str]) -> PreparedDay:
        """Load what these categories announced on that day, merged; empty where nothing was."""
        ...

    def edition_days(self, keyword_set: KeywordSet) -> tuple[date, date] | None:
        """Return the days of a set's first and last editions, if it has any."""
        ...

    def shown_keys(self, keyword_set: KeywordSet, keys: Iterable[str]) -> frozenset[str]:
        """Return which of these delivery keys stood in any edition of the set."""
        ...

    def save_edition(
        self,
        keyword_set: KeywordSet,
        edition: Edition,
        destinations: Sequence[Destination],
        at: datetime,
    ) -> tuple[Delivery, ...] | None:
        """Freeze an edition and plan its deliveries, in one transaction.

        Sets are told apart by owner and name. None where the set already has an edition of that
        day: nothing is changed then. An edition without papers is kept but plans no delivery.
        Each item's `core.announcing.delivery_key` is unique among the set's editions.
        """
        ...

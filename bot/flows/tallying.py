"""All figures together, counted anew only where they can still change; nothing here judges them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol

from bot.core.editions import DeliveryState, DestinationKind
from bot.core.figures import LATENCIES, Announced, Arrivals, ReceiptCount, Standing

# A delivery that was sent, or an edition that was frozen, so long ago is seen by every reader.
_SETTLED = timedelta(days=1)
_RECENT = timedelta(days=7)
_NONE_YET = (0,) * len(LATENCIES)


class CountingStore(Protocol):
    """What tallying needs to read."""

    def count(self) -> int:
        """Count the stored papers."""
        ...

    def count_arrivals(self, after: datetime | None, until: datetime) -> tuple[Arrivals, ...]:
        """Count what was sent after one moment (None: ever) and up to another, kind by kind."""
        ...

    def count_deliveries(
        self, after: datetime
    ) -> tuple[tuple[Arrivals, ...], tuple[Standing, ...]]:
        """Count what was sent after a moment, and all that is in other states, at one moment."""
        ...

    def find_edition(self, before: datetime) -> int:
        """Return the number of the newest edition that was frozen before a moment; 0: none was."""
        ...

    def count_matches(self, after: int, until: int | None = None) -> int:
        """Count the papers of the editions numbered above `after` and up to `until`."""
        ...

    def count_announced(self) -> tuple[Announced, ...]:
        """Count what each category announced, by the receipts of what was read."""
        ...

    def count_receipts(self, since: date) -> tuple[ReceiptCount, ...]:
        """Count the receipts of this day and later by category and state."""
        ...

    def load_counts(self, name: str) -> dict[str, int]:
        """Return the counts of a name by label."""
        ...


@dataclass(frozen=True, slots=True)
class Figures:
    """What a database holds and what its processes did.

    `arrivals` has a member for every kind of destination, `deliveries` one for every kind and
    state. `receipts` are those of the last seven days. `repeats` counts sendings that may have
    repeated an earlier one, `requests` arXiv's answers by status.
    """

    papers: int
    matches: int
    announced: tuple[Announced, ...]
    receipts: tuple[ReceiptCount, ...]
    arrivals: tuple[Arrivals, ...]
    deliveries: Mapping[tuple[DestinationKind, DeliveryState], int]
    repeats: int
    requests: Mapping[str, int]


class Tally:
    """Figures again and again: what was sent a day ago or earlier is counted once."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._forget()

    def _forget(self) -> None:
        self._until: datetime | None = None
        self._arrivals = {kind: Arrivals(kind, 0, _NONE_YET, 0.0, 0) for kind in DestinationKind}
        self._edition = 0
        self._matches = 0

    def measure(self, store: CountingStore, now: datetime) -> Figures:
        """Count everything; raise StoreError where that fails. For one thread at a time."""
        until = self._settle(store, now)
        recent, standing = store.count_deliveries(until)
        arrivals = _add(self._arrivals, recent)
        deliveries = {(kind, state): 0 for kind in DestinationKind for state in DeliveryState}
        for kind, arrived in arrivals.items():
            deliveries[kind, DeliveryState.SENT] = arrived.count
        for each in standing:
            deliveries[each.kind, each.state] = each.count
        return Figures(
            papers=store.count(),
            matches=self._matches + store.count_matches(self._edition),
            announced=store.count_announced(),
            receipts=store.count_receipts((now - _RECENT).date()),
            arrivals=tuple(arrivals.values()),
            deliveries=deliveries,
            repeats=sum(each.repeats for each in arrivals.values())
            + sum(each.repeats for each in standing),
            requests=store.load_counts("arxiv_requests"),
        )

    def _settle(self, store: CountingStore, now: datetime) -> datetime:
        """Count for good what cannot change any more; return the moment up to which that is."""
        if self._until is not None and now < self._until:
            # The clock was ahead, and what was sent since would seem to be counted.
            self._forget()
        if self._until is not None and now - self._until < 2 * _SETTLED:
            return self._until
        until = now - _SETTLED
        arrivals = _add(self._arrivals, store.count_arrivals(self._until, until))
        edition = store.find_edition(until)
        matches = store.count_matches(self._edition, edition)
        self._arrivals, self._edition, self._until = arrivals, edition, until
        self._matches += matches
        return until


def _add(
    known: Mapping[DestinationKind, Arrivals], more: tuple[Arrivals, ...]
) -> dict[DestinationKind, Arrivals]:
    return {**known, **{each.kind: known[each.kind] + each for each in more}}

"""What a sender and the ledger tell each other while a delivery is on its way; keeps nothing."""

from collections.abc import Mapping
from typing import Protocol

from bot.core.records import Part


class Trail(Protocol):
    """What a sender tells the ledger on its way, and what earlier attempts told it.

    A delivery that is one thing calls it once. One that is several messages calls it with each
    one's number, from 1, and says which arrived, so that none is sent twice whoever dies when.
    """

    @property
    def parts(self) -> Mapping[int, Part]:
        """The messages that left in this or an earlier attempt, by number."""
        ...

    @property
    def draft(self) -> str:
        """What was fixed before anything left; "": nothing yet."""
        ...

    def __call__(self, part: int = 0) -> None:
        """Commit that this may be visible from now on; call it right before the first byte.

        A numbered part renews the claim's lease. Let through what it raises: this process is late,
        and nothing may be sent.
        """
        ...

    def arrived(self, part: int, reference: str) -> None:
        """Commit that a part is there, under the destination's name for it; lets StoreError out."""
        ...

    def fix(self, draft: str) -> None:
        """Have every attempt send this alike; it is committed with the first that leaves."""
        ...

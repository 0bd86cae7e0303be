"""A trail that belongs to no ledger: it lets everything leave, and remembers what was said."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bot.core.records import Part

if TYPE_CHECKING:
    from bot.core.trail import Trail

_AT = datetime(2026, 6, 2, 9, tzinfo=UTC)


class FreeTrail:
    """Remembers parts and draft over attempts, as the ledger would."""

    def __init__(self) -> None:
        self.parts: dict[int, Part] = {}
        self.draft = ""
        self.left: list[int] = []

    def __call__(self, part: int = 0) -> None:
        self.left.append(part)
        if part:
            self.parts.setdefault(part, Part(part, "", _AT))

    def arrived(self, part: int, reference: str) -> None:
        self.parts[part] = Part(part, reference, self.parts[part].at)

    def fix(self, draft: str) -> None:
        self.draft = draft


if TYPE_CHECKING:
    _TRAIL: Trail = FreeTrail()

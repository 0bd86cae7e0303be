"""What a look at the program's surroundings found; looks at nothing itself."""

from dataclasses import dataclass
from enum import StrEnum


class Health(StrEnum):
    """How a finding is."""

    FINE = "ok"
    DOUBTFUL = "look"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at, how it is, and, unless it is fine, what to do."""

    subject: str
    health: Health
    message: str

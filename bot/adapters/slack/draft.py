"""What every attempt of a delivery posts alike, fixed before the first message leaves."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from bot.core.slack_names import SlackPlace

_VERSION = 1


@dataclass(frozen=True, slots=True)
class Draft:
    """Where a delivery goes, and how its digest is cut into messages.

    `here` are the papers that were spoken of there before, with links to those messages; `cut`
    the papers shown in each message, the parent first.
    """

    place: SlackPlace
    here: Mapping[str, str]
    cut: tuple[tuple[str, ...], ...]

    def write(self) -> str:
        """Write it for the ledger."""
        return json.dumps(
            {
                "version": _VERSION,
                "team": self.place.team,
                "channel": self.place.channel,
                "here": dict(self.here),
                "cut": self.cut,
            },
            separators=(",", ":"),
        )

    @classmethod
    def read(cls, text: str) -> Self | None:
        """Read what the ledger kept; None where that is nothing that this version wrote."""
        try:
            kept = json.loads(text)
            return (
                cls(
                    SlackPlace(kept["team"], kept["channel"]),
                    {str(base_id): str(link) for base_id, link in kept["here"].items()},
                    tuple(map(tuple, kept["cut"])),
                )
                if kept["version"] == _VERSION
                else None
            )
        except (ValueError, LookupError, TypeError, AttributeError):
            return None

    def number(
        self, cut: Sequence[tuple[str, ...]], arrived: Sequence[int]
    ) -> tuple[tuple[int, int], ...]:
        """Say under which part each message is posted, now that a digest is cut like this.

        Pairs of part and place in `cut`. A later version of the program may cut it otherwise than
        the one that began: then what shows papers that have not `arrived` is posted under parts of
        its own, so that none is lost, though some of a message may come twice.
        """
        if tuple(cut) == self.cut:
            return tuple((place + 1, place) for place in range(len(cut)))
        there = {
            base_id for part in arrived if part <= len(self.cut) for base_id in self.cut[part - 1]
        }
        return (
            (1, 0),
            *(
                (len(self.cut) + place, place)
                for place, papers in enumerate(cut)
                if place and not there.issuperset(papers)
            ),
        )

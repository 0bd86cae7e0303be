"""What one message or view of Slack's holds, and how much of a list fits; makes no blocks."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from bot.render.slack.elements import Block

# https://docs.slack.dev/reference/methods/chat.postMessage: longer ones were seen twice.
MOST_FALLBACK: Final = 3_000
_BRACKETS: Final = 2
_LONGEST_ENTITY: Final = 5


@dataclass(frozen=True, slots=True)
class Room:
    """So many characters of text and of JSON, in so many blocks."""

    text: int
    json: int
    blocks: int

    def holds(self, text: int, size: int, blocks: int = 1) -> bool:
        """Whether so much of each fits."""
        within = text <= self.text and size <= self.json - _BRACKETS
        return within and blocks <= self.blocks


# Slack refuses messages of an undocumented size, seen between 9,597 and 11,341 characters.
MESSAGE: Final = Room(8_500, 14_000, 50)
# https://docs.slack.dev/reference/views; the text is what a person would scroll through.
VIEW: Final = Room(30_000, 200_000, 100)


def measure(*blocks: Block) -> tuple[int, int]:
    """Say how many characters of text and of JSON blocks take of a message."""
    text = sum(map(_count_text, blocks))
    return text, sum(len(json.dumps(block)) + len(", ") for block in blocks)


def fit(
    before: Sequence[Block],
    rows: Sequence[Sequence[Block]],
    after: Callable[[int], Sequence[Block]],
    room: Room = MESSAGE,
) -> list[Block]:
    """Put as many rows between two parts as there is room for.

    `after` makes the second part of the number of rows that are left out.
    """
    blocks = [*before]
    ends = after(len(rows))
    text, size = measure(*before, *ends)
    for shown, row in enumerate(rows):
        more_text, more_size = measure(*row)
        text, size = text + more_text, size + more_size
        if not room.holds(text, size, len(blocks) + len(row) + len(ends)):
            return [*blocks, *after(len(rows) - shown)]
        blocks += row
    return [*blocks, *after(0)]


def respond(text: str, blocks: Sequence[Block], *, public: bool = False) -> dict[str, object]:
    """Make an answer to a command or a click: to its person alone, or to all of the channel."""
    return {
        "response_type": "in_channel" if public else "ephemeral",
        "text": fallback(text),
        "blocks": [*blocks],
    }


def fallback(text: str) -> str:
    """Cut a text that is escaped already to what a notification holds; never empty."""
    if len(text) > MOST_FALLBACK:
        text = text[: MOST_FALLBACK - 1]
        amp = text.rfind("&", -_LONGEST_ENTITY)
        whole = amp < 0 or ";" in text[amp:]
        text = f"{text if whole else text[:amp]}…"
    return text or "papers"


def _count_text(node: object) -> int:
    if isinstance(node, dict):
        text = node.get("text")
        inner = sum(_count_text(value) for value in node.values() if not isinstance(value, str))
        return inner + (len(text) if isinstance(text, str) else 0)
    return sum(map(_count_text, node)) if isinstance(node, list) else 0

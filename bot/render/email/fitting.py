"""How much of each paper a mail shows, so that no mail program cuts its end off.

Gmail shows 102 KB of a mail's HTML and hides the rest, the way to unsubscribe first of all.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from bot.render.email.pieces import DEPTHS, TITLES, Depth, Fragment, SectionPieces

BUDGET: Final = 80_000


@dataclass(frozen=True, slots=True)
class Part:
    """One section's papers: those shown here, by kind, and those that an earlier section shows."""

    pieces: SectionPieces
    groups: tuple[tuple[str, tuple[int, ...]], ...]
    again: tuple[int, ...]
    is_first: bool

    def whole(self, depth: Depth) -> Iterator[Fragment]:
        """Yield all there is, each paper at a depth."""
        yield from self._before()
        for label, numbers in self.groups:
            yield self.pieces.group(label, len(numbers))
            for number in numbers:
                yield self.pieces.paper(number, depth)
        yield from self._after()

    def frame(self) -> int:
        """Count the bytes of what is always there, and of saying that there is more."""
        return _weigh((*self._before(), *self._after(), self.pieces.more(self._papers())))

    def need(self) -> int:
        """Count the bytes of all titles."""
        return _weigh(self.whole(TITLES)) - _weigh((*self._before(), *self._after()))

    def cut(self, room: int) -> Iterator[Fragment]:
        """Yield as many titles as there is room for, and how many there is none for."""
        yield from self._before()
        left = self._papers()
        for label, numbers in self.groups:
            heading: Fragment | None = self.pieces.group(label, len(numbers))
            for number in numbers:
                added = [heading] if heading else []
                added.append(self.pieces.paper(number, TITLES))
                room -= _weigh(added)
                if room < 0:
                    break
                yield from added
                heading = None
                left -= 1
            if room < 0:
                break
        if left:
            yield self.pieces.more(left)
        yield from self._after()

    def _papers(self) -> int:
        return sum(len(numbers) for _, numbers in self.groups)

    def _before(self) -> Iterator[Fragment]:
        if not self.is_first:
            yield self.pieces.rule
        yield from self.pieces.heading

    def _after(self) -> Iterator[Fragment]:
        if self.again:
            yield self.pieces.again(list(self.again))
        yield self.pieces.receipt


def divide(sections: Sequence[SectionPieces]) -> tuple[Part, ...]:
    """Show each paper once: in the first section that has it."""
    seen: set[str] = set()
    parts: list[Part] = []
    for pieces in sections:
        groups = [
            (label, tuple(number for number in numbers if pieces.ids[number] not in seen))
            for label, numbers in pieces.groups
        ]
        again = tuple(n for n, base_id in enumerate(pieces.ids) if base_id in seen)
        seen.update(pieces.ids)
        shown = tuple((label, numbers) for label, numbers in groups if numbers)
        parts.append(Part(pieces, shown, again, is_first=not parts))
    return tuple(parts)


def fit(parts: Sequence[Part], room: int) -> list[Fragment]:
    """Show as much of each paper as `room` bytes of HTML hold: the same of all of them.

    First abstracts are shortened, then left out, then there are only titles, then only so many of
    them; each section gets its fair share of the room.
    """
    for depth in DEPTHS:
        taken = _take((each for part in parts for each in part.whole(depth)), room)
        if taken is not None:
            return taken
    shares = share([part.need() for part in parts], room - sum(part.frame() for part in parts))
    return [each for part, own in zip(parts, shares, strict=True) for each in part.cut(own)]


def share(needs: Sequence[int], room: int) -> list[int]:
    """Share room out: nobody gets more than needed, and what small ones leave goes to the others.

    >>> share([10, 50, 60], 90)
    [10, 40, 40]
    """
    shares = [0] * len(needs)
    for done, index in enumerate(sorted(range(len(needs)), key=needs.__getitem__)):
        shares[index] = max(0, min(needs[index], room // (len(needs) - done)))
        room -= shares[index]
    return shares


def _take(fragments: Iterable[Fragment], room: int) -> list[Fragment] | None:
    """Take all of them; None as soon as they do not fit."""
    taken = []
    for each in fragments:
        room -= each.size
        if room < 0:
            return None
        taken.append(each)
    return taken


def _weigh(fragments: Iterable[Fragment]) -> int:
    return sum(each.size for each in fragments)

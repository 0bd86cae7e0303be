"""A source that serves what a test put into it."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

from bot.core.papers import Announcement
from bot.errors import SourceError

if TYPE_CHECKING:
    from bot.flows.ingest import Source

Canned = Announcement | Exception


class CannedSource:
    """Serves one answer a category; of several, the one of the day asked for, or the last."""

    def __init__(self, answers: Mapping[str, Canned | Sequence[Canned]]) -> None:
        self.answers = answers
        self.asked: list[tuple[str, date | None]] = []

    def read(self, category: str, day: date | None) -> Announcement:
        self.asked.append((category, day))
        answers = self.answers.get(category, SourceError("https://arxiv.example", "nothing there"))
        if isinstance(answers, Announcement | Exception):
            answers = (answers,)
        of_day = (each for each in answers if isinstance(each, Announcement) and each.day == day)
        answer = next(of_day, answers[-1])
        if isinstance(answer, Exception):
            raise answer
        return answer


if TYPE_CHECKING:
    _SOURCE: Source = CannedSource({})

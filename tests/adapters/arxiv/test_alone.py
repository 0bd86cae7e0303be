from collections.abc import Iterator
from contextlib import contextmanager

from bot.adapters.arxiv.alone import AloneSource
from tests.fakes.papers import DAY, announce, make_paper
from tests.fakes.sources import CannedSource


def test_a_category_is_read_within_a_turn() -> None:
    turns: list[str] = []

    @contextmanager
    def turn() -> Iterator[None]:
        turns.append("taken")
        yield
        turns.append("given back")

    announcement = announce(make_paper())
    source = AloneSource(CannedSource({"cs.CV": announcement}), turn)
    assert source.read("cs.CV", DAY) == announcement
    assert turns == ["taken", "given back"]

"""Papers and keywords to measure with: real ones from a file, else made-up ones."""

import json
import lzma
import random
from collections.abc import Iterator
from pathlib import Path

from bot.core.keyword_sets import KeywordSet
from bot.core.papers import Paper
from bot.core.parsing import parse_keyword
from bot.errors import QueryError

SHARED = Path(__file__).parents[1].parent / "shared" / "arxiv"
PAPERS = SHARED / "papers-30k.jsonl.xz"
MADE_UP = 5_000
_SYLLABLES = ("ba", "ce", "di", "fo", "gu", "ha", "ki", "lo", "mu", "na", "pe", "qui", "ra", "so")


def load_papers(path: Path, number: int | None = None) -> Iterator[Paper]:
    """Load papers of a JSON lines file (id, title, authors, abstract, categories); `.xz` or plain.

    Where the file is missing, papers are made up: a vocabulary in Zipf's proportions.
    """
    if not path.exists():
        yield from make_papers(number or MADE_UP)
        return
    with lzma.open(path, "rt") if path.suffix == ".xz" else path.open() as lines:
        for count, line in enumerate(lines):
            if count == number:
                return
            row = json.loads(line)
            yield Paper(
                base_id=row["id"],
                version=1,
                title=row["title"],
                authors=tuple(row["authors"]),
                abstract=row["abstract"],
                categories=tuple(row["categories"]),
            )


def make_papers(number: int) -> Iterator[Paper]:
    """Make papers up, the same ones every time."""
    draw = random.Random(7)
    words = ["".join(draw.choices(_SYLLABLES, k=draw.randint(1, 4))) for _ in range(20_000)]
    weights = [1 / rank for rank in range(1, len(words) + 1)]
    for count in range(number):
        title = " ".join(draw.choices(words, weights, k=9)).capitalize()
        abstract = " ".join(draw.choices(words, weights, k=190))
        yield Paper(f"2601.{count:05}", 1, title, ("A. Person",), abstract, ("cs.CL",))


def draw_sets(papers: list[Paper], number: int, seed: int, keywords: int = 5) -> list[KeywordSet]:
    """Draw sets of keywords: two or three neighbouring words of some paper's title each."""
    draw = random.Random(seed)
    return [
        KeywordSet(f"set {count}", tuple((_draw_keyword(papers, draw),) for _ in range(keywords)))
        for count in range(number)
    ]


def _draw_keyword(papers: list[Paper], draw: random.Random) -> str:
    while True:
        words = draw.choice(papers).title.split()
        length = draw.randint(2, 3)
        if len(words) < length:
            continue
        start = draw.randrange(len(words) - length + 1)
        keyword = " ".join(words[start : start + length]).strip(":,.?!")
        try:
            parse_keyword(keyword)
        except QueryError:
            continue
        return keyword


def repeat_papers(papers: list[Paper], number: int) -> Iterator[Paper]:
    """Repeat papers under ids of their own until there are `number`."""
    for count in range(number):
        paper = papers[count % len(papers)]
        month = count // 20_000
        yield Paper(
            f"{10 + month // 12:02}{month % 12 + 1:02}.{count % 20_000:05}",
            1,
            paper.title,
            paper.authors,
            paper.abstract,
            paper.categories,
        )

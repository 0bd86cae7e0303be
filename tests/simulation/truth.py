"""What ought to arrive: everything announced, matched without the pipeline's help."""

from collections.abc import Mapping, Sequence
from datetime import date

from bot.core.keyword_sets import KeywordSet, SetKey
from bot.core.papers import AnnounceType, Paper
from bot.core.words import prepare
from bot.flows.publish import build_matcher
from tests.simulation.arxiv import Batches

_FIRST_TIME = (AnnounceType.NEW, AnnounceType.CROSS)
_AGAIN = (AnnounceType.REPLACE, AnnounceType.REPLACE_CROSS)

# By set and by day: the papers (or versions of them) that are to be shown, and were not before.
Demands = dict[SetKey, dict[date, set[str]]]


def find_demands(
    batches: Batches,
    sets: Sequence[KeywordSet],
    categories: Sequence[str],
) -> Demands:
    """Say on which day each set first wants what."""
    matcher = build_matcher(sets)
    demands: Demands = {each.key: {} for each in sets}
    shown: dict[SetKey, set[str]] = {each.key: set() for each in sets}
    for day in sorted({day for _, day in batches.entries}):
        papers: dict[str, Paper] = {}
        called: dict[str, dict[str, AnnounceType]] = {}
        for category in categories:
            for entry in batches.entries.get((category, day), ()):
                papers[entry.paper.base_id] = entry.paper
                called.setdefault(entry.paper.base_id, {})[category] = entry.kind
        for base_id, paper in papers.items():
            for index in matcher.match(paper, prepare(paper)):
                wanting = sets[index]
                key = _name(paper, called[base_id], wanting)
                if key and key not in shown[wanting.key]:
                    shown[wanting.key].add(key)
                    demands[wanting.key].setdefault(day, set()).add(key)
    return demands


def _name(paper: Paper, kinds: Mapping[str, AnnounceType], wanting: KeywordSet) -> str:
    """Name what this set is to see of a paper; "": nothing."""
    own = [
        kind
        for category, kind in kinds.items()
        if not wanting.categories or category in wanting.categories
    ]
    for alike, name in ((_FIRST_TIME, paper.base_id), (_AGAIN, f"{paper.base_id}v{paper.version}")):
        called = next((kind for kind in alike if kind in own), None)
        if called in wanting.types:
            return name
    return ""

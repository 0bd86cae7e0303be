"""A store in memory that readers look things up in, too."""

from collections.abc import Collection
from datetime import date
from typing import TYPE_CHECKING

from bot.core.archive import Appearance, Issue, Placed, Seen
from bot.core.editions import Edition
from bot.core.keyword_sets import SetKey
from bot.core.records import StoredPaper
from tests.fakes.stores import MemoryStore

if TYPE_CHECKING:
    from bot.flows.reading import ArchiveStore


class MemoryArchive(MemoryStore):
    """Gives editions numbers in the order in which they were frozen, set by set."""

    def _issues(self, key: SetKey) -> list[tuple[Issue, Edition]]:
        start = 1000 * sorted(self.editions).index(key) if key in self.editions else 0
        found = [
            (
                Issue(
                    start + place,
                    key,
                    edition.day,
                    edition.since,
                    self.frozen_at[key],
                    len(edition.items),
                ),
                edition,
            )
            for place, edition in enumerate(self.editions.get(key, []))
        ]
        return sorted(found, key=lambda each: each[0].day, reverse=True)

    def latest_issues(self, keys: Collection[SetKey]) -> dict[SetKey, Issue]:
        return {key: issues[0] for key in keys if (issues := self.list_issues(key))}

    def list_issues(
        self, key: SetKey, *, before: date | None = None, limit: int = 30
    ) -> tuple[Issue, ...]:
        issues = (issue for issue, _ in self._issues(key))
        wanted = [each for each in issues if each.papers and (before is None or each.day < before)]
        return tuple(wanted[:limit])

    def find_issue(self, key: SetKey, day: date) -> Placed | None:
        issues = [issue for issue, _ in self._issues(key)]
        found = next((each for each in issues if each.day == day), None)
        if found is None:
            return None
        full = [each.day for each in issues if each.papers]
        return Placed(
            found,
            max((each for each in full if each < day), default=None),
            min((each for each in full if each > day), default=None),
        )

    def load_frozen(self, edition_id: int) -> Edition:
        every = [pair for key in self.editions for pair in self._issues(key)]
        return next(edition for issue, edition in every if issue.id == edition_id)

    def papers_by_day(
        self, keys: Collection[SetKey], since: date
    ) -> dict[SetKey, tuple[tuple[date, int], ...]]:
        return {
            key: tuple(
                (issue.day, issue.papers)
                for issue in reversed(self.list_issues(key, limit=1000))
                if issue.day >= since
            )
            for key in keys
        }

    def load_seen(self, base_id: str) -> tuple[Seen, ...]:
        sightings = self.load_sightings(base_id)
        versions = sorted(version for known, version in self.versions if known == base_id)
        return tuple(
            Seen(version, min(each.day for each in sightings if each.version == version))
            for version in versions
        )

    def load_appearances(self, base_id: str, keys: Collection[SetKey]) -> tuple[Appearance, ...]:
        stood = [
            Appearance(key, edition.day, item.hits)
            for key in keys
            for edition in self.editions.get(key, [])
            for item in edition.items
            if item.paper.base_id == base_id
        ]
        return tuple(sorted(stood, key=lambda each: each.day))

    def search_newest(self, words: str, limit: int) -> tuple[StoredPaper, ...]:
        found = sorted(self.search(words, 1000), key=lambda each: each.first_day, reverse=True)
        return tuple(found[:limit])


if TYPE_CHECKING:
    _: ArchiveStore = MemoryArchive()

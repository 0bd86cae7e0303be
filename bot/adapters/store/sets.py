"""Keyword sets that people keep in the database; removed ones keep their row and their editions."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, or_, select, true, update

from bot.adapters.store.database import Database, insert_into
from bot.adapters.store.rows import storable, to_json
from bot.adapters.store.subscriptions import remove_subscriptions
from bot.adapters.store.tables import sets, subscriptions
from bot.core.keyword_sets import KeywordSet, MatchMode
from bot.core.papers import AnnounceType


class Sets(Database):
    """Keep sets by owner and name."""

    def load_sets(self, owner: str) -> tuple[KeywordSet, ...]:
        """Load an owner's sets that were not removed, by name."""
        return self._load_sets(sets.c.owner == owner)

    def load_all_sets(self) -> tuple[KeywordSet, ...]:
        """Load every owner's sets that were not removed, by owner and name."""
        return self._load_sets(true())

    def _load_sets(self, which: ColumnElement[bool]) -> tuple[KeywordSet, ...]:
        kept = select(sets.c.owner, sets.c.name, sets.c.paused, sets.c.definition).where(
            which, sets.c.definition.is_not(None), ~sets.c.removed
        )
        with self.reading() as connection:
            found = [_set_of(row) for row in connection.execute(kept).all()]
        # Python's order, as PostgreSQL's depends on the database's locale.
        return tuple(sorted(found, key=lambda keyword_set: keyword_set.key))

    def save_set(self, keyword_set: KeywordSet) -> None:
        """Add a set or replace the one of that owner and name; one removed before is back."""
        with self.writing() as connection:
            _write(connection, keyword_set, true())

    def add_set(self, keyword_set: KeywordSet) -> bool:
        """Add a set, even one removed before; False where its owner has one of that name."""
        with self.writing() as connection:
            is_free = or_(sets.c.removed, sets.c.definition.is_(None))
            return _write(connection, keyword_set, is_free)

    def remove_set(self, owner: str, name: str, at: datetime | None = None) -> bool:
        """Remove a set with its subscriptions and call off its deliveries; keep its editions.

        False where the owner has no such set. `at` (now, where it is not given) goes into the
        deliveries' history.
        """
        remove = (
            update(sets)
            .where(
                sets.c.owner == owner,
                sets.c.name == name,
                sets.c.definition.is_not(None),
                ~sets.c.removed,
            )
            .values(removed=True)
            .returning(sets.c.id)
        )
        with self.writing() as connection:
            set_id = connection.execute(remove).scalar()
            if set_id is None:
                return False
            moment = at or datetime.now(UTC)
            remove_subscriptions(
                connection,
                subscriptions.c.set_id == set_id,
                at=moment,
                detail=f"the keyword set {name} was removed",
            )
        return True


def _write(connection: Connection, keyword_set: KeywordSet, which: ColumnElement[bool]) -> bool:
    """Add a set's row or replace the one that is `which`; False where it is not."""
    values = {
        "paused": keyword_set.paused,
        "removed": False,
        "definition": _definition(keyword_set),
    }
    save = insert_into(connection, sets).values(
        owner=keyword_set.owner, name=keyword_set.name, **values
    )
    named = [sets.c.owner, sets.c.name]
    written = save.on_conflict_do_update(index_elements=named, set_=values, where=which)
    return connection.execute(written.returning(sets.c.id)).first() is not None


def _definition(keyword_set: KeywordSet) -> str:
    """Write what a keyword set asks for as JSON; its owner, name and pause are columns."""
    asked = {
        "keywords": keyword_set.keywords,
        "query": keyword_set.query,
        "exclude": keyword_set.exclude,
        "types": keyword_set.types,
        "categories": keyword_set.categories,
        "match": keyword_set.match,
        "creator": keyword_set.creator,
    }
    return storable(to_json(asked))


def _set_of(row: Sequence[Any]) -> KeywordSet:
    owner, name, paused, definition = row
    asked = json.loads(definition)
    return KeywordSet(
        name=name,
        keywords=tuple(map(tuple, asked["keywords"])),
        query=asked["query"],
        exclude=tuple(asked["exclude"]),
        types=tuple(map(AnnounceType, asked["types"])),
        categories=tuple(asked["categories"]),
        match=MatchMode(asked["match"]),
        owner=owner,
        paused=paused,
        # Sets that were saved before there were workspaces have none.
        creator=asked.get("creator", ""),
    )

"""Frozen editions as rows: what was shown then, in the words it had then."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, and_, select

from bot.adapters.store.rows import (
    PAPER_COLUMNS,
    categories_of,
    line_of,
    line_values,
    paper_of,
    paper_of_record,
    storable,
    to_json,
)
from bot.adapters.store.tables import edition_papers, editions, papers, versions
from bot.core.editions import (
    DeliveryState,
    Destination,
    DestinationKind,
    Edition,
    Field,
    Hit,
    Item,
    Receipt,
    SetSummary,
)
from bot.core.papers import AnnounceType
from bot.core.records import Showing, Step


def load_edition(connection: Connection, edition_id: int) -> Edition:
    """Load an edition as it was frozen, with the papers' text of that time."""
    row = connection.execute(select(editions).where(editions.c.id == edition_id)).one()
    shown = (
        select(
            *PAPER_COLUMNS,
            versions.c.record,
            edition_papers.c.kind,
            edition_papers.c.categories,
            edition_papers.c.kinds,
            edition_papers.c.hits,
        )
        .select_from(
            edition_papers.join(papers, papers.c.base_id == edition_papers.c.base_id).join(
                versions,
                and_(
                    versions.c.base_id == edition_papers.c.base_id,
                    versions.c.version == edition_papers.c.version,
                ),
            )
        )
        .where(edition_papers.c.edition_id == edition_id)
        .order_by(edition_papers.c.position)
    )
    return Edition(
        set=_summary_of(row.summary),
        day=date.fromisoformat(row.day),
        items=tuple(_item_of(shown_row) for shown_row in connection.execute(shown).all()),
        receipt=_receipt_of(row.receipt),
        earlier=row.earlier,
        since=date.fromisoformat(row.since) if row.since else None,
    )


def showing_of(row: Sequence[Any], steps: tuple[Step, ...]) -> Showing:
    """Read a showing: name, day, hits, destination's kind and address, state, delivery, owner."""
    name, day, hits, kind, address, state, delivery_id, owner = row
    return Showing(
        set_name=name,
        day=date.fromisoformat(day),
        keywords=tuple(dict.fromkeys(hit.keyword for hit in _hits_of(hits))),
        destination=Destination(DestinationKind(kind), address) if kind else None,
        state=DeliveryState(state) if state else None,
        detail=steps[-1].detail if steps else "",
        at=steps[-1].at if steps else None,
        delivery_id=delivery_id,
        steps=steps,
        set_owner=owner,
    )


def receipt_record(receipt: Receipt) -> str:
    """Write a receipt as JSON."""
    lines = [list(line_values(line).values()) for line in receipt.categories]
    return to_json([receipt.day.isoformat(), receipt.announced, receipt.read, lines])


def summary_record(summary: SetSummary) -> str:
    """Write a set's summary as JSON."""
    return storable(to_json([summary.name, summary.keywords, summary.exclude]))


def hits_record(hits: Sequence[Hit]) -> str:
    """Write why a paper matched as JSON."""
    listed = [[hit.keyword, hit.field.value, hit.start, hit.end, hit.words] for hit in hits]
    return storable(to_json(listed))


def load_hits(record: str) -> tuple[Hit, ...]:
    """Read `hits_record` back."""
    return _hits_of(record)


def _item_of(row: Sequence[Any]) -> Item:
    record, kind, categories, kinds, hits = row[9:14]
    paper = paper_of_record(record) if record else paper_of(row)
    return Item(
        paper=replace(paper, categories=categories_of(categories)),
        kind=AnnounceType(kind),
        hits=_hits_of(hits),
        kinds=_kinds_of(kinds),
    )


def _receipt_of(record: str) -> Receipt:
    day, announced, read, lines = json.loads(record)
    return Receipt(date.fromisoformat(day), announced, read, tuple(map(line_of, lines)))


def _summary_of(record: str) -> SetSummary:
    name, keywords, exclude = json.loads(record)
    return SetSummary(name, tuple(keywords), tuple(exclude))


def _hits_of(record: str) -> tuple[Hit, ...]:
    return tuple(
        Hit(keyword, Field(field), start, end, words)
        for keyword, field, start, end, words in json.loads(record)
    )


def _kinds_of(record: str) -> Mapping[str, AnnounceType]:
    return MappingProxyType({key: AnnounceType(kind) for key, kind in json.loads(record).items()})

"""Lists of people who agreed elsewhere."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.adapters.store import Store, open_store
from bot.core.addresses import hash_address
from bot.core.subscribers import Deed, ImportLine, ImportOutcome, ImportRow
from bot.flows.importing import import_subscribers
from tests.fakes.papers import NOW
from tests.fakes.readers import CLOUDS, SHEEP

ADA = "ada@lab.example"
ADDED, KNOWN, SUPPRESSED, REFUSED = ImportOutcome


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path / 'papers.db'}") as opened:
        yield opened


def bring(
    store: Store,
    address: str = ADA,
    name: str = "Clouds",
    at: str = "2025-11-01",
    source: str = "paper form",
) -> ImportLine:
    (line,) = import_subscribers(
        [ImportRow(2, address, name, at, source)],
        store,
        (CLOUDS, SHEEP),
        timezone="Europe/Berlin",
        new_nonce=lambda: "nonce",
        now=NOW,
    )
    return line


def test_who_agreed_elsewhere_is_subscribed_once_with_the_proof(store: Store) -> None:
    assert bring(store, "Ada@lab.example", "clouds").outcome is ADDED
    assert bring(store).outcome is KNOWN
    (kept,) = store.load_subscriptions()
    assert (kept.set_name, kept.origin, kept.schedule.timezone) == (
        "Clouds", "person", "Europe/Berlin"
    )  # fmt: skip
    (line,) = store.load_held(ADA).consents
    assert (line.what, line.proof) == (Deed.IMPORTED, "paper form (imported 2025-12-04)")
    assert f"{line.at:%Y-%m-%d}" == "2025-11-01"
    assert bring(store, name="Sheep", at="2025-11-01T12:00:00+01:00").outcome is ADDED


def test_nobody_is_subscribed_who_left_since(store: Store) -> None:
    bring(store)
    known = store.find_subscriber(ADA)
    assert known
    left = NOW - timedelta(days=3)
    store.leave_subscriber(known.id, known.created_at, 0, at=left, proof="")
    line = bring(store)
    assert (line.outcome, line.said) == (
        REFUSED,
        "this person left after 2025-11-01: only they can subscribe again",
    )
    assert bring(store, name="Sheep").outcome is REFUSED
    assert store.load_subscriptions() == ()
    assert bring(store, at="2025-12-03").outcome is ADDED


def test_nobody_is_subscribed_who_is_suppressed(store: Store) -> None:
    store.suppress(hash_address(ADA), "complaint", NOW)
    assert bring(store).outcome is SUPPRESSED
    assert store.list_subscribers() == ()


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"address": "ada\x1b[31m"}, "'ada\\x1b[31m' holds characters"),
        ({"name": "Nothing"}, "there is no set 'Nothing' here"),
        ({"at": ""}, "consent_at '' is not a day"),
        ({"at": "yesterday"}, "consent_at 'yesterday' is not a day"),
        ({"at": "0001-01-01T00:00:00+12:00"}, "is not a day"),
        ({"at": "2025-12-05"}, "consent_at 2025-12-05 is in the future"),
        ({"source": " "}, "consent_source is empty"),
        ({"source": "x" * 501}, "consent_source is empty, too long"),
        ({"source": "a\0b"}, "consent_source is empty, too long or unreadable"),
    ],
)
def test_a_line_without_proof_is_refused_with_a_reason(
    store: Store, fields: dict[str, str], said: str
) -> None:
    line = bring(store, **fields)
    assert line.outcome is REFUSED
    assert said in line.said
    assert line.address.isprintable()
    assert store.list_subscribers() == ()

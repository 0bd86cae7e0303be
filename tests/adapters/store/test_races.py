import time
from typing import Any, cast

from bot.adapters.store import open_store
from bot.core.editions import BatchState
from tests.adapters.store.made_up import (
    CATS,
    CHANNEL,
    DAY,
    MAIL,
    NOW,
    agree,
    announce,
    dump,
    freeze,
    make_edition,
    make_paper,
    save,
)
from tests.adapters.store.racing import INTERVAL_S, WAITS, race
from tests.adapters.store.test_bundling import plan

RACERS = 8
READERS = [f"reader-{number}@lab.example" for number in range(5)]
SETS = [f"Set {number}" for number in range(6)]


def test_processes_that_open_a_fresh_database_at_once_all_succeed(database_url: str) -> None:
    assert race("open", database_url) == [0] * RACERS


def test_of_racing_savers_of_the_same_papers_one_stores_each(database_url: str) -> None:
    open_store(database_url).close()
    stored = race("save", database_url)
    assert sorted(stored, key=str) == [0] * (RACERS - 1) + [40]
    with open_store(database_url) as store:
        assert store.count() == 40
        lines = store.receipts(DAY, ["cs.CV", "cs.RO"])
        assert [line.state for line in lines] == [BatchState.COMPLETE] * 2
        assert sum(line.stored for line in lines) == 40


def test_racing_publishers_make_exactly_one_edition(database_url: str) -> None:
    with open_store(database_url) as store:
        save(store, announce(make_paper()))
    planned = race("publish", database_url)
    made = [ids for ids in planned if ids is not None]
    assert len(made) == 1
    rows = dump(database_url)
    assert len(rows["editions"]) == 1
    assert len(rows["edition_papers"]) == 1
    assert len(rows["deliveries"]) == 2


def test_of_racing_claimers_each_delivery_has_one(database_url: str) -> None:
    with open_store(database_url) as store:
        save(store, announce(make_paper()))
        planned = freeze(
            store, CATS, make_edition(make_paper()), [(MAIL, NOW), (CHANNEL, NOW)], NOW
        )
    claimed = race("claim", database_url)
    ids = [number for one in claimed if isinstance(one, list) for number in one]
    assert sorted(ids) == sorted(delivery.id for delivery in planned or ())


def test_of_racing_claimers_of_one_readers_sets_one_sends_a_mail_with_all(
    database_url: str,
) -> None:
    with open_store(database_url) as store:
        for address in READERS:
            agree(store, address)
        planned = [plan(store, *SETS, address=address, day=n) for n, address in enumerate(READERS)]
    mails = [mail for one in race("claim mail", database_url) for mail in cast("Any", one)]
    assert sorted(sorted(mail) for mail in mails) == planned


def test_processes_on_one_database_together_keep_the_interval(database_url: str) -> None:
    open_store(database_url).close()
    before = time.time()
    racers = 4
    waits = race("wait", database_url, racers)
    times = sorted(moment for one in waits if isinstance(one, list) for moment in one)
    assert len(times) == racers * WAITS
    # The n-th may not leave before its slot, however the processes take turns.
    assert all(moment - before >= number * INTERVAL_S for number, moment in enumerate(times))
    slots = round((times[-1] - times[0]) / INTERVAL_S)
    assert slots >= racers * WAITS - 2

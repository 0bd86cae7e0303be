import signal
import subprocess
import sys
from pathlib import Path

from sqlalchemy import create_engine, text

from bot.adapters.store import open_store
from tests.adapters.store.made_up import announce, dump, make_paper, save


def test_a_process_killed_at_any_statement_leaves_no_half_batch(database_url: str) -> None:
    with open_store(database_url) as store:
        save(store, announce(*(make_paper(number) for number in range(1, 21))))
    before = dump(database_url)
    killed = 0
    while True:
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "tests.adapters.store.dying",
                database_url,
                str(killed + 1),
            ],
            check=False,
            cwd=Path(__file__).parents[3],
        )
        if done.returncode == 0:
            break
        assert done.returncode == -signal.SIGKILL
        killed += 1
        assert dump(database_url) == before
        with open_store(database_url) as store:
            assert len(store.search("cat climb", 99)) == 20
            assert not store.search('"told 2 times"', 99)
    assert killed >= 8
    with open_store(database_url) as store:
        assert store.count() == 30
        assert len(store.search('"told 2 times"', 99)) == 30
    if database_url.startswith("sqlite"):
        engine = create_engine(database_url)
        with engine.begin() as connection:
            assert connection.execute(text("PRAGMA integrity_check")).scalar() == "ok"
            check = "INSERT INTO paper_search (paper_search) VALUES ('integrity-check')"
            connection.execute(text(check))
        engine.dispose()

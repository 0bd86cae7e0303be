"""A process that is killed at its n-th statement: `python -m tests.adapters.store.dying URL N`."""

import os
import signal
import sys
from datetime import timedelta

from sqlalchemy import Engine, event

from bot.adapters.store import open_store
from bot.core.papers import AnnounceType
from tests.adapters.store.made_up import DAY, announce, make_paper, save


def main() -> None:
    url, last = sys.argv[1], int(sys.argv[2])
    with open_store(url) as store:
        seen = 0

        def count(*_: object) -> None:
            nonlocal seen
            seen += 1
            if seen == last:
                os.kill(os.getpid(), signal.SIGKILL)

        event.listen(Engine, "before_cursor_execute", count)
        event.listen(Engine, "commit", count)
        papers = [make_paper(number, 2) for number in range(1, 31)]
        day = DAY + timedelta(days=1)
        save(store, announce(*papers, day=day, kind=AnnounceType.REPLACE))


if __name__ == "__main__":
    main()

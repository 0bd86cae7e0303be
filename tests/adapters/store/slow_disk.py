"""A disk that has only what it was told to write of an SQLite file, as after a power failure."""

import os
import shutil
import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

from bot.adapters.store.brief import Disk
from bot.adapters.store.database import Database


class SlowDisk:
    """Takes the place of the machine's own; `kept` is a database as a new start would find it."""

    def __init__(self, database: Database, kept: Path) -> None:
        self.kept = kept
        self.syncs = 0
        self.is_broken = False
        self._path = Path(str(database.url.database))
        self._turn = threading.Lock()
        database._disk = Disk(str(self._path), self._sync)  # noqa: SLF001 - there is no other way in

    def read(self, statement: str) -> list[Any]:
        """Ask what is kept, and leave it as it is."""
        with self._turn:
            asked = self.kept.with_name("asked.db")
            shutil.copyfile(self.kept, asked)
            shutil.copyfile(f"{self.kept}-wal", f"{asked}-wal")
            with closing(sqlite3.connect(asked)) as database:
                return database.execute(statement).fetchall()

    def _sync(self, file: int) -> None:
        if self.is_broken:
            raise OSError(5, "Input/output error")
        wal = Path(f"{self._path}-wal")
        assert os.path.samestat(os.fstat(file), wal.stat())
        with self._turn:
            self.syncs += 1
            shutil.copyfile(self._path, self.kept)
            shutil.copyfile(wal, f"{self.kept}-wal")

"""A PostgreSQL server of the test's own, which it may kill."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest
from sqlalchemy import URL

_BINARIES = Path("/usr/lib/postgresql")
_UNPRIVILEGED = ("postgres", "nobody")
_START_S = 30.0


class Server:
    """A private server on a socket of its own; its commits are as durable as by default."""

    def __init__(self) -> None:
        """Make its files; skip the test where PostgreSQL is not installed."""
        versions = sorted(_BINARIES.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
        if not versions:
            pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
        self._binaries = versions[-1].parent
        # A socket's path must be short, so it is not below pytest's own folder.
        self._folder = Path(tempfile.mkdtemp(prefix="papers-pg-"))
        self._data = self._folder / "data"
        # PostgreSQL refuses to run as root.
        self._user = None
        if os.geteuid() == 0:
            known = {entry.pw_name for entry in pwd.getpwall()}
            self._user = next(user for user in _UNPRIVILEGED if user in known)
            shutil.chown(self._folder, self._user)
        self.url = URL.create(
            "postgresql+psycopg",
            username="papers",
            database="postgres",
            query={"host": str(self._folder)},
        ).render_as_string()

    def __enter__(self) -> Self:
        initdb: list[str | Path] = [self._binaries / "initdb", "-D", self._data, "-U", "papers"]
        assert self._run([*initdb, "-A", "trust", "-E", "UTF8", "--no-sync", "--locale=C"]) == 0
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._control("-m", "immediate", "stop")
        shutil.rmtree(self._folder)

    def start(self) -> None:
        """Start it; what a killed one left behind may still be in the way for a moment."""
        options = f"-k {self._folder} -h '' -c max_connections=80"
        until = time.monotonic() + _START_S
        while self._control("-w", "-l", self._folder / "log", "-o", options, "start"):
            assert time.monotonic() < until, (self._folder / "log").read_text()[-2000:]
            time.sleep(0.1)

    def kill(self) -> None:
        """Kill the server's first process, as a machine without memory does; the rest follows."""
        postmaster = int((self._data / "postmaster.pid").read_text().split("\n")[0])
        os.kill(postmaster, signal.SIGKILL)

    def stop_at_once(self) -> None:
        """Stop it without a checkpoint or a word to its clients."""
        assert self._control("-m", "immediate", "stop") == 0

    def _control(self, *words: str | Path) -> int:
        return self._run([self._binaries / "pg_ctl", "-D", self._data, *words])

    def _run(self, command: Sequence[str | Path]) -> int:
        return subprocess.run(
            command,
            check=False,
            user=self._user,
            group=pwd.getpwnam(self._user).pw_gid if self._user else None,
            extra_groups=[] if self._user else None,
            cwd="/",
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ).returncode

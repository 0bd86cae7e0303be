"""How properties are checked, and databases: the store's tests run on SQLite and PostgreSQL.

PAPERS_TEST_POSTGRES names a server to use (a URL of a user who may create databases); without it
a private one is started from the machine's own binaries.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import settings
from sqlalchemy import URL, create_engine, make_url, text

from bot.adapters.store import Store, open_store

# A busy machine is no fault of the program, so properties have no deadline. On a machine that
# checks every change the same examples are drawn each time; everywhere else new ones.
settings.register_profile("papers", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("papers")

_BINARIES = Path("/usr/lib/postgresql")
_UNPRIVILEGED = ("postgres", "nobody")


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[URL]:
    """Give the URL of a PostgreSQL server's own database."""
    named = os.environ.get("PAPERS_TEST_POSTGRES")
    if named:
        yield make_url(named).set(drivername="postgresql+psycopg")
        return
    binaries = _find_binaries()
    if binaries is None:
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    # A socket's path must be short, so it is not below pytest's own folder. Databases come and go
    # with tests, twice as fast in memory.
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - made by mkdtemp
    folder = Path(tempfile.mkdtemp(prefix="papers-pg-", dir=memory))
    user = _unprivileged_user()
    if user:
        shutil.chown(folder, user)
    data, log = folder / "data", folder / "log"
    initdb: list[str | Path] = [
        binaries / "initdb",
        "-D",
        data,
        "-U",
        "papers",
        "-A",
        "trust",
        "-E",
        "UTF8",
    ]
    control: list[str | Path] = [binaries / "pg_ctl", "-D", data, "-w"]
    settings = f"-k {folder} -h '' -c fsync=off -c full_page_writes=off -c max_connections=60"
    try:
        _run([*initdb, "--no-sync", "--locale=C"], user)
        _run([*control, "-l", log, "-o", settings, "start"], user)
        try:
            yield URL.create(
                "postgresql+psycopg",
                username="papers",
                database="postgres",
                query={"host": str(folder)},
            )
        finally:
            _run([*control, "-m", "immediate", "stop"], user)
    finally:
        shutil.rmtree(folder)


@pytest.fixture
def postgresql_url(postgresql_server: URL) -> Iterator[str]:
    """Give the URL of a fresh, empty PostgreSQL database."""
    with _fresh_database(postgresql_server) as url:
        yield url


@pytest.fixture
def other_postgresql_url(postgresql_server: URL) -> Iterator[str]:
    """Give the URL of another one."""
    with _fresh_database(postgresql_server) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Give the URL of a database that holds nothing yet, of either kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'papers.db'}"
    return str(request.getfixturevalue("postgresql_url"))


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """Give an open, empty store on either kind of database."""
    with open_store(database_url) as opened:
        yield opened


@contextmanager
def _fresh_database(server: URL) -> Iterator[str]:
    name = f"papers_{uuid4().hex}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE template0"))
    try:
        yield server.set(database=name).render_as_string(hide_password=False)
    finally:
        with engine.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        engine.dispose()


def _find_binaries() -> Path | None:
    versions = sorted(_BINARIES.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return versions[-1].parent if versions else None


def _unprivileged_user() -> str | None:
    """PostgreSQL refuses to run as root; name another user where root runs the tests."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next(user for user in _UNPRIVILEGED if user in known)


def _run(command: Sequence[str | Path], user: str | None) -> None:
    subprocess.run(
        command,
        check=True,
        user=user,
        group=pwd.getpwnam(user).pw_gid if user else None,
        extra_groups=[] if user else None,
        cwd="/",
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )

import shutil
import ssl
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from tests.adapters.bounces.servers import Dovecot, Postfix, run_dovecot, run_postfix


@pytest.fixture(scope="module")
def server_folder() -> Iterator[Path]:
    """Give a folder that servers with few privileges may enter, by a short name."""
    made = Path(tempfile.mkdtemp(prefix="papers-mail-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


@pytest.fixture(scope="module")
def postfix(server_folder: Path) -> Iterator[Postfix]:
    with run_postfix(server_folder) as server:
        yield server


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def trusting(authority: trustme.CA) -> ssl.SSLContext:
    """Give a context that trusts the tests' own authority, as a machine's trusts others."""
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


@pytest.fixture(scope="module")
def dovecot(server_folder: Path, authority: trustme.CA) -> Iterator[Dovecot]:
    with run_dovecot(server_folder, authority) as server:
        yield server

import ssl
from collections.abc import Callable, Iterator

import pytest
import trustme

from bot.adapters.smtp.connection import Envelope, Limits
from bot.adapters.smtp.pool import Pool
from bot.config.mail import Relay, Security
from tests.fakes import smtp_server
from tests.fakes.smtp_server import SmtpServer

# Enough for a busy machine to answer, and little for a test to wait.
SHORT = Limits(opening=5.0, asking=5.0, sending=5.0)
ENVELOPE = Envelope("bounces@lab.example", "ada@example.org", "key-1")
LETTER = b"Subject: hi\r\n\r\n.one dot\r\n..two dots\r\nend\r\n"

OpenPool = Callable[..., Pool]


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="session")
def trusting(authority: trustme.CA) -> ssl.SSLContext:
    """Give a context that trusts the tests' own authority, as a machine's trusts others."""
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


@pytest.fixture(params=[(), ("PIPELINING",)], ids=["one-by-one", "at-once"])
def open_pool(
    trusting: ssl.SSLContext, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[OpenPool]:
    """Open pools of connections to a server, which are closed afterwards."""
    pools = []
    offered = (*smtp_server.FEATURES, *request.param)
    monkeypatch.setattr(smtp_server, "FEATURES", offered)

    def build(
        server: SmtpServer,
        security: Security = Security.NONE,
        *,
        user: str = "",
        password: str = "",
        limits: Limits = SHORT,
        most_carried: int = 100,
    ) -> Pool:
        relay = Relay("localhost", server.port, security, user, password)
        pool = Pool(
            relay, "lab.example", context=trusting, most_carried=most_carried, limits=limits
        )
        pools.append(pool)
        return pool

    yield build
    for pool in pools:
        pool.close()

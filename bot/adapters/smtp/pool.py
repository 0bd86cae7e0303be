"""Connections to the relay that are kept and used again; knows nothing of domains or deliveries."""

import ssl
import threading
import time
from collections.abc import Callable
from typing import Final

from bot.adapters.smtp.connection import (
    CLOSING,
    USUAL_LIMITS,
    Connection,
    Envelope,
    Limits,
    LostError,
    RefusedError,
)
from bot.config.mail import Relay
from bot.core.refusals import Phase

# Servers tire of a connection after some hundred mails.
MOST_CARRIED: Final = 100


class Pool:
    """As many connections as there are threads that send at once; the last used is the next."""

    def __init__(
        self,
        relay: Relay,
        hello: str,
        *,
        context: ssl.SSLContext | None = None,
        most_carried: int = MOST_CARRIED,
        limits: Limits = USUAL_LIMITS,
    ) -> None:
        """`hello` is our own name; `context` says which certificates are trusted."""
        self.relay = relay
        self._hello = hello
        self._context = context or ssl.create_default_context()
        self._most_carried = most_carried
        self._limits = limits
        self._idle: list[Connection] = []
        self._lock = threading.Lock()

    def send(self, envelope: Envelope, size: int, leave: Callable[[], bytes]) -> str:
        """Hand a mail over as `Connection.send` does.

        A connection that had been closed while it was idle is replaced; nothing had left on it.
        """
        kept = self._take()
        if kept is not None:
            try:
                return self._use(kept, envelope, size, leave)
            except LostError as error:
                if error.left:
                    raise
            except RefusedError as error:
                refusal = error.refusal
                if (refusal.phase, refusal.code) != (Phase.SENDER, CLOSING):
                    raise
        return self._use(self._connect(), envelope, size, leave)

    def check(self) -> None:
        """Connect, log in, and leave again; raise LostError or RefusedError."""
        connection = self._connect()
        try:
            connection.ask()
        finally:
            connection.close()

    def close(self) -> None:
        """Take leave on every connection that nobody uses."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _use(
        self, connection: Connection, envelope: Envelope, size: int, leave: Callable[[], bytes]
    ) -> str:
        try:
            said = connection.send(envelope, size, leave)
        except RefusedError as error:
            if error.refusal.code == CLOSING:
                connection.drop()
            else:
                self._recover(connection)
            raise
        except BaseException:
            connection.drop()
            raise
        self._give_back(connection)
        return said

    def _recover(self, connection: Connection) -> None:
        try:
            connection.reset()
        except LostError:
            connection.drop()
        else:
            self._give_back(connection)

    def _take(self) -> Connection | None:
        with self._lock:
            kept = self._idle.pop() if self._idle else None
        if kept is not None and time.monotonic() - kept.used > self._limits.idle:
            kept.drop()
            return None
        return kept

    def _give_back(self, connection: Connection) -> None:
        if connection.carried >= self._most_carried:
            connection.close()
            return
        with self._lock:
            self._idle.append(connection)

    def _connect(self) -> Connection:
        return Connection(self.relay, self._hello, self._context, self._limits)

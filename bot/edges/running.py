"""Roles of one process: threads that begin together and stop together; knows none of them."""

import signal
import threading
import time
from collections.abc import Callable, Mapping
from types import FrameType

from bot.edges.logs import Log
from bot.errors import BotError

Role = Callable[[threading.Event], None]

# Claims are finished or given back within this time: supervisors kill soon after.
GRACE_SECONDS = 10.0
_LOOK_SECONDS = 0.2


def run_roles(
    roles: Mapping[str, Role],
    log: Log,
    *,
    stop: threading.Event | None = None,
    grace_seconds: float = GRACE_SECONDS,
) -> bool:
    """Run every role until a signal (SIGTERM, SIGINT) or one of them ends; then stop them all.

    Each role returns soon after the event that it is given is set. Those that have not within
    `grace_seconds` are left as a crash would leave them. False where a role failed.
    """
    stopping = stop or threading.Event()
    failed: list[str] = []

    def live(name: str, role: Role) -> None:
        try:
            role(stopping)
        except BotError as error:
            failed.append(name)
            log.error("stopped", where=name, problem=str(error))  # noqa: TRY400 - a sentence
        except Exception as error:  # noqa: BLE001 - the others are stopped in order
            failed.append(name)
            problem = f"{type(error).__name__}: {error}"
            log.error("stopped", where=name, problem=problem)  # noqa: TRY400 - the same
        finally:
            stopping.set()

    def heed(number: int, _frame: FrameType | None) -> None:
        log.info("stopping", what=signal.Signals(number).name)
        stopping.set()

    before = {number: signal.signal(number, heed) for number in (signal.SIGTERM, signal.SIGINT)}
    threads = [
        threading.Thread(target=live, args=each, name=each[0], daemon=True)
        for each in roles.items()
    ]
    try:
        for thread in threads:
            thread.start()
        # An event waited for without an end keeps signals from being heard.
        while not stopping.wait(_LOOK_SECONDS):
            pass
        deadline = time.monotonic() + grace_seconds
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
            if thread.is_alive():
                log.warning("left", where=thread.name, what="it did not end in time")
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return not failed

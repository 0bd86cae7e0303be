"""A progress bar: only on a terminal, and only for work that takes longer than a second."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

PATIENCE = 1.0


@contextmanager
def tracked(total: int, what: str) -> Iterator[Callable[[], None]]:
    """Yield a function to call after each of `total` steps."""
    if not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import Progress

    progress = Progress(console=Console(stderr=True), transient=True)
    task = progress.add_task(what, total=total)
    begun = time.monotonic()
    shown = False

    def advance() -> None:
        nonlocal shown
        if not shown and time.monotonic() - begun > PATIENCE:
            progress.start()
            shown = True
        progress.advance(task)

    try:
        yield advance
    finally:
        if shown:
            progress.stop()

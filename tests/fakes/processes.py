"""Modules of the tests that run in processes of their own, and are told what to do by lines."""

import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Final, Self

ROOT: Final = Path(__file__).parents[2]


class ModuleProcess:
    """`python -m MODULE ARGUMENTS`, which ends with its input."""

    def __init__(self, module: str, *arguments: str, alone: bool = False) -> None:
        """`alone`: signals to the tests' own group do not reach it."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            start_new_session=alone,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.communicate("")

    def say(self, line: str) -> str:
        """Write a line to it; return the line that it answers."""
        assert self._process.stdin
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()
        return self.hear()

    def hear(self) -> str:
        """Return the next line that it prints."""
        assert self._process.stdout
        return self._process.stdout.readline()


class ServerProcess(ModuleProcess):
    """A server, whose first line says at which `port` it serves."""

    def __init__(self, module: str, *arguments: str) -> None:
        super().__init__(module, *arguments)
        self.port = int(self.hear())

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.config.slack import SECRETS
from bot.edges.cli import main

SAMPLE = Path(__file__).parents[3] / "bot" / "edges" / "cli" / "sample"


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command left: its exit code, its result and what it said beside it."""

    code: int
    out: str
    err: str


Papers = Callable[..., Ran]


@pytest.fixture
def papers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Papers:
    """Run `papers` with arguments in a folder of its own, as a person would."""
    monkeypatch.chdir(tmp_path)
    secrets = (*SECRETS.values(), *(f"{name}_FILE" for name in SECRETS.values()))
    for name in ("PAPERS_CONFIG", "DATABASE_URL", "NO_COLOR", "FORCE_COLOR", *secrets):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments: object) -> Ran:
        with pytest.raises(SystemExit) as left:
            main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return Ran(int(left.value.code or 0), said.out, said.err)

    return run


@pytest.fixture
def sample() -> list[object]:
    """Give the options that make a command use the sample's configuration and announcement."""
    return ["--config", SAMPLE / "config.toml", "--source", SAMPLE]

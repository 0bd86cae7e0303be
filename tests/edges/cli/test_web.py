import contextlib
import json
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest

from bot.edges.web.serving import open_port
from tests.edges.cli.conftest import SAMPLE, Papers

CONFIG = ["--config", str(SAMPLE / "config.toml")]


@pytest.fixture
def served(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Run `papers web` at a free port, with events in JSON."""
    command = [sys.executable, "-m", "bot", "web", *CONFIG, "--port", "0", "--log-format", "json"]
    with subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        yield process
        process.kill()


def read_event(lines: IO[str] | None) -> dict[str, str]:
    assert lines is not None
    event: dict[str, str] = json.loads(lines.readline())
    return event


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serves_until_a_signal_and_says_so_line_by_line(
    served: subprocess.Popen[str], number: signal.Signals
) -> None:
    event = read_event(served.stderr)
    assert (event["level"], event["event"]) == ("info", "serving")
    with urllib.request.urlopen(f"{event['where']}/healthz") as answer:  # noqa: S310 - our own
        assert (answer.status, answer.read()) == (200, b"ok\n")
    deadline = time.monotonic() + 20
    body = ""
    while 'role="web"' not in body and time.monotonic() < deadline:
        with urllib.request.urlopen(f"{event['where']}/metrics") as answer:  # noqa: S310
            body = answer.read().decode()
    assert 'papers_last_heartbeat_timestamp_seconds{role="web"}' in body
    served.send_signal(number)
    out, err = served.communicate(timeout=20)
    assert served.returncode == 0
    assert out == ""
    assert [json.loads(line)["event"] for line in err.splitlines()] == ["stopping"]


def test_a_port_in_use_is_a_sentence(papers: Papers) -> None:
    with contextlib.closing(open_port("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ran = papers("web", *CONFIG, "--host", "127.0.0.1", "--port", port)
    assert ran.code == 2
    assert ran.err == (
        f"papers: port {port} of 127.0.0.1 is in use: stop the program that has it, or choose "
        "another with --port or [web] port\n"
    )


def test_a_port_is_a_number_that_can_be_one(papers: Papers) -> None:
    assert papers("web", *CONFIG, "--port", "65536").code == 2


def test_the_command_line_starts_without_the_web() -> None:
    code = (
        "import sys\nfrom bot.edges.cli import main\ntry: main(['--help'])\n"
        "except SystemExit: print([name for name in "
        "('flask', 'waitress', 'prometheus_client', 'structlog') if name in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.splitlines()[-1] == "[]"


def test_a_sign_in_link_is_printed(papers: Papers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAPERS_SECRET_KEY", "k" * 32)
    ran = papers("web", *CONFIG, "--sign-in-link")
    assert ran.code == 0
    assert re.fullmatch(r"http://127\.0\.0\.1:8080/operator/sign-in/[\w.-]{40,}\n", ran.out)
    other = papers("web", *CONFIG, "--sign-in-link", "--host", "::1", "--port", "9000")
    assert other.out.startswith("http://[::1]:9000/operator/sign-in/")
    monkeypatch.delenv("PAPERS_SECRET_KEY")
    bare = papers("web", *CONFIG, "--sign-in-link")
    assert (bare.code, "set PAPERS_SECRET_KEY" in bare.err) == (2, True)

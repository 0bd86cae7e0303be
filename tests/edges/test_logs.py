import io
import json
import logging
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from bot.core.editions import DeliveryState
from bot.edges.logs import Form, get_log, log_options, mask, set_up_logs


class Screen(io.StringIO):
    """A stream at which a person looks."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Leave the logs as they were; let it be 22:03:11, for people in UTC."""
    root, ours = logging.getLogger(), logging.getLogger("papers")
    handlers, level = list(root.handlers), ours.level
    at = datetime(2025, 12, 4, 22, 3, 11, 500_000, tzinfo=UTC).timestamp()
    monkeypatch.setattr("time.time", lambda: at)
    monkeypatch.setattr("time.time_ns", lambda: int(at * 1e9))
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    yield
    root.handlers[:] = handlers
    ours.setLevel(level)
    monkeypatch.undo()
    time.tzset()


def text_of(event: str, level: str = "info", /, **fields: Any) -> str:  # noqa: ANN401
    stream = io.StringIO()
    set_up_logs("text", stream)
    getattr(get_log(), level)(event, **fields)
    return stream.getvalue()


def json_of(event: str, level: str = "info", /, **fields: Any) -> dict[str, Any]:  # noqa: ANN401
    stream = io.StringIO()
    set_up_logs("json", stream)
    getattr(get_log(), level)(event, **fields)
    (line,) = stream.getvalue().splitlines()
    read: dict[str, Any] = json.loads(line)
    return read


def test_a_line_for_people_is_calm_and_aligned() -> None:
    what = "MLLM 4 Dec (33 papers)"
    assert text_of("delivered", where="#papers-mllm", what=what) == (
        "22:03:11 delivered  #papers-mllm  MLLM 4 Dec (33 papers)\n"
    )
    assert text_of("read", where="cs.CV", what="376 entries") == (
        "22:03:11 read       cs.CV         376 entries\n"
    )
    assert text_of("stopped") == "22:03:11 stopped\n"


def test_other_fields_are_named_in_their_order() -> None:
    said = text_of("published", set="Test-time scaling", day=date(2025, 12, 4), papers=3, new=None)
    assert said == (
        '22:03:11 published  set="Test-time scaling" day=2025-12-04 papers=3 new=null\n'
    )
    assert text_of("read", what=[1, "x"], empty="", quoted='a"b', much={"a": 1}) == (
        '22:03:11 read       [1, "x"]  empty="" quoted="a\\"b" much={"a": 1}\n'
    )


def test_warnings_and_errors_say_what_they_are() -> None:
    assert text_of("clock moved", "warning") == "22:03:11 warning: clock moved\n"
    assert text_of("gave up", "error") == "22:03:11 error: gave up\n"


def test_json_is_one_object_a_line_in_utc() -> None:
    assert json_of("delivered", where="#ä", day=date(2025, 12, 4), state=DeliveryState.SENT) == {
        "time": "2025-12-04T22:03:11.500000+00:00",
        "level": "info",
        "event": "delivered",
        "where": "#ä",
        "day": "2025-12-04",
        "state": "sent",
    }
    assert json_of("x", "warning", path=Path("a/b"), many=(1, 2.5), nan=float("nan"))["many"] == [
        1,
        2.5,
    ]
    assert list(json_of("x", time="forged", level="forged").values())[1] == "info"


@pytest.mark.parametrize("form", ["text", "json"])
@given(value=st.text())
def test_no_value_can_begin_a_line_or_steer_a_terminal(form: Form, value: str) -> None:
    stream = io.StringIO()
    set_up_logs(form, stream)
    get_log().info(value, where=value, what=value, other=value, deep={value: [value]})
    written = stream.getvalue()
    assert written.endswith("\n")
    assert len(written.splitlines()) == 1
    assert not any(ord(each) < 32 or 127 <= ord(each) < 160 for each in written[:-1])


def test_a_forged_line_is_seen_as_what_it_is() -> None:
    forged = "x\n22:03:12 delivered  #all\x1b[2J\u202e\u2028\x85é"
    assert text_of("read", what=forged) == (
        "22:03:11 read       x\\n22:03:12 delivered  #all\\x1b[2J\\u202e\\u2028\\x85é\n"
    )


SECRETS = {
    "https://a.example/preferences/WyJz.s3c-ret?x=1": "https://a.example/preferences/***?x=1",
    "Exception on /u/WyJz.s3cret [POST]": "Exception on /u/*** [POST]",
    "/operator/sign-in/WyJz.s3cret": "/operator/sign-in/***",
    "postgresql+psycopg://me:s3cret@db/papers": "postgresql+psycopg://me:***@db/papers",
    "see https://a:s3c/r:e@t@b/c?d=e@f": "see https://a:***@b/c?d=e@f",
    "https://db/p?sslpassword=s3cret&a=b": "https://db/p?sslpassword=***&a=b",
    "https://x/y?token=s3cret": "https://x/y?token=***",
    "Authorization: Bearer s3cret-s3cret": "Authorization: Bearer ***",
    "sent with xoxb-1234-s3cret.": "sent with xoxb-***",
    "xapp-1-A0-s3cret, xoxe.xoxp-1-s3cret": "xapp-***, xoxe.***",
    "https://hooks.slack.com/services/T0/B0/s3cret": "https://hooks.slack.com/services/***",
    "http://127.0.0.1:8080/healthz": "http://127.0.0.1:8080/healthz",
    "a box-office hit at 10:30 by me@lab.example": "a box-office hit at 10:30 by me@lab.example",
}


@pytest.mark.parametrize(("text", "masked"), SECRETS.items())
def test_secrets_are_masked_wherever_they_stand(text: str, masked: str) -> None:
    assert mask(text) == masked
    told = json_of(text, what=text, deep=[{"a": (text,)}], error=ValueError(text))
    assert told == {
        "time": "2025-12-04T22:03:11.500000+00:00",
        "level": "info",
        "event": masked,
        "what": masked,
        "deep": [{"a": [masked]}],
        "error": masked,
    }
    assert "s3c" not in text_of(text, where=text, deep=[text])


def test_fields_that_are_named_like_a_secret_are_masked() -> None:
    told = json_of("x", slack_token="abc", deep={"Password": "abc"}, cookie=[1])  # noqa: S106
    assert "abc" not in str(told)
    assert (told["slack_token"], told["cookie"]) == ("***", "***")


@pytest.mark.parametrize("name", ["apscheduler.scheduler", "procrastinate.worker", "waitress"])
def test_libraries_are_heard_from_warnings_on(name: str) -> None:
    stream = io.StringIO()
    set_up_logs("json", stream)
    library = logging.getLogger(name)
    library.info("starting")
    library.warning("queue depth is %d at %s", 7, "postgresql://me:s3cret@db/x")
    (told,) = map(json.loads, stream.getvalue().splitlines())
    assert told == {
        "time": "2025-12-04T22:03:11.500000+00:00",
        "level": "warning",
        "event": "queue depth is 7 at postgresql://me:***@db/x",
        "log": name,
    }
    set_up_logs("text", stream)
    library.error("gone\naway")
    assert stream.getvalue().endswith(f"22:03:11 error: gone\\naway  log={name}\n")


def fail() -> None:
    msg = "no way in for xoxb-1234-s3cret"
    raise ValueError(msg)


def test_an_exception_is_told_whole_and_on_one_line() -> None:
    try:
        fail()
    except ValueError as error:
        caught = error
        told = json_of("broke", "error", exc_info=True)
        line = text_of("broke", "error", exc_info=error)
    assert told["exception"].startswith("Traceback (most recent call last):\n")
    assert told["exception"].endswith("ValueError: no way in for xoxb-***")
    assert len(line.splitlines()) == 1
    assert line.startswith('22:03:11 error: broke      exception="Traceback')
    assert line.endswith(' | ValueError: no way in for xoxb-***"\n')
    assert json_of("broke", "error", exc_info=caught)["exception"] == told["exception"]
    assert "exception" not in json_of("well", exc_info=True)


def test_an_exception_of_a_library_is_told_too() -> None:
    stream = io.StringIO()
    set_up_logs("json", stream)
    try:
        fail()
    except ValueError:
        logging.getLogger("apscheduler").exception("job failed", stack_info=True)
    told = json.loads(stream.getvalue())
    assert told["exception"].endswith("ValueError: no way in for xoxb-***")
    assert "stack_info" not in told


def test_a_screen_has_colours_unless_nobody_wants_them(monkeypatch: pytest.MonkeyPatch) -> None:
    def coloured() -> bool:
        screen = Screen()
        set_up_logs("text", screen)
        get_log().warning("clock moved")
        return "\x1b[" in screen.getvalue()

    assert coloured()
    monkeypatch.setenv("TERM", "dumb")
    assert not coloured()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    assert not coloured()


def test_setting_up_again_writes_each_event_once() -> None:
    first, second = io.StringIO(), io.StringIO()
    set_up_logs("text", first)
    set_up_logs("json", second)
    get_log().info("once")
    assert (first.getvalue(), len(second.getvalue().splitlines())) == ("", 1)


@pytest.mark.parametrize(
    ("arguments", "environment", "begins"),
    [
        ([], {}, "22:03:11 began"),
        (["--log-format", "json"], {}, '{"time": '),
        ([], {"PAPERS_LOG_FORMAT": "json"}, '{"time": '),
        (["--log-format", "text"], {"PAPERS_LOG_FORMAT": "json"}, "22:03:11 began"),
    ],
)
def test_commands_that_serve_take_the_form(
    arguments: list[str], environment: dict[str, str], begins: str
) -> None:
    @click.command()
    @click.option("--number", type=int, default=7)
    @log_options
    def serve(number: int) -> None:
        get_log().info("began", number=number)

    ran = CliRunner().invoke(serve, [*arguments, "--number", "8"], env=environment)
    assert ran.exit_code == 0
    assert ran.stdout == ""
    assert ran.stderr.startswith(begins)
    assert "8" in ran.stderr
    assert CliRunner().invoke(serve, ["--log-format", "xml"]).exit_code == 2


def test_people_see_their_own_time() -> None:
    code = (
        "from bot.edges.logs import get_log, set_up_logs\n"
        "set_up_logs('text'); get_log().info('x'); set_up_logs('json'); get_log().info('x')"
    )
    environment = {"TZ": "Etc/GMT-5", "PYTHONPATH": ":".join(sys.path)}
    ran = subprocess.run(
        [sys.executable, "-c", code], env=environment, check=True, capture_output=True, text=True
    )
    people, program = ran.stderr.splitlines()
    utc = datetime.fromisoformat(json.loads(program)["time"])
    assert utc.utcoffset() == timedelta(0)
    local = {f"{utc + timedelta(hours=5, seconds=late):%H:%M:%S}" for late in (-2, -1, 0)}
    assert people.partition(" ")[0] in local

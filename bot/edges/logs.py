"""Events of processes that serve: one a line, for people or as JSON; decides nothing.

What is logged may come from anywhere, so no value can begin a line of its own, and what looks like
a secret is masked.
"""

import functools
import json
import logging
import math
import os
import re
import sys
import traceback
import unicodedata
from collections.abc import Callable, Iterable, Mapping, MutableMapping
from datetime import UTC, date, datetime
from typing import Any, Literal, ParamSpec, Protocol, TextIO, TypeVar

import click

P = ParamSpec("P")
R = TypeVar("R")

Form = Literal["text", "json"]
Fields = MutableMapping[str, Any]

_NAME = "papers"
# What is shown without its name, in columns: where something went, and what.
_BARE = ("where", "what")
_WIDTHS = {"event": 9, "where": 12}
_MASK = "***"
_SECRETS = (
    # A password in a URL; what stands before the last @ of the word belongs to it.
    (re.compile(r"(?<=://)([^\s/:@]*):[^\s?]*@"), rf"\1:{_MASK}@"),
    (re.compile(r"([?&]\w*(?:password|token|secret|key)=)[^\s&]*", re.IGNORECASE), rf"\1{_MASK}"),
    (re.compile(r"(\bbearer\s+)[\w.~+/=-]{8,}", re.IGNORECASE), rf"\1{_MASK}"),
    # Whoever has one of these links may do what it is for.
    (re.compile(r"(/(?:r|u|confirm|preferences|sign-in)/)[\w.~%-]{8,}"), rf"\1{_MASK}"),
    # https://docs.slack.dev/authentication/tokens and incoming webhooks
    (re.compile(r"\b(xox[a-z]|xapp|xwfp)([-.])[\w.%-]{4,}"), rf"\1\2{_MASK}"),
    (re.compile(r"(hooks\.slack\.com/\w+/)[^\s\"'<>]+"), rf"\1{_MASK}"),
)
_SECRET_NAME = re.compile(r"password|passwd|secret|token|authorization|cookie", re.IGNORECASE)
# Controls, formats (which hide and reorder text), surrogates, line and paragraph separators.
_UNSEEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}
_BOLD, _DIM, _YELLOW, _RED = "1", "2", "33", "31"


class Log(Protocol):
    """What logging takes: an event in a few words, and its fields.

    In the form for people the fields `where` and `what` are shown without their names.
    """

    def info(self, event: str, /, **fields: Any) -> Any:  # noqa: ANN401 - whatever is logged
        """Log what was done."""
        ...

    def warning(self, event: str, /, **fields: Any) -> Any:  # noqa: ANN401
        """Log what somebody may have to see to."""
        ...

    def error(self, event: str, /, **fields: Any) -> Any:  # noqa: ANN401
        """Log what somebody must see to; `exc_info=True` adds the exception."""
        ...


def get_log() -> Log:
    """Return the program's log; `set_up_logs` says in which form it is written, and where."""
    import structlog

    log: Log = structlog.wrap_logger(
        logging.getLogger(_NAME),
        processors=[structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    return log


def set_up_logs(form: Form, stream: TextIO | None = None) -> None:
    """Write the program's events, and the warnings of its libraries, to a stream (stderr)."""
    from structlog.stdlib import ProcessorFormatter

    stream = sys.stderr if stream is None else stream
    handler = _Handler(stream)
    handler.addFilter(lambda record: record.name == _NAME or record.levelno >= logging.WARNING)
    render: Callable[[object, str, Fields], str] = (
        _JsonLine() if form == "json" else _TextLine(colour=_is_coloured(stream))
    )
    handler.setFormatter(
        ProcessorFormatter(
            processors=[_complete, ProcessorFormatter.remove_processors_meta, mask_secrets, render]
        )
    )
    root = logging.getLogger()
    for other in [each for each in root.handlers if isinstance(each, _Handler)]:
        root.removeHandler(other)
    root.addHandler(handler)
    logging.getLogger(_NAME).setLevel(logging.INFO)


def log_options(command: Callable[P, R]) -> Callable[P, R]:
    """Give a command `--log-format`, and set up the logs before it runs."""

    @click.option(
        "--log-format",
        "log_form",
        type=click.Choice(["text", "json"]),
        default="text",
        show_default=True,
        envvar="PAPERS_LOG_FORMAT",
        help="Events for people, or one JSON object a line.",
    )
    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        form: Any = kwargs.pop("log_form")
        set_up_logs(form)
        return command(*args, **kwargs)

    return run


def mask(text: str) -> str:
    """Mask passwords of URLs, Slack's tokens and the like in a text.

    >>> mask("postgresql://me:s3cret@db/papers said xoxb-1234-abcd")
    'postgresql://me:***@db/papers said xoxb-***'
    """
    for secret, masked in _SECRETS:
        text = secret.sub(masked, text)
    return text


def mask_secrets(_logger: object, _method: str, fields: Fields) -> Fields:
    """Mask every text of an event, however deep, and fields that are named like a secret."""
    return {name: _MASK if _SECRET_NAME.search(name) else _plain(fields[name]) for name in fields}


class _Handler(logging.StreamHandler[TextIO]):
    """Ours, so that setting up the logs again replaces it and no other."""


def _plain(value: object) -> Any:  # noqa: ANN401 - whatever JSON can hold
    """Turn a value into what JSON can hold, with no secret in it."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, Mapping):
        return mask_secrets(None, "", {str(name): each for name, each in value.items()})
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, Iterable) and not isinstance(value, str | bytes):
        return [_plain(each) for each in value]
    return mask(str(value))


def _complete(_logger: object, _method: str, fields: Fields) -> Fields:
    """Put time and level first, whose log it is if it is not ours, and what was raised."""
    record: logging.LogRecord = fields["_record"]
    whole = {
        "time": datetime.fromtimestamp(record.created, UTC),
        "level": record.levelname.lower(),
        "event": fields.pop("event"),
    }
    if record.name != _NAME:
        whole["log"] = record.name
    raised = _find_raised(fields.pop("exc_info", None))
    fields.pop("stack_info", None)
    whole.update((name, value) for name, value in fields.items() if name not in whole)
    if raised is not None:
        whole["exception"] = raised
    return whole


def _find_raised(said: object) -> str | None:
    """Write an exception and its frames, innermost last, as Python does."""
    error: BaseException | None = None
    if isinstance(said, BaseException):
        error = said
    elif isinstance(said, tuple):
        error = said[1]
    elif said:
        error = sys.exc_info()[1]
    return None if error is None else "".join(traceback.format_exception(error)).rstrip()


class _JsonLine:
    """One JSON object a line, in ASCII, so that no character can do harm."""

    def __call__(self, _logger: object, _method: str, fields: Fields) -> str:
        return json.dumps(dict(fields))


class _TextLine:
    """One line for people: time, event, where, what, and the other fields by name."""

    def __init__(self, *, colour: bool) -> None:
        self._colour = colour

    def __call__(self, _logger: object, _method: str, fields: Fields) -> str:
        at = datetime.fromisoformat(fields.pop("time")).astimezone()
        level, event = fields.pop("level"), _visible(fields.pop("event"))
        bare = [(_visible(_say(fields.pop(name))), name) for name in _BARE if name in fields]
        parts = [self._paint(event.ljust(_WIDTHS["event"]), _BOLD)]
        parts += [said.ljust(_WIDTHS.get(name, 0)) for said, name in bare]
        if "exception" in fields:
            lines = fields["exception"].splitlines()
            fields["exception"] = " | ".join(line.strip() for line in lines)
        if fields:
            parts.append(" ".join(f"{_visible(name)}={_quote(fields[name])}" for name in fields))
        if level in ("warning", "error", "critical"):
            hue = _YELLOW if level == "warning" else _RED
            parts[0] = f"{self._paint(level, hue)}: {parts[0]}"
        return f"{self._paint(at.strftime('%H:%M:%S'), _DIM)} {'  '.join(parts)}".rstrip()

    def _paint(self, text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self._colour else text


def _say(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _quote(value: object) -> str:
    """Write a value so that where it ends is plain."""
    said = _visible(_say(value))
    if isinstance(value, str) and (not said or re.search(r'[\s"=]', said)):
        return '"' + said.replace('"', '\\"') + '"'
    return said


def _visible(text: str) -> str:
    """Write what cannot be seen as its escape, so that it neither ends a line nor moves others."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        each.encode("unicode_escape").decode("ascii")
        if unicodedata.category(each) in _UNSEEN
        else each
        for each in text
    )


def _is_coloured(stream: TextIO) -> bool:
    """Whether a person looks on who does not mind colours (https://no-color.org)."""
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return stream.isatty() and not plain

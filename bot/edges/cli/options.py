"""What the commands share: options, the App they use, and how they say things."""

import functools
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

import click

from bot.app import App, find_resource
from bot.config import load_settings

P = ParamSpec("P")
R = TypeVar("R")

DEFAULT_CONFIG = "config.toml"


class Day(click.ParamType[date]):
    """A day written like 2025-12-04."""

    name = "day"

    def convert(
        self, value: str | date, param: click.Parameter | None, ctx: click.Context | None
    ) -> date:
        """Read a day or fail with how one is written."""
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is not a day: write it like 2025-12-04", param, ctx)


def with_app(command: Callable[Concatenate[App, P], R]) -> Callable[P, R]:
    """Give a command `--config` and, as its first argument, an App that is closed afterwards."""

    @click.option(
        "--config",
        "config_path",
        type=click.Path(path_type=Path),
        envvar="PAPERS_CONFIG",
        help="The configuration file.  [default: config.toml, else the built-in one]",
    )
    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        config_path: Any = kwargs.pop("config_path")
        with open_app(config_path) as app:
            return command(app, *args, **kwargs)

    return run


@contextmanager
def open_app(config_path: Path | None) -> Iterator[App]:
    """Load the configuration and wire an App; say so where the built-in configuration is used."""
    path = config_path or Path(DEFAULT_CONFIG)
    if config_path is None and not path.exists():
        path = find_resource(DEFAULT_CONFIG)
        say("No config.toml here, so the built-in one is used: `papers config > config.toml`")
        say("writes it out for you to change.")
    with App(load_settings(path, os.environ), report=say) as app:
        yield app


def say(message: str) -> None:
    """Say something about the work, beside its result."""
    click.echo(message, err=True)


def show(text: str) -> None:
    """Write a result."""
    click.echo(text, nl=not text.endswith("\n"))


def show_json(value: Any) -> None:  # noqa: ANN401 - whatever JSON can hold
    """Write a result for programs."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2, default=_plain))


def is_terminal() -> bool:
    """Whether a person reads the result as it comes."""
    return sys.stdout.isatty()


def _plain(value: object) -> str:
    """Write what JSON has no form for."""
    return value.isoformat() if isinstance(value, date | datetime) else str(value)

"""config.toml and the environment -> frozen Settings; every fault at once, with key and line."""

import re
from collections.abc import Mapping
from pathlib import Path

import tomli

from bot.config.reader import Reader
from bot.config.settings import Post, Settings
from bot.errors import ConfigError, Fault

__all__ = ["Post", "Settings", "load_settings", "parse_settings"]


def load_settings(path: Path, environment: Mapping[str, str]) -> Settings:
    """Read a configuration file; raise ConfigError with every fault of it."""
    try:
        text = path.read_text("utf-8")
    except UnicodeDecodeError as error:
        message = f"byte {error.start} is not UTF-8: save the file as UTF-8"
        raise ConfigError(str(path), (Fault("", 0, message),)) from error
    except OSError as error:
        message = f"{error.strerror or error}: name a file that can be read with --config"
        raise ConfigError(str(path), (Fault("", 0, message),)) from error
    return parse_settings(text, str(path), environment)


def parse_settings(text: str, path: str, environment: Mapping[str, str]) -> Settings:
    """Read a configuration's text; raise ConfigError with every fault of it.

    DATABASE_URL in the environment stands before `database.url`.
    """
    try:
        document = tomli.loads(text)
    except tomli.TOMLDecodeError as error:
        found = re.search(r" \(at line (\d+), column (\d+)\)$", str(error))
        line = int(found[1]) if found else text.count("\n") + 1
        reason = str(error)[: found.start()] if found else str(error)
        raise ConfigError(path, (Fault("", line, f"not TOML: {reason}"),)) from error
    reader = Reader(document, find_lines(text))
    settings = reader.read(path, environment)
    if reader.faults:
        raise ConfigError(path, tuple(sorted(reader.faults, key=lambda fault: fault.line)))
    return settings


def find_lines(text: str) -> dict[str, int]:
    """Map each key, written like `sets[1].name`, to its 1-based line; tables to their header's."""
    lines: dict[str, int] = {}
    counts: dict[str, int] = {}
    table = ""
    for number, line in enumerate(text.splitlines(), 1):
        header = re.match(r"\s*(\[\[?)\s*([\w.\- \"']+?)\s*\]", line)
        key = re.match(r"\s*([\w\-\"']+)\s*[=.]", line)
        if header:
            table = header[2]
            if header[1] == "[[":
                counts[table] = counts.get(table, -1) + 1
                table = f"{table}[{counts[table]}]"
            lines.setdefault(table, number)
        elif key:
            name = key[1].strip("\"'")
            lines.setdefault(f"{table}.{name}" if table else name, number)
    return lines

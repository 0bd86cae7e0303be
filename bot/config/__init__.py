"""config.toml and the environment -> frozen Settings; every fault at once, with key and line."""

import re
from collections.abc import Mapping
from pathlib import Path

import tomli

from bot.config.lines import find_lines
from bot.config.reader import Reader
from bot.config.settings import Post, Settings
from bot.errors import ConfigError, Fault

__all__ = ["Post", "Settings", "load_settings", "parse_settings"]


def load_settings(path: Path, environment: Mapping[str, str]) -> Settings:
    """Read a configuration file; raise ConfigError with every fault of it."""
    try:
        text = path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        message = f"byte {error.start} is not UTF-8: save the file as UTF-8"
        raise ConfigError(str(path), (Fault("", 0, message),)) from error
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        message = f"{reason}: name a file that can be read with --config"
        raise ConfigError(str(path), (Fault("", 0, message),)) from error
    return parse_settings(text, str(path), environment)


def parse_settings(text: str, path: str, environment: Mapping[str, str]) -> Settings:
    """Read a configuration's text; raise ConfigError with every fault of it.

    DATABASE_URL in the environment stands before `database.url`.
    """
    try:
        document = tomli.loads(text)
        lines = find_lines(text)
    except tomli.TOMLDecodeError as error:
        found = re.search(r" \(at line (\d+), column (\d+)\)$", str(error))
        line = int(found[1]) if found else text.count("\n") + 1
        reason = str(error)[: found.start()] if found else str(error)
        raise ConfigError(path, (Fault("", line, f"not TOML: {reason}"),)) from error
    except (ValueError, RecursionError) as error:
        message = f"not a configuration: {error}"
        raise ConfigError(path, (Fault("", 0, message),)) from error
    reader = Reader(document, lines)
    settings = reader.read(path, environment)
    if reader.faults:
        raise ConfigError(path, tuple(sorted(reader.faults, key=lambda fault: fault.line)))
    return settings

"""Secrets of the environment: NAME itself, or a file that NAME_FILE names; shows none of them."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path

# Longer ones exist nowhere, so a file that holds more is not the one that was meant.
_MOST_BYTES = 65_536
# Slack's tokens by their beginnings: https://docs.slack.dev/authentication/tokens
_TOKEN = re.compile(r"\s*(?:xox[a-z]?[.-]|xapp-)", re.IGNORECASE)


def read_secret(
    environment: Mapping[str, str], name: str, fault: Callable[[str, str], None]
) -> str:
    """Read a secret; "" where there is none. `fault` hears the variable and what is wrong."""
    value = environment.get(name, "").strip()
    path = environment.get(f"{name}_FILE", "").strip()
    if value and path:
        fault(f"{name}_FILE (environment)", f"{name} is set, too: keep one of them")
    elif path:
        name = f"{name}_FILE"
        try:
            value = _read(Path(path))
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not text"
            fault(f"{name} (environment)", f"{path} cannot be read: {reason}")
            return ""
        if not value:
            fault(f"{name} (environment)", f"{path} is empty: write the secret into it")
    # Of several in a row, people write spaces between.
    value = re.sub(r"\s*,\s*", ",", value)
    if value and not (value.isascii() and value.isprintable() and " " not in value):
        fault(f"{name} (environment)", "it holds spaces or other signs that no secret has")
        return ""
    return value


def looks_secret(text: str) -> bool:
    """Whether a text is one of Slack's tokens, which must not stand in a file or a message."""
    return _TOKEN.match(text) is not None


def _read(path: Path) -> str:
    with path.open("rb") as file:
        return file.read(_MOST_BYTES).decode().strip()

"""The Jinja2 environment of pages and mails; where its templates lie is the caller's business."""

from typing import Final

import jinja2

from bot.render.segments import Segments, plain
from bot.render.view import count

_COLUMNS: Final = 76
_MARK: Final = "*"


def build_environment(loader: jinja2.BaseLoader) -> jinja2.Environment:
    """Build the one environment: undefined names are errors, and what goes into HTML is escaped."""
    environment = jinja2.Environment(
        loader=loader,
        undefined=jinja2.StrictUndefined,
        autoescape=jinja2.select_autoescape(("html",), default_for_string=True),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "count": count,
        "plain": plain,
        "starred": starred,
        "wrapped": wrapped,
    }
    return environment


def starred(segments: Segments) -> str:
    """Set hits between asterisks, as people do where there is no bold."""
    return "".join(f"{_MARK}{x.text}{_MARK}" if x.hit else x.text for x in segments)


def wrapped(text: str) -> str:
    """Break one line into lines of 76 characters; longer words, such as addresses, stay whole."""
    lines = []
    start = 0
    while len(text) - start > _COLUMNS:
        end = text.rfind(" ", start + 1, start + _COLUMNS + 1)
        if end < 0:
            end = text.find(" ", start + _COLUMNS)
        if end < 0:
            break
        lines.append(text[start:end])
        start = end + 1
    return "\n".join([*lines, text[start:]])

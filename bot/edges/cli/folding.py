"""Text folded to the width of a terminal; commands in it stay whole, to be copied."""

import re
from textwrap import wrap

WIDTH = 80

_COMMAND = re.compile(r"`[^`]*`")
# Only ASCII's own spaces end a line: https://docs.python.org/3/library/textwrap.html
_NO_BREAK = "\N{NO-BREAK SPACE}"


def fold(text: str, first: str = "", rest: str = "") -> str:
    """Fold a text into lines; `first` begins the first of them, `rest` all others.

    What stands in backticks is never broken, nor is a word, however long.
    """
    kept = _COMMAND.sub(lambda found: found.group().replace(" ", _NO_BREAK), text)
    lines = wrap(
        kept,
        WIDTH,
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "\n".join(lines).replace(_NO_BREAK, " ") or first.rstrip()

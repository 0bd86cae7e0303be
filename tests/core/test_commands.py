from typing import get_args

import pytest

from bot.core.command_parsing import parse_command
from bot.core.commands import COMMANDS, NAME, Command, Help, usage_lines
from bot.errors import CommandError


def test_every_command_can_be_read_and_has_a_line_of_help() -> None:
    typed = {"today": "", "search": "x", "try": "x", "subscribe": "x", "why": "2512.03874"}
    made = {
        type(parse_command(f"{usage.name} {typed.get(usage.name, '7' if usage.follows else '')}"))
        for usage in COMMANDS
    }
    assert made == set(get_args(Command))
    assert [kind.__name__.lower() for kind in get_args(Command)] == [each.name for each in COMMANDS]


def test_help_says_how_each_command_is_typed() -> None:
    lines = dict(usage_lines())
    assert list(lines)[:2] == ["/papers help", "/papers today [set]"]
    assert (
        "/papers subscribe set-or-query [at 09:00] [daily|weekdays|weekly mon] [tz Europe/Berlin]"
        in lines
    )
    assert all(does and does == does.strip().removesuffix(".") for does in lines.values())
    assert len(lines) == len(COMMANDS)


def test_the_command_may_be_called_otherwise() -> None:
    assert usage_lines("/arxiv")[0][0] == "/arxiv help"
    assert [line.replace(NAME, "/arxiv") for line, _ in usage_lines()] == [
        line for line, _ in usage_lines("/arxiv")
    ]
    assert parse_command("", "/arxiv") == Help()
    for text in ("subscribe", "subscribe at 09:00", "pause", "pause x", "list x", "nonsense"):
        with pytest.raises(CommandError, match="/arxiv") as refused:
            parse_command(text, "/arxiv")
        assert NAME not in refused.value.message

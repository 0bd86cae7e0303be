"""The terminal: one console, its width and colours; what is shown is made in bot.render."""

import sys
from collections.abc import Sequence

from rich.console import Console

from bot.core.editions import Edition, Item
from bot.core.papers import AnnounceType, Paper
from bot.render import terminal

WIDTH = 80


def build_console() -> Console:
    """Make a console; away from a terminal it is 80 columns wide and has no colour."""
    return Console(width=None if sys.stdout.isatty() else WIDTH, highlight=False, soft_wrap=False)


def print_edition(edition: Edition) -> None:
    """Print a digest."""
    console = build_console()
    console.print(terminal.render_edition(edition, width=min(console.width, 100)))


def print_papers(papers: Sequence[tuple[Paper, str]]) -> None:
    """Print papers as a list: title, authors, categories, and what is said beside each."""
    console = build_console()
    for paper, beside in papers:
        console.print(terminal.render_paper(Item(paper, AnnounceType.NEW, ()), beside=beside))


def print_items(items: Sequence[Item]) -> None:
    """Print matched papers with their hits."""
    console = build_console()
    for item in items:
        console.print(terminal.render_paper(item))

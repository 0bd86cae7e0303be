"""`papers config` and `papers completion`: what people need before the rest works."""

import click
from click.shell_completion import get_completion_class

from bot.app import find_resource
from bot.edges.cli.options import DEFAULT_CONFIG, show

SHELLS = ("bash", "zsh", "fish")


@click.command()
def config() -> int:
    """Print the built-in configuration: `papers config > config.toml` to start from it."""
    show(find_resource(DEFAULT_CONFIG).read_text("utf-8"))
    return 0


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion(context: click.Context, shell: str) -> int:
    """Print the shell's completion: eval "$(papers completion bash)"."""
    maker = get_completion_class(shell)
    assert maker is not None  # noqa: S101 - click has one for each of SHELLS
    show(maker(context.find_root().command, {}, "papers", "_PAPERS_COMPLETE").source())
    return 0

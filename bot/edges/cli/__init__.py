"""The command line: reads words, calls one flow a command, shows what came of it."""

import importlib
import sys
from collections.abc import Sequence
from difflib import get_close_matches

import click

from bot.errors import BotError, ConfigError, StoreError, UserError

FINE, PARTLY, MISUSED, STOPPED = 0, 1, 2, 130

# Each command's module, its name there and its line in `papers --help`, which thus imports none.
COMMANDS = {
    "demo": ("demo", "demo", "Try it offline: made-up papers, the real pipeline."),
    "digest": ("digest", "digest", "Fetch a day's papers, match them, show the digests."),
    "fetch": ("digest", "fetch", "Read announcements into the database."),
    "backfill": ("backfill", "backfill", "Read past announcements into the database."),
    "send": ("delivering", "send", "Deliver what is due, each digest once."),
    "run": ("staying", "run", "Stay: read each announcement, deliver each digest once."),
    "clock": ("staying", "clock", "Only read and plan; for more than one machine."),
    "worker": ("staying", "worker", "Only deliver; for more than one machine."),
    "try": ("asking", "try_query", "What a query would have matched."),
    "why": ("asking", "why", "Why a paper matched each set, or not."),
    "search": ("asking", "search", "Search all stored papers."),
    "sets": ("sets", "sets", "List, add, change, pause and remove keyword sets."),
    "subscriptions": ("subscriptions", "subscriptions", "Where each set's digests go, and when."),
    "subscribers": ("subscribers", "subscribers", "Who reads by mail; take over lists, suppress."),
    "deliveries": ("deliveries", "deliveries", "What became of each digest; try again, call off."),
    "bounces": ("bounces", "bounces", "What came back by mail, and which domains refuse us."),
    "web": ("web", "web", "Serve pages, feeds, health page and metrics."),
    "slack": ("slack", "slack", "Answer `/papers`, buttons and forms in Slack."),
    "manifest": ("slack", "manifest", "The Slack app's manifest, and the link that makes it."),
    "config": ("configuration", "config", "Print a configuration to start from."),
    "doctor": ("doctor", "doctor", "What works, and what to do about what does not."),
    "backup": ("care", "backup", "Copy the database while others use it."),
    "migrate": ("care", "migrate", "Bring the database up to date."),
    "prune": ("care", "prune", "Throw away what is older than you want to keep it."),
    "erase": ("care", "erase", "Remove a person's address."),
    "completion": ("configuration", "completion", "Print the shell's completion."),
}


class Commands(click.Group):
    """A group whose commands are imported when they are run."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Name the commands in the order in which people need them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import a command; None where there is none of this name."""
        if cmd_name not in COMMANDS:
            return None
        module, name, _ = COMMANDS[cmd_name]
        command = getattr(importlib.import_module(f"{__name__}.{module}"), name)
        assert isinstance(command, click.Command)  # noqa: S101 - COMMANDS names commands
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command to run; for an unknown one name the nearest."""
        close = get_close_matches(args[0], COMMANDS, n=1)
        if args[0] not in COMMANDS and close:
            msg = f"there is no command {args[0]!r}: did you mean `papers {close[0]}`?"
            raise click.UsageError(msg, ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, said) for name, (_, _, said) in COMMANDS.items()])


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="papers-bot", prog_name="papers")
def papers() -> None:
    """Follow new research: each day's arXiv papers, filtered by your keyword sets.

    Try `papers demo` first: it needs no network, no tokens and no configuration.

    Exit codes: 0 fine; 1 nothing found, or only a part done; 2 wrong use or
    configuration.
    """


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave with its exit code; errors are sentences, never traces."""
    try:
        code = papers.main(arguments, prog_name="papers", standalone_mode=False)
    except BotError as error:
        click.echo(f"papers: {error}", err=True)
        code = MISUSED if isinstance(error, ConfigError | UserError | StoreError) else PARTLY
    except click.ClickException as error:
        error.show()
        code = MISUSED
    except (KeyboardInterrupt, click.Abort):
        click.echo("\npapers: stopped; what was read is kept, run it again to go on", err=True)
        code = STOPPED
    sys.exit(code or FINE)

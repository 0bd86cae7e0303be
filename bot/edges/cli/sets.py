"""`papers sets`: list keyword sets; add, change, pause, resume and remove those of the database."""

import shlex
from collections.abc import Callable
from typing import TypeVar

import click

from bot.app import OPERATOR, App
from bot.core.desk import parse_ref, write_ref
from bot.core.keyword_sets import KeywordSet, MatchMode, SetKey
from bot.core.papers import AnnounceType
from bot.core.slack_names import parse_owner, parse_person
from bot.edges.cli.options import show, show_json, with_app
from bot.flows.subscribing import SetChange, add_set, change_set, pause_set, remove_set

Command = TypeVar("Command", bound=Callable[..., object])


def with_definition(command: Command) -> Command:
    """Give a command the options that say what a set looks for."""
    options = (
        click.option(
            "--keyword",
            "keywords",
            multiple=True,
            metavar="WORDS",
            help="Any of these (repeatable); a comma inside means all of: 'LLM,image'.",
        ),
        click.option("--query", default="", metavar="QUERY", help="A query instead of keywords."),
        click.option(
            "--exclude", multiple=True, metavar="WORDS", help="Leave these out (repeatable)."
        ),
        click.option(
            "--type",
            "types",
            multiple=True,
            type=click.Choice([kind.value for kind in AnnounceType]),
            help="Announcement types (repeatable).  [default: new, cross]",
        ),
        click.option(
            "--category",
            "categories",
            multiple=True,
            metavar="CAT",
            help="Only these categories (repeatable).  [default: all that are followed]",
        ),
        click.option(
            "--match",
            type=click.Choice([mode.value for mode in MatchMode]),
            help="How keywords are compared.  [default: words]",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def build_change(
    *,
    keywords: tuple[str, ...],
    query: str,
    exclude: tuple[str, ...],
    types: tuple[str, ...],
    categories: tuple[str, ...],
    match: str | None,
) -> SetChange:
    """Read the options of `with_definition`; what was not given changes nothing."""
    return SetChange(
        keywords=tuple(tuple(part.strip() for part in keyword.split(",")) for keyword in keywords)
        or None,
        query=query or None,
        exclude=exclude or None,
        types=tuple(AnnounceType(kind) for kind in types) or None,
        categories=categories or None,
        match=MatchMode(match) if match else None,
    )


class Listing(click.Group):
    """A group that lists where no command is named."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read `papers sets --json` as `papers sets list --json`."""
        if not args or (args[0].startswith("-") and args[0] not in ctx.help_option_names):
            args = ["list", *args]
        return super().parse_args(ctx, args)


@click.group(cls=Listing)
def sets() -> None:
    """List the keyword sets; add, change, pause, resume or remove those of the database.

    The sets of config.toml are listed too, and changed there. Those of Slack workspaces are named
    like slack:T0123/NAME.
    """


@sets.command("list")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@with_app
def list_sets(app: App, /, *, as_json: bool) -> int:
    """List every set with its query in words."""
    every = app.sets(paused=True)
    if as_json:
        show_json([describe_set(each) for each in every])
    else:
        show("\n".join(say_set(each) for each in every))
    return 0


@sets.command()
@click.argument("name")
@with_definition
@with_app
def add(app: App, /, name: str, **options: object) -> int:
    """Add a set to the database.

    papers sets add Grasping --query 'grasp* AND robot*'
    """
    change = build_change(**options)  # type: ignore[arg-type]  # click made them what they are
    added = add_set(app.store, app.settings.sets, OPERATOR, name, change)
    show(f"Added.\n{say_set(added)}\n`papers digest --set {added.name!r}` shows what it brings.")
    return 0


@sets.command()
@click.argument("name")
@with_definition
@with_app
def change(app: App, /, name: str, **options: object) -> int:
    """Change a set of the database; what is not named stays."""
    wanted = build_change(**options)  # type: ignore[arg-type]  # click made them what they are
    changed = change_set(app.store, app.settings.sets, *read_name(name), wanted)
    show(f"Changed.\n{say_set(changed)}")
    return 0


@sets.command()
@click.argument("name")
@with_app
def pause(app: App, /, name: str) -> int:
    """Make no more editions of a set until it is resumed."""
    paused = pause_set(app.store, app.settings.sets, *read_name(name), paused=True)
    named = shlex.quote(name_set(paused))
    show(f"Paused {name_set(paused)}. `papers sets resume {named}` lets it go on.")
    return 0


@sets.command()
@click.argument("name")
@with_app
def resume(app: App, /, name: str) -> int:
    """Let a paused set go on."""
    resumed = pause_set(app.store, app.settings.sets, *read_name(name), paused=False)
    show(f"{name_set(resumed)} goes on.")
    return 0


@sets.command()
@click.argument("name")
@with_app
def remove(app: App, /, name: str) -> int:
    """Remove a set from the database; its editions are kept."""
    removed = remove_set(app.store, app.settings.sets, *read_name(name))
    show(f"Removed {name_set(removed)}. Its editions are kept.")
    return 0


def read_name(text: str) -> SetKey:
    """Read whose set is named: a workspace's like slack:T0123/NAME, or else the operator's."""
    key = parse_ref(text.strip())
    return key if key and parse_owner(key[0]) else (OPERATOR, text)


def name_set(each: KeywordSet) -> str:
    """Name a set so that `read_name` finds it."""
    return write_ref(each) if parse_owner(each.owner) else each.name


def say_set(each: KeywordSet) -> str:
    """Say what a set looks for, in a line or two."""
    looks = " · ".join(each.summary.keywords)
    lines = [f"{name_set(each)}{' (paused)' if each.paused else ''}: {looks}"]
    details = []
    if each.exclude:
        details.append(f"without {' · '.join(each.exclude)}")
    details.append(", ".join(each.types))
    if each.categories:
        details.append(" ".join(each.categories))
    if each.match is MatchMode.SUBSTRING:
        details.append("substring")
    maker = parse_person(each.creator)
    where = f"Slack, made by {maker.user}" if maker else "database"
    details.append("config.toml" if each.owner == "config" else where)
    lines.append(f"  {'; '.join(details)}")
    return "\n".join(lines)


def describe_set(each: KeywordSet) -> dict[str, object]:
    """Describe a set for programs."""
    return {
        "name": each.name,
        "owner": each.owner,
        "creator": each.creator,
        "keywords": [list(parts) for parts in each.keywords],
        "query": each.query,
        "exclude": list(each.exclude),
        "types": list(each.types),
        "categories": list(each.categories),
        "match": each.match,
        "paused": each.paused,
    }

"""`papers subscriptions`: where each set's digests go, and when; add, change, pause, remove."""

import shlex
from collections.abc import Callable
from pathlib import PurePath
from typing import TypeVar

import click

from bot.app import App
from bot.core.editions import Destination, DestinationKind
from bot.core.schedule import describe_schedule
from bot.edges.cli.folding import fold
from bot.edges.cli.options import show, show_json, with_app
from bot.edges.cli.sets import Listing
from bot.edges.cli.subscribed import (
    describe_subscription,
    name_subscription,
    say_command,
    say_subscribed,
    say_subscription,
    say_waiting,
)
from bot.errors import UserError
from bot.flows.subscribing_to import (
    Change,
    Wish,
    change_subscription,
    parse_destination,
    pause_subscription,
    remove_subscription,
    resume_subscription,
    subscribe,
)

Command = TypeVar("Command", bound=Callable[..., object])

as_json_option = click.option("--json", "as_json", is_flag=True, help="For programs.")
id_argument = click.argument("subscription_id", metavar="ID", type=int)


def with_wish(command: Command) -> Command:
    """Give a command the options that say when digests come."""
    options = (
        click.option(
            "--at",
            default="",
            metavar="TIME",
            help='Not before this clock time, like 09:00; "none": as soon as announced.',
        ),
        click.option(
            "--on", default="", metavar="DAYS", help="daily, weekdays, or like 'weekly mon'."
        ),
        click.option(
            "--timezone",
            default="",
            metavar="TZ",
            help="Of the clock times, like Europe/Berlin.  [default: that of [bot]]",
        ),
        click.option(
            "--quiet",
            default="",
            metavar="SPAN",
            help='Nothing is delivered then: 22:00-07:00; "none" ends that.',
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.group(cls=Listing)
def subscriptions() -> None:
    """List where digests go and when; add, change, pause, resume or remove subscriptions.

    Those of config.toml are listed too; they are paused here, but changed there.
    """


@subscriptions.command("list")
@as_json_option
@with_app
def list_subscriptions(app: App, /, *, as_json: bool) -> int:
    """List every subscription."""
    app.sync_subscriptions(app.clock.now())
    every = app.store.load_subscriptions()
    if as_json:
        show_json([describe_subscription(each) for each in every])
    elif not every:
        show("There are none: `papers subscriptions add SET --folder digests` adds one.")
    else:
        known = (*app.settings.sets, *app.store.load_all_sets())
        sets = {each.key: each for each in known}
        for each in every:
            show(say_subscription(each, sets.get(each.set_key)))
    return 0 if every else 1


@subscriptions.command()
@click.argument("set_name", metavar="SET")
@click.option("--channel", default="", metavar="PLACE", help="A Slack channel.")
@click.option("--email", default="", metavar="PLACE", help="An e-mail address.")
@click.option("--folder", default="", metavar="PLACE", help="A folder for files.")
@with_wish
@as_json_option
@with_app
def add(
    app: App,
    /,
    set_name: str,
    *,
    channel: str,
    email: str,
    folder: str,
    as_json: bool,
    **wish: str,
) -> int:
    """Subscribe a channel, an e-mail address or a folder to a set.

    papers subscriptions add MLLM --folder digests --on weekdays --at 09:00

    Where it is subscribed already, that subscription is changed.
    """
    destination = read_destination(channel=channel, email=email, folder=folder)
    now = app.clock.now()
    app.sync_subscriptions(now)
    (keyword_set,) = app.sets([set_name])
    done = subscribe(
        app.store,
        keyword_set,
        destination,
        Wish(**wish),
        timezone=app.settings.timezone,
        at=now,
    )
    said = say_subscribed(done)
    if keyword_set.paused:
        said += f" The set is paused: `papers sets resume {shlex.quote(keyword_set.name)}`."
    if destination.kind not in app.senders:
        said += f" Nothing here delivers to {destination} yet: see `papers doctor`."
    tell(done, said, as_json=as_json)
    return 0


@subscriptions.command()
@id_argument
@with_wish
@as_json_option
@with_app
def change(app: App, /, subscription_id: int, *, as_json: bool, **wish: str) -> int:
    """Change when a subscription's digests come; what is not named stays."""
    now = app.clock.now()
    app.sync_subscriptions(now)
    done = change_subscription(app.store, subscription_id, Wish(**wish), now)
    tell(done, say_subscribed(done), as_json=as_json)
    return 0


@subscriptions.command()
@id_argument
@as_json_option
@with_app
def pause(app: App, /, subscription_id: int, *, as_json: bool) -> int:
    """Deliver nothing more for a subscription until it is resumed."""
    app.sync_subscriptions(app.clock.now())
    done = pause_subscription(app.store, subscription_id)
    name = name_subscription(done.subscription)
    waiting = f" {say_waiting(done)} waiting." if done.waiting else ""
    said = f"Paused {name}: nothing more is delivered there.{waiting}"
    if done.before == done.subscription:
        said = f"Nothing was changed: {name} is paused already.{waiting}"
    said += f" `papers subscriptions resume {subscription_id}` lets it go on."
    tell(done, said, as_json=as_json)
    return 0


@subscriptions.command()
@id_argument
@as_json_option
@with_app
def resume(app: App, /, subscription_id: int, *, as_json: bool) -> int:
    """Let a paused subscription go on; what waited is delivered."""
    app.sync_subscriptions(app.clock.now())
    done = resume_subscription(app.store, subscription_id)
    after = done.subscription
    said = f"Resumed {name_subscription(after)}: {describe_schedule(after.schedule)}."
    if done.before == after:
        said = f"Nothing was changed: {name_subscription(after)} is not paused."
    elif done.waiting:
        said += f" {say_waiting(done)} waiting, to go out as soon as due."
    tell(done, said, as_json=as_json)
    return 0


@subscriptions.command()
@id_argument
@as_json_option
@with_app
def remove(app: App, /, subscription_id: int, *, as_json: bool) -> int:
    """Remove a subscription and call off what has not gone out."""
    now = app.clock.now()
    app.sync_subscriptions(now)
    done = remove_subscription(app.store, subscription_id, now)
    gone = done.subscription
    off = f" {say_waiting(done)} called off." if done.waiting else ""
    said = f"Removed {name_subscription(gone)}.{off} `{say_command(gone)}` undoes this."
    tell(done, said, as_json=as_json)
    return 0


def read_destination(*, channel: str, email: str, folder: str) -> Destination:
    """Read the one destination that was named; raise UserError where it is none, or several."""
    named = [
        (DestinationKind.CHANNEL, channel),
        (DestinationKind.EMAIL, email),
        # As the configuration reads it: otherwise "digests" and "digests/" were two places.
        (DestinationKind.FOLDER, folder and str(PurePath(folder))),
    ]
    chosen = [(kind, place) for kind, place in named if place]
    if len(chosen) != 1:
        msg = "name one destination: --channel, --email or --folder"
        raise UserError(msg)
    return parse_destination(*chosen[0])


def tell(done: Change, said: str, *, as_json: bool) -> None:
    """Say what was done, for people or for programs."""
    if as_json:
        show_json({**describe_subscription(done.subscription), "waiting": done.waiting})
    else:
        show(fold(said))

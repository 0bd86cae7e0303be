"""`papers subscribers`: who reads by mail; take over a list, show, suppress, end links."""

import csv
import secrets
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import click

from bot.app import App
from bot.core.addresses import hash_address, parse_address
from bot.core.schedule import describe_schedule
from bot.core.subscribers import ImportOutcome, ImportRow, Subscriber, SubscriberState
from bot.edges.cli.folding import fold
from bot.edges.cli.options import show, show_json, with_app
from bot.edges.cli.sets import Listing
from bot.errors import UserError

COLUMNS = ("address", "set", "consent_at", "consent_source")
_BY_OPERATOR = "the operator's wish"

as_json_option = click.option("--json", "as_json", is_flag=True, help="For programs.")


@click.group(cls=Listing)
def subscribers() -> None:
    """List who subscribed by mail; take over lists, show or suppress an address.

    People subscribe, choose and leave on the web by themselves. `papers erase ADDRESS`
    removes somebody with all that is kept.
    """


@subscribers.command("list")
@as_json_option
@with_app
def list_subscribers(app: App, /, *, as_json: bool) -> int:
    """List every subscriber with the sets that each gets."""
    every = app.store.list_subscribers()
    if as_json:
        show_json([describe(each, sets) for each, sets in every])
    elif not every:
        show("There are none: people subscribe on the pages of public sets, once they confirm.")
    else:
        for each, sets in every:
            named = ", ".join(sets) or "no sets"
            show(fold(f"{each.address}: {say_state(each)}; {named}", rest="  "))
    return 0 if every else 1


@subscribers.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@as_json_option
@with_app
def import_list(app: App, /, file: Path, *, as_json: bool) -> int:
    """Subscribe the people of FILE.csv, who agreed elsewhere.

    Its first line is: address,set,consent_at,consent_source. The last two are the
    proof: the day on which they agreed, and where. Whoever left since then, or is
    suppressed, is not subscribed. Doing it again changes nothing.
    """
    from bot.flows.importing import import_subscribers

    done = list(
        import_subscribers(
            read_rows(file),
            app.store,
            app.sets(paused=True, own=True),
            timezone=app.settings.timezone,
            new_nonce=lambda: secrets.token_urlsafe(12),
            now=app.clock.now(),
        )
    )
    if as_json:
        show_json([asdict(each) for each in done])
    else:
        for each in done:
            why = f": {each.said}" if each.said else ""
            show(fold(f"line {each.line}: {each.address} {each.outcome}{why}", rest="  "))
        counts = Counter(each.outcome for each in done)
        told = ", ".join(f"{counts[outcome]} {outcome}" for outcome in ImportOutcome)
        show(f"{len(done)} lines: {told}.")
    return 1 if any(each.outcome is ImportOutcome.REFUSED for each in done) else 0


@subscribers.command("show")
@click.argument("address")
@with_app
def show_subscriber(app: App, /, address: str) -> int:
    """Show all that is kept of ADDRESS, as JSON."""
    from bot.flows.choosing import write_held

    held = app.store.load_held(parse_address(address).key)
    show(write_held(held))
    return 0 if held.subscriber or held.subscriptions or held.suppression else 1


@subscribers.command()
@click.argument("address")
@with_app
def suppress(app: App, /, address: str) -> int:
    """Let ADDRESS get no mail any more, whoever asks for it.

    Only a hash of it is kept for that, which `papers erase` leaves in place.
    """
    known = parse_address(address)
    new = app.store.suppress(hash_address(known.key), _BY_OPERATOR, app.clock.now())
    undo = f"`papers subscribers unsuppress {known.text}` undoes this"
    if new:
        show(fold(f"{known.text} gets no mail any more. {undo}."))
    else:
        show(fold(f"Nothing was changed: {known.text} gets no mail already. {undo}."))
    return 0


@subscribers.command()
@click.argument("address")
@with_app
def unsuppress(app: App, /, address: str) -> int:
    """Let ADDRESS get mail again; what it had subscribed to goes on."""
    known = parse_address(address)
    found = app.store.find_suppression(hash_address(known.key))
    if found is None:
        show(f"Nothing was changed: {known.text} is not suppressed.")
        return 1
    app.store.unsuppress(found.hash)
    show(
        fold(f"{known.text} may get mail again; it was suppressed for this reason: {found.reason}.")
    )
    return 0


@subscribers.command()
@click.argument("address")
@with_app
def renew(app: App, /, address: str) -> int:
    """Make all links to the preferences of ADDRESS worthless; its next mail has new ones.

    For somebody who passed a digest on, links and all. Links to unsubscribe still work.
    """
    known = app.store.find_subscriber(parse_address(address).key)
    if known is None:
        msg = f"{address} is no subscriber: `papers subscribers list` names them"
        raise UserError(msg)
    app.store.renew_nonce(known.id, secrets.token_urlsafe(12))
    show(fold(f"Links to the preferences of {known.address} lead nowhere any more."))
    return 0


def read_rows(file: Path) -> Iterator[ImportRow]:
    """Read a list; raise UserError for a file that is none."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.DictReader(lines)
            missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
            if missing:
                msg = (
                    f"{file} lacks {', '.join(missing)}: its first line must be {','.join(COLUMNS)}"
                )
                raise UserError(msg)
            for row in reader:
                cells = [row[name] or "" for name in COLUMNS]
                yield ImportRow(reader.line_num, *cells)
    except OSError as error:
        msg = f"{file} cannot be read ({error.strerror}): name a CSV file"
        raise UserError(msg) from error
    except (UnicodeDecodeError, csv.Error) as error:
        msg = f"{file} is no CSV file in UTF-8 ({error}): save it as one"
        raise UserError(msg) from error


def say_state(each: Subscriber) -> str:
    """Say how far somebody agreed, and when mail comes."""
    if each.state is not SubscriberState.CONFIRMED:
        return each.state.value
    paused = f", paused until {each.paused_until:%Y-%m-%d %H:%M} UTC" if each.paused_until else ""
    since = f" on {each.confirmed_at:%Y-%m-%d}" if each.confirmed_at else ""
    return f"confirmed{since}, {describe_schedule(each.schedule)}{paused}"


def describe(each: Subscriber, sets: tuple[str, ...]) -> dict[str, object]:
    """Describe a subscriber for programs."""
    return {
        "id": each.id,
        "address": each.address,
        "state": each.state.value,
        "sets": list(sets),
        "schedule": describe_schedule(each.schedule),
        "bundled": each.bundled,
        "created_at": each.created_at,
        "confirmed_at": each.confirmed_at,
        "paused_until": each.paused_until,
    }

"""`papers deliveries`: what became of each digest, step by step; try again, call off."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import click

from bot.app import App
from bot.core.days import say_day_briefly, say_days, say_days_briefly
from bot.core.editions import DeliveryState
from bot.core.records import Hold, LedgerLine, Step
from bot.edges.cli.folding import fold
from bot.edges.cli.options import say, show, show_json, with_app
from bot.edges.cli.sets import Listing
from bot.flows.overseeing import cancel_delivery, find_delivery, retry_delivery

LONGEST_STATE = max(len(state) for state in DeliveryState)


@click.group(cls=Listing)
def deliveries() -> None:
    """List what became of each digest; show its history, try it again or call it off."""


@deliveries.command("list")
@click.option(
    "--state",
    "states",
    multiple=True,
    type=click.Choice([state.value for state in DeliveryState]),
    help="Only those in this state (repeatable).",
)
@click.option("--address", default="", metavar="PLACE", help="Only those to this address.")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 100_000))
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@with_app
def list_deliveries(
    app: App, /, states: tuple[str, ...], address: str, limit: int, *, as_json: bool
) -> int:
    """List the newest deliveries first, with what happens to them next."""
    wanted = [DeliveryState(state) for state in states]
    found = app.store.list_deliveries(states=wanted, address=address, limit=limit + 1)
    lines = found[:limit]
    if as_json:
        show_json([describe_line(line) for line in lines])
    elif not lines:
        show("There are no such deliveries." if wanted or address else "Nothing was planned yet.")
    else:
        now = local_time(app)
        for line in lines:
            show(say_line(line, now))
        show(say_zone(app))
        if len(found) > limit:
            say(f"These are the newest {limit}: --limit shows more.")
    return 0 if lines else 1


@deliveries.command("show")
@click.argument("delivery_id", metavar="ID", type=int)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@with_app
def show_delivery(app: App, /, delivery_id: int, *, as_json: bool) -> int:
    """Show the whole history of a delivery."""
    line, steps = find_delivery(app.store, delivery_id)
    if as_json:
        show_json({**describe_line(line), "steps": describe_steps(steps)})
        return 0
    now = local_time(app)
    days = say_days(line.days[0], line.days[-1])
    title = f"Delivery {delivery_id}: {line.set_name}, {days}, to {line.delivery.destination}"
    show(fold(title))
    show(fold(say_state(line, now)))
    if line.repeats:
        times = "once" if line.repeats == 1 else f"{line.repeats} times"
        show(f"Sent again {times} although it may have arrived before.")
    show("")
    show("\n".join(say_steps(steps, now)))
    show(say_zone(app))
    return 0


@deliveries.command("retry")
@click.argument("delivery_id", metavar="ID", type=int)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@with_app
def retry(app: App, /, delivery_id: int, *, as_json: bool) -> int:
    """Try now what failed, or what waits for another try."""
    line = retry_delivery(app.store, delivery_id, app.clock.now())
    if as_json:
        show_json(describe_line(line))
    else:
        show(fold(f"{name_delivery(line)}: {say_next(line, local_time(app))}."))
    return 0


@deliveries.command("cancel")
@click.argument("delivery_id", metavar="ID", type=int)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@with_app
def cancel(app: App, /, delivery_id: int, *, as_json: bool) -> int:
    """Call off a delivery that waits; it does not come back."""
    line = cancel_delivery(app.store, delivery_id, app.clock.now())
    if as_json:
        show_json(describe_line(line))
    else:
        show(fold(f"{name_delivery(line)}: called off."))
    return 0


def local_time(app: App) -> datetime:
    """Return the time now, in the zone in which times are shown."""
    return app.clock.now().astimezone(ZoneInfo(app.settings.timezone))


def say_zone(app: App) -> str:
    """Say whose clock the times shown are those of."""
    return f"Times are {app.settings.timezone}."


def name_delivery(line: LedgerLine) -> str:
    """Name a delivery at the beginning of a sentence."""
    days = say_days_briefly(line.days[0], line.days[-1])
    to = line.delivery.destination
    return f"Delivery {line.delivery.id}, {line.set_name} of {days} to {to}"


def say_line(line: LedgerLine, now: datetime) -> str:
    """Say what a delivery is, and below that how it stands."""
    days = say_days_briefly(line.days[0], line.days[-1])
    title = f"{line.set_name} · {days} · to {line.delivery.destination}"
    indent = " " * 6
    state = fold(say_state(line, now), indent, indent)
    return f"{fold(title, f'{line.delivery.id:>4}  ', indent)}\n{state}"


def say_state(line: LedgerLine, now: datetime) -> str:
    """Say how a delivery stands, why, and what comes next."""
    state, last = line.delivery.state, line.last
    said, sign = str(state), ": "
    if last is not None and state is not DeliveryState.PENDING:
        said += f" {say_when(last.at, now)}"
        if last.detail:
            said, sign = f"{said}: {last.detail}", "; "
    following = say_next(line, now)
    return f"{said}{sign}{following}" if following else said


def say_next(line: LedgerLine, now: datetime) -> str:
    """Say what happens to a delivery next; nothing where that is nothing."""
    if line.held is not None and line.delivery.state is not DeliveryState.FAILED:
        return f"it waits, as {line.held}"
    when = "now"
    if line.due is not None and line.due > now:
        when = say_when(line.due, now)
    match line.delivery.state:
        case DeliveryState.PENDING:
            return f"to go out {when}"
        case DeliveryState.RETRY:
            return f"to be tried again {when}"
        case DeliveryState.UNKNOWN:
            return f"to be looked for {when}, as it may have arrived"
        case DeliveryState.FAILED if line.held is not Hold.REMOVED:
            return f"`papers deliveries retry {line.delivery.id}` tries again"
    return ""


def say_when(at: datetime, now: datetime) -> str:
    """Say a moment by the clock of `now`; its day only where that is another."""
    local = at.astimezone(now.tzinfo)
    if local.date() == now.date():
        return f"at {local:%H:%M}"
    year = f" {local.year}" if local.year != now.year else ""
    return f"on {say_day_briefly(local.date())}{year} at {local:%H:%M}"


def say_steps(steps: Sequence[Step], now: datetime, indent: str = "") -> Iterator[str]:
    """Say a history, a step a line: time, state, number of the attempt, what was said."""
    if not steps:
        yield f"{indent}Its history was thrown away, as it is old."
    for step in steps:
        attempt = str(step.attempt) if step.attempt else ""
        at = f"{step.at.astimezone(now.tzinfo):%Y-%m-%d %H:%M:%S}"
        head = f"{indent}{at}  {step.state:<{LONGEST_STATE}} {attempt:>2}  "
        yield fold(step.detail, head, " " * len(head))


def describe_line(line: LedgerLine) -> dict[str, object]:
    """Describe a delivery for programs."""
    return {
        "id": line.delivery.id,
        "set": line.set_name,
        "days": list(line.days),
        "destination": {
            "kind": line.delivery.destination.kind,
            "address": line.delivery.destination.address,
        },
        "state": line.delivery.state,
        "attempt": line.delivery.attempt,
        "due": line.due,
        "repeats": line.repeats,
        "held": line.held,
        "last": describe_steps([line.last])[0] if line.last else None,
    }


def describe_steps(steps: Sequence[Step]) -> list[dict[str, object]]:
    """Describe a history for programs."""
    return [
        {"at": step.at, "state": step.state, "attempt": step.attempt, "detail": step.detail}
        for step in steps
    ]

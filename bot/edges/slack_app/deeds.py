"""How what was clicked is done: answered, changed, or shown in a modal that opens at once."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from bot.core.desk import Done
from bot.core.editions import DestinationKind
from bot.core.slack_names import parse_place
from bot.edges.slack_app.asked import Asker, Clicked
from bot.edges.slack_app.surface import TITLE, Payload, Surface
from bot.flows.slack_home import show_home
from bot.render.slack.home import build_home
from bot.render.slack.modals import build_notice_modal
from bot.render.slack.schedules import build_modal
from bot.render.slack.subscriptions import build_done

_LOADING = build_notice_modal(TITLE, "One moment …")


class Kind(Enum):
    """What becomes of a deed's result."""

    ANSWER = "an answer to one person; on Home and above modals it is a modal"
    CHANGE = "the same, but Home is shown anew instead"
    MODAL = "a view that is shown in a modal"


@dataclass(frozen=True, slots=True)
class Deed:
    """What a click does: `act` calls one flow and builds what is shown of it."""

    kind: Kind
    act: Callable[[Surface, Clicked, str], Payload]


def do_deed(surface: Surface, clicked: Clicked, deed: Deed, value: str) -> None:
    """Do what was clicked, and show what came of it."""
    asker = clicked.asker
    if deed.kind is Kind.MODAL:
        show_modal(surface, asker, lambda: deed.act(surface, clicked, value))
    elif deed.kind is Kind.ANSWER and not asker.url:
        show_modal(surface, asker, lambda: to_modal(deed.act(surface, clicked, value)))
    elif surface.is_new(asker):
        payload = deed.act(surface, clicked, value)
        if asker.surface == "home":
            publish_home(surface, asker)
        else:
            surface.answer(asker, payload)


def show_modal(surface: Surface, asker: Asker, build: Callable[[], Payload]) -> None:
    """Open a modal at once, as nothing opens one later, and fill it when that is ready."""
    opened = surface.views.open(asker, _LOADING, inside=asker.surface == "modal")
    if opened is None:
        return
    try:
        view = build()
    except Exception as error:  # noqa: BLE001 - whatever it is, its person is told
        view = to_modal(surface.explain("modal", error))
    surface.views.update(asker.person.team, opened, view)


def to_modal(payload: Payload) -> Payload:
    """Show an answer in a modal."""
    return build_modal(TITLE, payload["blocks"])


def publish_home(surface: Surface, asker: Asker) -> None:
    """Show a person's Home as it is now."""
    view = build_home(
        show_home(surface.desk(asker), asker.person, surface.now()), command=surface.command
    )
    surface.clients.call(asker.person.team, "views.publish", user_id=asker.person.user, view=view)


def tell_done(surface: Surface, asker: Asker, done: Done) -> Payload:
    """Say what was done to a subscription, to all in its conversation where anything was.

    What was asked for elsewhere is said there by a message, and answered to its person alone.
    """
    payload = build_done(done, command=surface.command)
    destination = done.subscription.destination
    if payload["response_type"] != "in_channel" or destination.kind is not DestinationKind.CHANNEL:
        return payload
    place = parse_place(destination.address)
    if place.channel == asker.channel and asker.url:
        return payload
    if not place.is_direct:
        surface.announce(place, payload)
    return build_done(done, command=surface.command, public=False)

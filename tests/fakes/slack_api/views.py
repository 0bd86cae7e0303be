"""views.*."""

from typing import Final

from tests.fakes.slack_api.limits import RefusalError, check_view
from tests.fakes.slack_api.model import Json, View
from tests.fakes.slack_api.requests import Request

_DEEPEST: Final = 3


def open_(request: Request) -> Json:
    body = _read_view(request, "modal")
    trigger = request.world.exchange(request.text("trigger_id"), request.team)
    view = request.world.new_view(request.team, trigger.user, body)
    view.trigger = trigger.id
    trigger.view = view
    return {"view": view.show()}


def push(request: Request) -> Json:
    body = _read_view(request, "modal")
    trigger = request.world.exchange(request.text("trigger_id"), request.team)
    below = trigger.inside
    if below is None or not below.open:
        raise RefusalError(error="not_found")
    depth, view = 1, below
    while view.previous is not None:
        depth, view = depth + 1, view.previous
    if depth >= _DEEPEST:
        raise RefusalError(error="push_limit_reached")
    pushed = request.world.new_view(request.team, trigger.user, body)
    pushed.root, pushed.previous, pushed.trigger = below.root or below, below, trigger.id
    trigger.view = pushed
    return {"view": pushed.show()}


def update(request: Request) -> Json:
    view = _find(request)
    if view is None or view.team is not request.team or not view.open:
        raise RefusalError(error="not_found")
    body = _read_view(request, str(view.body["type"]), view)
    if request.text("hash") not in {"", view.hash}:
        raise RefusalError(error="hash_conflict")
    request.world.change_view(view, body)
    return {"view": view.show()}


def publish(request: Request) -> Json:
    user = request.team.users.get(request.text("user_id"))
    if user is None or user.bot:
        raise RefusalError(error="invalid_arguments")
    body = _read_view(request, "home")
    world = request.world
    home = world.homes.get((request.team.id, user.id))
    if request.text("hash") and (home is None or home.hash != request.text("hash")):
        raise RefusalError(error="hash_conflict")
    if home is None:
        home = world.new_view(request.team, user.id, body)
        world.homes[request.team.id, user.id] = home
    else:
        world.change_view(home, body)
    return {"view": home.show()}


def _find(request: Request) -> View | None:
    external = request.text("external_id")
    if not external:
        return request.world.views.get(request.text("view_id"))
    return next(
        (
            view
            for view in request.world.views.values()
            if view.team is request.team and view.body.get("external_id") == external
        ),
        None,
    )


def _read_view(request: Request, kind: str, replaced: View | None = None) -> Json:
    view = request.arguments.get("view")
    check_view(view, (kind,))
    body: Json = request.arguments["view"]
    external = body.get("external_id")
    if external and any(
        other.open and other is not replaced and other.body.get("external_id") == external
        for other in request.world.views.values()
        if other.team is request.team
    ):
        raise RefusalError(error="duplicate_external_id")
    return body

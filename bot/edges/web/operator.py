"""The operators' pages: each shows what a flow says, each form has a flow do one thing."""

from datetime import date, timedelta

from flask import Blueprint, Response, request

from bot.core.editions import CategoryReceipt, DeliveryState
from bot.edges.facts import gather_facts
from bot.edges.logs import mask
from bot.edges.web.answering import Page, send
from bot.edges.web.session import check_session_form, is_operator, session_token
from bot.edges.web.shelf import Shelf
from bot.edges.web.signing_in import go
from bot.errors import UserError
from bot.flows.measuring import judge
from bot.flows.overseeing import cancel_delivery, retry_delivery
from bot.flows.reading import list_sets
from bot.flows.subscribing_to import (
    pause_subscription,
    remove_subscription,
    resume_subscription,
)
from bot.render.operating import STATES

_SHOWN = 100
_WEEKS = 2


def build_operator(shelf: Shelf) -> Blueprint:
    """Build /operator and the pages below it."""
    site = Blueprint("operator", __name__)
    app = shelf.app

    @site.before_request
    def look() -> Response | None:
        if is_operator(shelf):
            return None
        return go(shelf, "sign-in")

    @site.get("/operator")
    def overview() -> Response:
        now = app.clock.now()
        facts = gather_facts(app, now)
        findings = [
            (each.subject, each.health.value, mask(each.message)) for each in judge(facts, now)
        ]
        return _show(shelf.console.overview(session_token(), findings, facts.backlog))

    @site.get("/operator/sets")
    def sets() -> Response:
        lines = list_sets(app.store, shelf.every_set(), shelf.today())
        return _show(shelf.console.sets(session_token(), lines, app.settings.public))

    @site.get("/operator/receipts")
    def receipts() -> Response:
        since = shelf.today() - timedelta(weeks=_WEEKS)
        days: dict[date, list[CategoryReceipt]] = {}
        for line in app.store.receipts_since(since, shelf.categories()):
            days.setdefault(line.day, []).append(line)
        return _show(shelf.console.receipts(session_token(), days, _WEEKS))

    _add_subscriptions(site, shelf)
    _add_deliveries(site, shelf)
    return site


def _add_subscriptions(site: Blueprint, shelf: Shelf) -> None:
    app = shelf.app

    @site.get("/operator/subscriptions")
    def subscriptions() -> Response:
        return _show_subscriptions(shelf)

    @site.post("/operator/subscriptions/<int:number>")
    def change_subscription(number: int) -> Response:
        check_session_form()
        try:
            match request.form.get("action"):
                case "pause":
                    pause_subscription(app.store, number)
                case "resume":
                    resume_subscription(app.store, number)
                case "remove":
                    remove_subscription(app.store, number, app.clock.now())
                case _:
                    return _show_subscriptions(shelf, _UNKNOWN, 400)
        except UserError as error:
            return _show_subscriptions(shelf, str(error), 400)
        return go(shelf, "subscriptions")


def _add_deliveries(site: Blueprint, shelf: Shelf) -> None:
    app = shelf.app

    @site.get("/operator/deliveries")
    def deliveries() -> Response:
        return _show_deliveries(shelf)

    @site.post("/operator/deliveries/<int:number>")
    def change_delivery(number: int) -> Response:
        check_session_form()
        try:
            match request.form.get("action"):
                case "retry":
                    retry_delivery(app.store, number, app.clock.now())
                case "cancel":
                    cancel_delivery(app.store, number, app.clock.now())
                case _:
                    return _show_deliveries(shelf, _UNKNOWN, 400)
        except UserError as error:
            return _show_deliveries(shelf, str(error), 400)
        return go(shelf, "deliveries")


_UNKNOWN = "nothing was changed: the form asked for what there is not"


def _show(page: str, status: int = 200) -> Response:
    return send(Page(page), None, status=status)


def _show_subscriptions(shelf: Shelf, said: str = "", status: int = 200) -> Response:
    known = shelf.app.store.load_subscriptions()
    return _show(shelf.console.subscriptions(session_token(), known, said), status)


def _show_deliveries(shelf: Shelf, said: str = "", status: int = 200) -> Response:
    asked = request.args.get("state", "")
    state = asked if asked in STATES else ""
    states = [DeliveryState(state)] if state else []
    lines = shelf.app.store.list_deliveries(states=states, limit=_SHOWN)
    return _show(shelf.console.deliveries(session_token(), lines, state, said), status)

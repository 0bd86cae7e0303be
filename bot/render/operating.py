"""The operators' pages as HTML: how it is, sets, subscriptions, deliveries, receipts."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING

from bot.core.archive import SetLine
from bot.core.days import say_day
from bot.core.editions import CategoryReceipt, DeliveryState
from bot.core.figures import Backlog
from bot.core.records import LedgerLine
from bot.core.schedule import describe_schedule
from bot.core.subscriptions import CONFIG, Subscription
from bot.render.pages import Frame, make_fit
from bot.render.segments import one_line
from bot.render.wording import say_query, say_reach

if TYPE_CHECKING:
    import jinja2

# What a person may ask of a delivery, by where it stands.
_RETRIED = frozenset({DeliveryState.FAILED, DeliveryState.RETRY, DeliveryState.UNKNOWN})
_CANCELLED = frozenset({DeliveryState.PENDING, DeliveryState.RETRY, DeliveryState.UNKNOWN})
STATES = ("", *DeliveryState)


class Console:
    """Writes the operators' pages; `csrf` is what their forms send back."""

    def __init__(self, templates: "jinja2.Environment", frame: Frame) -> None:
        """Write them with these templates."""
        self._templates = templates
        self._frame = frame

    def overview(
        self, csrf: str, findings: Sequence[tuple[str, str, str]], backlog: Backlog
    ) -> str:
        """Write how everything is; findings are subject, health and message."""
        facts = [
            ("Due now", backlog.due),
            ("The oldest since", _say_moment(backlog.since)),
            ("May have arrived", backlog.in_doubt),
            ("Failed in the last week", backlog.failed),
        ]
        return self._write("overview", "", "Overview", csrf, findings=findings, backlog=facts)

    def sets(self, csrf: str, lines: Sequence[SetLine], public: frozenset[str]) -> str:
        """Write all sets, public or not; `public` holds names of the configuration's."""
        told = [
            {
                "name": line.keyword_set.name,
                "owner": _say_owner(line.keyword_set.owner),
                "public": "public"
                if line.keyword_set.owner == CONFIG and line.keyword_set.name in public
                else "not public",
                "paused": line.keyword_set.paused,
                "query": say_query(line.keyword_set),
                "reach": say_reach(line.keyword_set),
                "lately": line.lately,
            }
            for line in lines
        ]
        return self._write("sets", "sets", "Sets", csrf, sets=told)

    def subscriptions(
        self, csrf: str, subscriptions: Iterable[Subscription], said: str = ""
    ) -> str:
        """Write all subscriptions with what may be done about each."""
        told = [
            {
                "id": each.id,
                "set": one_line(each.set_name),
                "place": one_line(str(each.destination)),
                "schedule": describe_schedule(each.schedule),
                "origin": one_line(each.origin),
                "paused": _say_pause(each),
                "actions": _actions(each),
            }
            for each in subscriptions
        ]
        return self._write(
            "subscriptions", "subscriptions", "Subscriptions", csrf, said, subscriptions=told
        )

    def deliveries(self, csrf: str, lines: Iterable[LedgerLine], state: str, said: str = "") -> str:
        """Write the newest deliveries with what may be done about each."""
        told = [
            {
                "id": line.delivery.id,
                "set": one_line(line.set_name),
                "place": one_line(str(line.delivery.destination)),
                "state": line.delivery.state,
                "days": ", ".join(map(say_day, line.days)),
                "attempt": line.delivery.attempt,
                "held": line.held or "",
                "at": _say_moment(line.last.at) if line.last else "",
                "detail": one_line(line.last.detail) if line.last else "",
                "actions": [
                    (action, label)
                    for action, label, states in (
                        ("retry", "Try again now", _RETRIED),
                        ("cancel", "Call off", _CANCELLED),
                    )
                    if line.delivery.state in states
                ],
            }
            for line in lines
        ]
        return self._write(
            *("deliveries", "deliveries", "Deliveries", csrf, said),
            deliveries=told,
            state=state,
            states=STATES,
        )

    def receipts(
        self, csrf: str, days: Mapping[date, Sequence[CategoryReceipt]], weeks: int
    ) -> str:
        """Write what each category announced each day, newest day first."""
        told = [(day, say_day(day), days[day]) for day in sorted(days, reverse=True)]
        return self._write("receipts", "receipts", "Receipts", csrf, days=told, weeks=weeks)

    def sign_in(self, csrf: str, said: str = "") -> str:
        """Write the form that asks for a link."""
        return self._write("sign_in", "", "Sign in", csrf, said)

    def enter(self, action: str) -> str:
        """Write the page of a link, whose button signs in."""
        return self._write("enter", "", "Sign in", "", action=action)

    def _write(
        self, template: str, here: str, heading: str, csrf: str, said: str = "", **values: object
    ) -> str:
        page = self._templates.get_template(f"web/operator/{template}.html").render(
            frame=self._frame,
            paths=self._frame.paths,
            hidden=True,
            place="",
            here=here,
            heading=heading,
            csrf=csrf,
            said=said,
            **values,
        )
        return make_fit(page)


def _actions(subscription: Subscription) -> list[tuple[str, str]]:
    """Say what may be done: what the configuration says is changed there."""
    pause = ("resume", "Resume") if subscription.paused else ("pause", "Pause")
    return [pause] if subscription.origin == CONFIG else [pause, ("remove", "Remove")]


def _say_pause(subscription: Subscription) -> str:
    if not subscription.paused:
        return ""
    until = f" until {_say_moment(subscription.until)}" if subscription.until else ""
    reason = one_line(subscription.reason).rstrip(". ")
    return f"{until}{f': {reason}' if reason else ''}" or " by somebody"


def _say_moment(at: datetime | None) -> str:
    return f"{say_day(at.date())} {at:%H:%M} UTC" if at else "-"


def _say_owner(owner: str) -> str:
    return "in the configuration" if owner == CONFIG else f"of {one_line(owner)}"

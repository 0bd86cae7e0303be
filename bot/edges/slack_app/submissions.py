"""Forms that were sent off: acknowledged with what is wrong in them, if that is known in time."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Generic, TypeVar

from slack_bolt import Ack

from bot.core.desk import EditorForm, ScheduleForm
from bot.edges.slack_app import editing
from bot.edges.slack_app.asked import Asker, Submitted, View
from bot.edges.slack_app.deeds import publish_home, to_modal
from bot.edges.slack_app.forms import parse_editor, parse_schedule
from bot.edges.slack_app.surface import BUSY, TITLE, Payload, Surface
from bot.edges.slack_app.views import Opened
from bot.errors import BotError, Fault, FormError, UserError
from bot.render.slack.modals import build_errors, build_notice_modal

Answer = Mapping[str, Any]

# Slack waits for three seconds, of which it and the way take their part.
_WAIT_SECONDS: Final = 1.0
# So long an acknowledgement may take to reach Slack, before what it shows is changed.
_SETTLE_SECONDS: Final = 0.5
_SAVING: Final = build_notice_modal(TITLE, "Saving …")
_TWICE: Final = build_notice_modal(TITLE, "Slack sent this form twice; it was saved once.")
# A field of every form.
_ANYWHERE: Final = "timezone"

_Form = TypeVar("_Form", EditorForm, ScheduleForm)


@dataclass(frozen=True, slots=True)
class Form(Generic[_Form]):
    """What is done with a form: read it, save it, show it again with its faults."""

    read: Callable[[View], _Form]
    save: Callable[[Surface, Asker, _Form], Payload]
    again: Callable[[Surface, Asker, _Form, tuple[Fault, ...]], Payload]


class _Outcome:
    """What came of a form, which its acknowledgement says unless that could not wait."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known = threading.Event()
        self._answer: Answer | None = None
        self._given_up = False

    def put(self, answer: Answer) -> bool:
        """Have it said; False where the acknowledgement is gone already."""
        with self._lock:
            if self._given_up:
                return False
            self._answer = answer
        self._known.set()
        return True

    def take(self, seconds: float) -> Answer | None:
        """Wait for it; None, and none later, where it does not come in time."""
        self._known.wait(seconds)
        with self._lock:
            self._given_up = self._answer is None
            return self._answer


def submit(surface: Surface, sent: Submitted, ack: Ack) -> None:
    """Save a form that was sent off, and say what came of it: in its place, or below its fields."""
    form = FORMS.get(sent.view.callback)
    if form is None:
        ack()
        return
    _submit(surface, sent, ack, form)


def _submit(surface: Surface, sent: Submitted, ack: Ack, form: Form[_Form]) -> None:
    try:
        filled = form.read(sent.view)
    except FormError as error:
        ack(build_errors(error.faults))
        return
    except UserError as error:
        ack(response_action="update", view=build_notice_modal(TITLE, str(error)))
        return
    if not surface.jobs.admit():
        ack(build_errors([Fault(_ANYWHERE, 0, BUSY)]))
        return
    outcome = _Outcome()
    work = partial(_save, surface, sent, form, filled, outcome)
    surface.jobs.start(sent.asker.person, sent.view.callback, work)
    # Where many wait already, whoever only acknowledges would have to wait for them.
    may_wait = surface.turns.acquire(blocking=False)
    try:
        answer = outcome.take(_WAIT_SECONDS if may_wait else 0.0)
    finally:
        if may_wait:
            surface.turns.release()
    if answer is None:
        ack(response_action="update", view=_SAVING)
    else:
        ack({**answer})


def _save(
    surface: Surface, sent: Submitted, form: Form[_Form], filled: _Form, outcome: _Outcome
) -> None:
    asker = sent.asker
    faults: tuple[Fault, ...] = ()
    view: Payload = _TWICE
    try:
        surface.check_stranger(asker)
        if surface.is_new(asker):
            view = form.save(surface, asker, filled)
    except FormError as error:
        faults = error.faults
    except Exception as error:  # noqa: BLE001 - whatever it is, its person is told
        view = to_modal(surface.explain(sent.view.callback, error))
    # Slack refuses errors of what is no field, such as the name of a set that is there already.
    if faults and {fault.key for fault in faults} <= sent.view.values.keys():
        answer: Answer = build_errors(faults)
    else:
        view = form.again(surface, asker, filled, faults) if faults else view
        answer = {"response_action": "update", "view": view}
    if not outcome.put(answer):
        time.sleep(_SETTLE_SECONDS)
        view = form.again(surface, asker, filled, faults) if faults else view
        surface.views.update(asker.person.team, Opened(sent.view.id, ""), view)
    try:
        publish_home(surface, asker)
    except BotError as error:
        surface.log.info("not shown", where="slack", what="Home", problem=str(error))


FORMS: Final[Mapping[str, Form[Any]]] = {
    "set_editor": Form(parse_editor, editing.save_editor, editing.show_editor),
    "subscription_editor": Form(parse_schedule, editing.save_schedule, editing.show_schedule),
}

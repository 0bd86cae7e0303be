"""The Bolt app: each listener acknowledges at once and hands what it heard to a thread of ours.

Bolt tells kinds of payloads apart and knows how each is acknowledged. Its threads, its clients and
its database of installations are not used: nothing before an acknowledgement waits for anything.
"""

import logging
import re
from collections.abc import Callable
from concurrent.futures import Executor, Future
from functools import partial
from typing import Any, Final, ParamSpec, TypeVar

from slack_bolt import Ack, BoltResponse
from slack_bolt import App as Bolt
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.web import WebClient

from bot.edges.slack_app import actions, asked, commands, events, options, submissions
from bot.edges.slack_app.asked import get_text
from bot.edges.slack_app.shortcuts import SHORTCUTS
from bot.edges.slack_app.surface import BUSY, Surface
from bot.errors import UserError

P = ParamSpec("P")
R = TypeVar("R")

Body = dict[str, Any]

_ANY: Final = re.compile("")
_UNAVAILABLE: Final = 503


class _Here(Executor):
    """Runs what it is given in the thread that gives it: listeners only acknowledge."""

    def submit(self, fn: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        """Run it now."""
        done: Future[R] = Future()
        done.set_result(fn(*args, **kwargs))
        return done


def build_bolt(surface: Surface) -> Bolt:
    """Build the app that hands everything to the listeners of a surface."""
    logger = logging.getLogger("papers.bolt")
    # Its warnings show payloads, and for its debugging it builds texts of them.
    logger.setLevel(logging.ERROR)
    bolt = Bolt(
        # It configures the log of this name, too, so it must not be the program's.
        name=logger.name,
        logger=logger,
        # Without these two Bolt looks for them in the environment.
        signing_secret="",
        client=WebClient(base_url=surface.app.settings.slack.api_url, retry_handlers=[]),
        authorize=_authorize,
        # http.py verifies more strictly, and before anything is read.
        request_verification_enabled=False,
        # It would have to know who the app is; events.py finds that out.
        ignoring_self_events_enabled=False,
        listener_executor=_Here(),
    )
    _hear_commands(bolt, surface)
    _hear_clicks(bolt, surface)
    _hear_forms(bolt, surface)
    _hear_shortcuts(bolt, surface)
    _hear_events(bolt, surface)
    return bolt


def _authorize(
    enterprise_id: str | None, team_id: str | None, user_id: str | None
) -> AuthorizeResult:
    """Let everything through: which token answers is found when something is answered."""
    return AuthorizeResult(enterprise_id=enterprise_id, team_id=team_id, user_id=user_id)


def _read(surface: Surface, read: Callable[[Body], R], body: Body) -> R | None:
    """Read a payload; None for one that Slack cannot have meant, which is logged."""
    try:
        return read(body)
    except UserError as error:
        surface.log.warning("not understood", where="slack", problem=str(error))
        return None


def _hear_commands(bolt: Bolt, surface: Surface) -> None:
    # Whatever it is called in Slack: no other app's command is sent here.
    @bolt.command(_ANY)
    def command(ack: Ack, body: Body) -> None:
        typed = _read(surface, asked.read_typed, body)
        if typed is None:
            ack()
            return
        surface.hand(
            "command",
            typed.asker,
            partial(commands.answer, surface, typed),
            ack=ack,
            refuse=partial(ack, BUSY),
        )


def _hear_clicks(bolt: Bolt, surface: Surface) -> None:
    @bolt.action(_ANY)
    def click(ack: Ack, body: Body) -> None:
        clicked = _read(surface, asked.read_clicked, body)
        # Links are told, too, and there is nothing to do for them.
        if clicked is None or not actions.is_known(clicked):
            ack()
            return
        surface.hand(
            clicked.action,
            clicked.asker,
            partial(actions.act, surface, clicked),
            ack=ack,
            slot=actions.find_slot(clicked),
        )

    @bolt.options(_ANY)
    def suggest(ack: Ack, body: Body) -> None:
        action, typed = get_text(body, "action_id"), get_text(body, "value")
        ack(**options.suggest(surface, action, typed))


def _hear_forms(bolt: Bolt, surface: Surface) -> None:
    @bolt.view_submission(_ANY)
    def submitted(ack: Ack, body: Body) -> None:
        sent = _read(surface, asked.read_submitted, body)
        if sent is None:
            ack()
        else:
            submissions.submit(surface, sent, ack)

    @bolt.view_closed(_ANY)
    def closed(ack: Ack) -> None:
        # Nothing was kept of it.
        ack()


def _hear_shortcuts(bolt: Bolt, surface: Surface) -> None:
    @bolt.shortcut(_ANY)
    def pick(ack: Ack, body: Body) -> None:
        picked = _read(surface, asked.read_picked, body)
        act = SHORTCUTS.get(get_text(body, "callback_id"))
        if picked is None or act is None:
            ack()
            return
        surface.hand("shortcut", picked.asker, partial(act, surface, picked), ack=ack)


def _hear_events(bolt: Bolt, surface: Surface) -> None:
    def admit(next: Callable[[], None]) -> BoltResponse | None:  # noqa: A002 - Bolt's name
        """Keep a place for an event; where there is none Slack is to tell it again later."""
        if not surface.jobs.admit():
            return BoltResponse(status=_UNAVAILABLE, body="")
        next()
        return None

    # Bolt acknowledges an event before its listener runs.
    def hear(body: Body) -> None:
        told = _read(surface, asked.read_told, body)
        if told is None:
            surface.jobs.leave()
            return
        work = partial(surface.do, "event", told.asker, partial(events.hear, surface, told))
        surface.jobs.start(told.asker.person, "event", work)

    for kind in events.EVENTS:
        bolt.event(kind, middleware=[admit])(hear)

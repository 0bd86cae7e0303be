"""What every listener works with: the App, the jobs, and the ways by which answers reach people."""

import threading
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from bot.adapters.slack.errors import SlackError, Trouble
from bot.core.slack_names import HOME, SlackPlace
from bot.edges.slack_app.asked import Asker, get_text
from bot.edges.slack_app.replies import post_reply
from bot.edges.slack_app.views import Views
from bot.errors import BotError, RefusedError, StoreError, UserError
from bot.flows.slack_desk import Desk
from bot.render.slack.answers import build_error
from bot.render.slack.schedules import build_modal

if TYPE_CHECKING:
    from bot.adapters.slack.client import SlackClients
    from bot.adapters.slack.people import People
    from bot.adapters.slack.viewers import Viewers
    from bot.app import App
    from bot.edges.logs import Log
    from bot.edges.slack_app.jobs import Jobs

Payload = Mapping[str, Any]
Act = Callable[[], object]

BUSY = "Much is being asked for just now, so nothing was done: try again in a moment."
STRANGER = (
    "You look in from another workspace, and only people of this one can use the app: ask one of"
    " them, or have it installed in yours."
)
TITLE = "papers"
_UNREACHABLE = "The database does not answer just now, so nothing was done: try again in a minute."
_SILENT = "Slack did not do its part: try again in a minute. The program’s log says more."
_OUTSIDE = (
    "This app is not in that conversation, so it can neither look nor post there: add it under"
    " Integrations of the channel’s details, or with /invite, then try again."
)
_BROKEN = "This could not be done; the program’s log says why."


@dataclass(frozen=True, slots=True)
class Surface:
    """One App as Slack's people meet it.

    `asides` are what nobody waits for: announcements, and that there is no room in `jobs`. `turns`
    bounds how many acknowledgements wait for what comes of a form.
    """

    app: "App"
    clients: "SlackClients"
    people: "People"
    viewers: "Viewers"
    views: Views
    jobs: "Jobs"
    asides: "Jobs"
    turns: threading.Semaphore
    log: "Log"

    @property
    def command(self) -> str:
        """What the slash command is called."""
        return self.app.settings.slack.command

    def now(self) -> datetime:
        """Return the time."""
        return self.app.clock.now()

    def desk(self, asker: Asker, *, personal: bool = False) -> Desk:
        """Gather what answers to somebody are made from.

        `personal`: something new may come of it, which is to have the person's own time zone.
        """
        settings = self.app.settings
        timezone = self.viewers.find_timezone(asker.person) if personal else ""
        try:
            categories = self.app.categories
        except UserError:
            categories = ()
        return Desk(
            store=self.app.store,
            workspaces=self.people,
            configured=settings.sets,
            categories=categories,
            home=self._find_home(),
            timezone=timezone or settings.timezone,
            hidden=self.viewers.find_hidden,
        )

    def is_home(self, team: str) -> bool:
        """Whether it is the workspace whose token the environment holds, as far as is known."""
        try:
            return self._find_home() == team
        except SlackError:
            return False

    def hand(
        self,
        what: str,
        asker: Asker,
        act: Act,
        *,
        ack: Act,
        refuse: Act | None = None,
        slot: Hashable = None,
    ) -> None:
        """Acknowledge, then do it on a thread of ours; where there is no room say so instead.

        `refuse` acknowledges with that sentence, where what was done can be answered so.
        """
        if self.jobs.admit():
            ack()
            self.jobs.start(asker.person, what, partial(self.do, what, asker, act), slot=slot)
        elif refuse is not None:
            refuse()
        else:
            ack()
            self._add_aside(asker.person, what, partial(self.tell, asker, BUSY))

    def do(self, what: str, asker: Asker, act: Act) -> None:
        """Do what was asked for, once however often Slack tells it; say what went wrong."""
        try:
            self.check_stranger(asker)
            act()
        except Exception as error:  # noqa: BLE001 - whatever it is, its person is told
            self.answer(asker, self.explain(what, error))

    def is_new(self, asker: Asker) -> bool:
        """Whether Slack tells of something for the first time; a trigger is one deed's alone."""
        if not asker.trigger:
            return True
        name = f"slack {asker.person.team} {asker.trigger}"
        return self.app.store.see_event(name, self.now())

    def check_stranger(self, asker: Asker) -> None:
        """Let those in who belong to the workspace; raise RefusedError."""
        if not asker.is_stranger:
            return
        if asker.enterprise and self.viewers.is_colleague(asker.person):
            return
        raise RefusedError(STRANGER)

    def explain(self, what: str, error: Exception) -> Payload:
        """Say in a sentence what went wrong; what only the operator understands is logged."""
        if isinstance(error, UserError):
            return build_error(error)
        if isinstance(error, SlackError) and error.trouble is Trouble.PLACE:
            said = _OUTSIDE
        elif isinstance(error, StoreError | SlackError):
            self.log.warning("not answered", where="slack", what=what, problem=str(error))
            said = _UNREACHABLE if isinstance(error, StoreError) else _SILENT
        elif isinstance(error, BotError):
            self.log.error("not answered", where="slack", what=what, problem=str(error))
            said = _BROKEN
        else:
            self.log.error("not answered", where="slack", what=what, exc_info=error)
            said = _BROKEN
        return build_error(BotError(said))

    def tell(self, asker: Asker, sentence: str) -> None:
        """Say a sentence to one person."""
        self.answer(asker, build_error(BotError(sentence)))

    def answer(self, asker: Asker, payload: Payload) -> None:
        """Answer where Slack wants it: below the command or button, or in a modal of its own."""
        if asker.url:
            problem = post_reply(asker.url, payload, self.app.settings.slack.api_url)
            if problem:
                self.log.warning("not answered", where="slack", problem=problem)
            return
        if not asker.trigger:
            return
        view = build_modal(TITLE, payload["blocks"])
        try:
            self.views.open(asker, view, inside=asker.surface == "modal")
        except SlackError as error:
            self.log.warning("not answered", where="slack", problem=str(error))

    def announce(self, place: SlackPlace, payload: Payload) -> None:
        """Say something to a whole conversation soon; where that cannot be it is left unsaid."""
        self._add_aside(place, "announcement", partial(self._post, place, payload))

    def find_conversation(self, asker: Asker) -> str:
        """Find the conversation to which something is delivered that was asked for here.

        In a direct message, whoever the other one is, and where there is no conversation, it is
        the one between the person and the app.
        """
        if asker.channel and not asker.channel.startswith("D"):
            return asker.channel
        told = self.clients.call(asker.person.team, "conversations.open", users=asker.person.user)
        return get_text(told, "channel", "id")

    def _find_home(self) -> str:
        """Find the workspace of the environment's token; "" where there is none that works."""
        if not self.app.settings.slack.bot_token:
            return ""
        try:
            return self.clients.resolve(HOME)
        except SlackError as error:
            # That one workspace has shut the app out is no other one's trouble.
            if error.trouble in (Trouble.WORKSPACE, Trouble.EXPIRED):
                return ""
            raise

    def _add_aside(self, line: Hashable, what: str, work: Callable[[], None]) -> None:
        if self.asides.admit():
            self.asides.start(line, what, work)
        else:
            self.log.warning("not said", where="slack", what=what)

    def _post(self, place: SlackPlace, payload: Payload) -> None:
        try:
            team = self.clients.resolve(place.team)
            self.clients.rates.await_post(team, place.channel)
            self.clients.ask(
                team,
                "chat.postMessage",
                channel=place.channel,
                text=payload["text"],
                blocks=payload["blocks"],
                unfurl_links=False,
                unfurl_media=False,
            )
        except (SlackError, StoreError) as error:
            self.log.info("not announced", where=str(place), problem=str(error))

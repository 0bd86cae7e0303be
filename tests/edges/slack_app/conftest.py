"""A lab's bot in front of a Slack that is none: real Bolt, real slack_sdk, both transports."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from slack_sdk.oauth.installation_store import Installation

from bot.app import App
from bot.config.settings import Settings
from bot.config.slack import SlackSettings, Transport
from bot.core.desk import write_ref
from bot.core.keyword_sets import KeywordSet
from bot.core.subscriptions import Subscription
from bot.edges.slack_app.serving import serve_slack
from bot.edges.web.serving import open_port, serve_web
from tests.adapters.store.made_up import announce, make_paper, save
from tests.fakes.logs import RecordingLog
from tests.fakes.slack_api import UNLIMITED, Channel, SlackApi, Team, View
from tests.fakes.slack_api.acting import Person
from tests.fakes.slack_api.interactions import Interaction

CLOUDS = KeywordSet("Clouds", keywords=(("cloud",), ("fog", "sea")))
PAPERS = (
    make_paper(1, title="Clouds over the sea", abstract="We count clouds. They are white."),
    make_paper(2, title="A cat on a cloud", abstract="A cat sits there."),
    make_paper(3, title="Robots that climb", abstract="Robots climb trees, with cats."),
)
STOP_SECONDS = 15.0
# Nobody's: 32 bytes, as Fernet wants them.
KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="


@dataclass
class Lab:
    """One running bot with its workspace; `elsewhere` is another one that has nothing to see."""

    slack: SlackApi
    app: App
    log: RecordingLog
    team: Team
    elsewhere: Team
    papers: Channel
    secret: Channel
    threads: list[threading.Thread] = field(default_factory=list)

    @property
    def ada(self) -> Person:
        """Give a member of #papers who administers nothing."""
        return self.team.user("U0ADA")

    @property
    def ben(self) -> Person:
        """Give somebody who is in no channel."""
        return self.team.user("U0BEN")

    @property
    def chief(self) -> Person:
        """Give an admin of the workspace."""
        return self.team.user("U0CHIEF")

    @property
    def eve(self) -> Person:
        """Give an admin of the other workspace."""
        return self.elsewhere.user("U0EVE")

    def subscriptions(self) -> tuple[Subscription, ...]:
        return self.app.store.load_subscriptions()

    def subscribe(
        self, what: str = "Clouds", person: Person | None = None, where: Channel | str = ""
    ) -> Subscription:
        """Subscribe #papers as a person would; return the newest subscription."""
        done = (person or self.ada).command(f"/papers subscribe {what}", where or self.papers)
        done.wait_response(1)
        return self.subscriptions()[-1]

    def ref(self, name: str = "Clouds") -> str:
        owners = {each.name: write_ref(each) for each in (CLOUDS, *self.app.store.load_all_sets())}
        return owners[name]

    def wait(self, until: Callable[[], object]) -> None:
        self.slack.wait(until)

    def wait_filled(self, done: Interaction) -> View:
        """Wait until a modal shows more than that something loads."""
        view = done.wait_view()
        self.wait(lambda: not {"One moment …", "Saving …"} & set(view.texts))
        return view

    def said(self, person: Person, typed: str, where: Channel | str = "") -> str:
        """Type a command; return what is answered to the person alone."""
        answer = person.command(typed, where or self.papers).wait_response(1)
        assert answer["response_type"] == "ephemeral"
        return str(answer["text"])

    def count_faults(self) -> int:
        """Count what the log has louder than information."""
        return sum(level != "info" for level in self.log.levels)


@contextmanager
def run_lab(database_url: str, transport: Transport, *, shared: bool = False) -> Iterator[Lab]:
    """Run a bot over a transport until the block ends; `shared`: elsewhere it is installed, too."""
    with SlackApi(rates=UNLIMITED) as slack:
        team = slack.add_team("T0LAB", "Lab")
        elsewhere = slack.add_team("T0ELSE", "Elsewhere", installed=shared)
        for id_, name, admin in (
            ("U0ADA", "ada", False),
            ("U0BEN", "ben", False),
            ("U0CHIEF", "chief", True),
        ):
            team.add_user(id_, name, admin=admin)
        elsewhere.add_user("U0EVE", "eve", admin=True)
        elsewhere.add_channel("C0ELSE", "elsewhere", members={"U0EVE"})
        settings = Settings(
            "config.toml",
            base_url="https://papers.lab.example",
            timezone="Europe/Berlin",
            database_url=database_url,
            categories=("cs.CV", "cs.RO"),
            sets=(CLOUDS,),
            slack=SlackSettings(
                transport=transport,
                api_url=slack.url,
                bot_token=team.token,
                app_token=slack.app.app_token,
                signing_secret=slack.app.signing_secret,
                client_id=slack.app.client_id if shared else "",
                client_secret=slack.app.client_secret if shared else "",
                encryption_keys=(KEY,) if shared else (),
            ),
        )
        log = RecordingLog()
        with App(settings) as app:
            _ = app.store, app.slack, app.clock, app.templates
            save(app.store, announce(*PAPERS))
            if shared:
                install(app, elsewhere)
            papers = team.add_channel("C0PAPERS", "papers", members={"U0ADA"})
            secret = team.add_channel("G0SECRET", "secret", private=True, members={"U0CHIEF"})
            lab = Lab(slack, app, log, team, elsewhere, papers, secret)
            stop = threading.Event()
            thread = _start(lab, transport, stop)
            try:
                yield lab
            finally:
                stop.set()
                thread.join(STOP_SECONDS)
                assert not thread.is_alive()


def install(app: App, team: Team) -> None:
    """Keep an installation, as if somebody had come back from Slack's page of consent."""
    assert app.slack.installations is not None
    app.slack.installations.save(
        Installation(
            app_id="A0PAPERS",
            team_id=team.id,
            team_name=team.name,
            bot_token=team.token,
            bot_id=team.bot_id,
            bot_user_id=team.bot.id,
            bot_scopes=",".join(sorted(team.scopes)),
            user_id="U0EVE",
        )
    )


def _start(lab: Lab, transport: Transport, stop: threading.Event) -> threading.Thread:
    if transport is Transport.SOCKET:
        thread = threading.Thread(target=serve_slack, args=(lab.app, stop, lab.log))
        thread.start()
        lab.slack.wait_connected(1)
        return thread
    listener = open_port("127.0.0.1", 0)
    lab.slack.events_url = f"http://127.0.0.1:{listener.getsockname()[1]}/slack/events"
    serve = {"process": "host:7", "listener": listener}
    thread = threading.Thread(target=serve_web, args=(lab.app, stop, lab.log), kwargs=serve)
    thread.start()
    return thread


@pytest.fixture(params=list(Transport))
def lab(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Lab]:
    """Give a lab's bot on SQLite, over each transport; every payload passes the shared check."""
    with run_lab(f"sqlite:///{tmp_path / 'papers.db'}", request.param) as running:
        yield running
        assert running.slack.payload_faults == []


@pytest.fixture(params=list(Transport))
def two_labs(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Lab]:
    """Give one for two workspaces, of which neither may see anything of the other."""
    url = f"sqlite:///{tmp_path / 'papers.db'}"
    with run_lab(url, request.param, shared=True) as running:
        yield running
        assert running.slack.payload_faults == []


@pytest.fixture
def socket_lab(tmp_path: Path) -> Iterator[Lab]:
    """Give one over Socket Mode alone, for what no transport changes."""
    with run_lab(f"sqlite:///{tmp_path / 'papers.db'}", Transport.SOCKET) as running:
        yield running
        assert running.slack.payload_faults == []


@pytest.fixture
def http_lab(tmp_path: Path) -> Iterator[Lab]:
    """Give one over HTTP alone."""
    with run_lab(f"sqlite:///{tmp_path / 'papers.db'}", Transport.HTTP) as running:
        yield running
        assert running.slack.payload_faults == []


@pytest.fixture
def any_lab(database_url: str) -> Iterator[Lab]:
    """Give one over Socket Mode on either kind of database."""
    with run_lab(database_url, Transport.SOCKET) as running:
        yield running
        assert running.slack.payload_faults == []

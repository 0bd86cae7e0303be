"""The composition root: Settings -> a wired App; nothing else constructs an adapter."""

import json
import random
import secrets
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from difflib import get_close_matches
from functools import cache, cached_property
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import TYPE_CHECKING, Self

from bot.config import Settings
from bot.core.desk import write_ref
from bot.core.editions import DestinationKind, Edition
from bot.core.keyword_sets import KeywordSet, SetKey
from bot.core.slack_names import parse_owner
from bot.core.subscriptions import CONFIG
from bot.errors import UserError

if TYPE_CHECKING:
    import jinja2

    from bot.adapters.seals import Seals
    from bot.adapters.slack.opening import Slack
    from bot.adapters.smtp.opening import Mail
    from bot.adapters.smtp.sender import Links
    from bot.adapters.store import Store
    from bot.core.bounces import DomainPause
    from bot.core.records import Pruned
    from bot.flows.bouncing import Mailbox, Reading
    from bot.flows.catching_up import History
    from bot.flows.consenting import Consenting
    from bot.flows.deliver import Outcome, Terms
    from bot.flows.ingest import Source
    from bot.flows.passage import Clock, Sender
    from bot.flows.picking import Patience

# arXiv's terms: one request every three seconds, over all machines of one operator.
ARXIV_INTERVAL = 3.0
OPERATOR = "operator"
# Slack takes one message a second in a channel: https://docs.slack.dev/apis/web-api/rate-limits
CHANNEL_INTERVAL = timedelta(seconds=1)
# What `digest --format slack` writes where a real message names its channel.
PREVIEW_CHANNEL = "#preview"

Render = Callable[[Edition], str]


class App:
    """What a command needs, made when it is first asked for: start-up stays light."""

    def __init__(
        self, settings: Settings, report: Callable[[str], None] = lambda _message: None
    ) -> None:
        """`report` hears sentences for people while work goes on."""
        self.settings = settings
        self.report = report
        # Held by whoever computes for long and by whoever writes a little: the interpreter lets no
        # two threads compute, and a writer that waits for it keeps other processes waiting.
        self._floor = Lock()
        self._closers: list[Callable[[], None]] = []

    def __enter__(self) -> Self:
        """Use the app in a `with` statement, so that what it opened is closed."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close whatever was opened, last first."""
        while self._closers:
            self._closers.pop()()

    @cached_property
    def store(self) -> "Store":
        """The database, created or brought up to date; raises StoreError where that fails."""
        from bot.adapters.store import open_store

        store = open_store(self.settings.database_url, floor=self._floor)
        self._closers.append(store.close)
        if not store.is_sqlite:
            from bot.adapters.queue import attach

            attach(store)
        return store

    def source(self, place: str = "", patience: float = 120.0) -> "Source":
        """Where announcements come from: a folder, a web address, or, for "", the configured one.

        It is asked again for `patience` seconds after a failure. Raise UserError for a folder that
        is not there.
        """
        if not place.startswith(("http://", "https://")) and place:
            from bot.adapters.arxiv.folder import FolderSource

            folder = Path(place)
            if not folder.is_dir():
                msg = f"--source {place}: there is no such folder; name a folder or an https:// URL"
                raise UserError(msg)
            return FolderSource(folder)
        from importlib.metadata import version

        from bot.adapters.arxiv.alone import AloneSource
        from bot.adapters.arxiv.counting import count_answers
        from bot.adapters.arxiv.source import HttpSource, build_client, build_user_agent
        from bot.adapters.store import SharedThrottle

        client = build_client()
        client.event_hooks = count_answers(self._count_answer)
        self._closers.append(client.close)
        source = HttpSource(
            client,
            place or self.settings.arxiv_url,
            user_agent=build_user_agent(
                version("papers-bot"), self.settings.base_url, self.settings.contact
            ),
            throttle=SharedThrottle(self.store, "arxiv", ARXIV_INTERVAL),
            report=self.report,
            patience=patience,
        )
        return AloneSource(source, self.store.hold_turn)

    def history(self) -> "History":
        """Where the announcements of past days come from: arXiv, or what stands in for it."""
        from importlib.metadata import version

        from bot.adapters.arxiv.asking import Asker
        from bot.adapters.arxiv.counting import count_answers
        from bot.adapters.arxiv.history import HistorySource, Places
        from bot.adapters.arxiv.source import build_client, build_user_agent
        from bot.adapters.store import SharedThrottle

        client = build_client()
        client.event_hooks = count_answers(self._count_answer)
        self._closers.append(client.close)
        asker = Asker(
            client,
            user_agent=build_user_agent(
                version("papers-bot"), self.settings.base_url, self.settings.contact
            ),
            throttle=SharedThrottle(self.store, "arxiv", ARXIV_INTERVAL),
            report=self.report,
        )
        places = Places.beside(self.settings.arxiv_url)
        return HistorySource(asker, places, turn=self.store.hold_turn, report=self.report)

    def _count_answer(self, status: str) -> None:
        self.store.add_count("arxiv_requests", status)

    def sets(
        self, names: Sequence[str] = (), *, paused: bool = False, own: bool = False
    ) -> tuple[KeywordSet, ...]:
        """Return the keyword sets of the configuration and of the database, or those named.

        Sets of workspaces are among them; of several with one name, the configuration's and the
        operator's come first, and `slack:T0123/NAME` names a workspace's. Paused sets are left out
        unless `paused` or named, and workspaces' where only the operator's `own` are wanted.
        Raise UserError for a name that no set has, and where there are no sets at all.
        """
        every = (*self.settings.sets, *self.store.load_all_sets())
        if not every:
            msg = (
                f"there are no keyword sets: add a [[sets]] to {self.settings.path}, "
                "or `papers sets add NAME --keyword WORD`"
            )
            raise UserError(msg)
        if not names:
            return tuple(
                each
                for each in every
                if (paused or not each.paused) and not (own and parse_owner(each.owner))
            )
        by_name: dict[str, KeywordSet] = {}
        # They come by owner, and "operator" stands before "slack:...".
        for each in every:
            by_name.setdefault(each.name.casefold(), each)
        by_name |= {write_ref(each).casefold(): each for each in every}
        return tuple(find_set(by_name, name) for name in names)

    @property
    def categories(self) -> tuple[str, ...]:
        """Every followed category; raise UserError where there is none."""
        wanted = dict.fromkeys(self.settings.categories)
        for each in (*self.settings.sets, *self.store.load_all_sets()):
            wanted.update(dict.fromkeys(each.categories))
        if not wanted:
            msg = (
                f'no categories are followed: add [arxiv] categories = ["cs.CL"] to '
                f"{self.settings.path}"
            )
            raise UserError(msg)
        return tuple(wanted)

    @cached_property
    def templates(self) -> "jinja2.Environment":
        """The templates that travel with the program."""
        import jinja2

        from bot.render.templates import build_environment

        return build_environment(jinja2.FileSystemLoader(find_resource("templates")))

    def renderer(self, form: str) -> Render:
        """Return the function that writes an edition in one of FORMATS as text."""
        if form == "markdown":
            from bot.render import markdown

            return markdown.render_edition
        if form == "json":
            from bot.render import data

            return data.render_edition
        if form == "slack":
            from bot.render.slack.digest import build_messages

            return lambda edition: "".join(
                json.dumps({"kind": "message", "payload": message}, ensure_ascii=False) + "\n"
                for message in build_messages(
                    edition,
                    channel=PREVIEW_CHANNEL,
                    page=self.find_page((CONFIG, edition.set.name), edition),
                )
            )
        if form == "html":
            from bot.render import html

            return lambda edition: html.render_edition(edition, self.templates)
        from bot.render import text

        return lambda edition: text.render_edition(edition, self.templates)

    def find_page(self, key: SetKey, edition: Edition) -> str:
        """Return where a digest of a set is read by whoever gets it; "": nowhere.

        A set that is not public is read by a link that only we could have written. What joins
        several days has no page of its own: a public set's lists them all.
        """
        from bot.flows.reading import is_whole, write_link
        from bot.render.paths import Paths

        settings = self.settings
        paths = Paths(settings.base_url)
        owner, name = key
        is_public = owner == CONFIG and name in settings.public
        if not settings.base_url or not (is_public or settings.secret_key):
            return ""
        whole = is_whole(self.store, key, edition)
        if is_public:
            return paths.edition(name, edition.day) if whole else paths.set_page(name)
        return paths.read(write_link(self.seals, key, edition.day)) if whole else ""

    @cached_property
    def seals(self) -> "Seals":
        """What signs links, forms and cookies; raises UserError where there is no key."""
        from bot.adapters.seals import Seals

        if not self.settings.secret_key:
            msg = "set PAPERS_SECRET_KEY in the environment: `openssl rand -hex 32` makes one"
            raise UserError(msg)
        return Seals(self.settings.secret_key)

    @cached_property
    def clock(self) -> "Clock":
        """The machine's clocks."""
        from bot.adapters.timing import SystemClock

        return SystemClock()

    @cached_property
    def terms(self) -> "Terms":
        """How deliveries are made: what the configuration says, and what destinations bear."""
        from bot.core.retrying import Pace
        from bot.flows.deliver import Terms

        return Terms(
            in_doubt=self.settings.in_doubt,
            paces={
                DestinationKind.CHANNEL: Pace(interval=CHANNEL_INTERVAL, alone=True),
                DestinationKind.EMAIL: Pace(at_once=self.settings.mail_connections),
            },
            chance=random.random,
        )

    def deliver_one(self, delivery_id: int, seen: int | None = None) -> "Outcome":
        """Bring one delivery of the ledger to its destination, if it is this process's turn.

        What was begun since the attempt in which it was `seen` is left alone.

        Whose digests are paused with it hears that in Slack, if it was a person there.
        """
        from bot.flows.deliver import deliver

        outcome = deliver(delivery_id, self.store, self.senders, self.clock, self.terms, seen=seen)
        if self.settings.slack.can_post:
            from bot.flows.telling import tell_of_pause
            from bot.render.slack.subscriptions import build_paused_notice

            command = self.settings.slack.command
            tell_of_pause(
                delivery_id,
                outcome,
                self.store,
                lambda person, paused: self.slack.messenger.tell(
                    person, build_paused_notice(paused, command=command)
                ),
            )
        return outcome

    @cached_property
    def slack(self) -> "Slack":
        """Whatever asks Slack; nothing is asked yet."""
        from bot.adapters.slack.opening import open_slack

        return open_slack(self.settings, self.store, self.find_page)

    @cached_property
    def _patience(self) -> "Patience":
        from bot.flows.picking import Patience

        return Patience(self.clock, self.terms.margin)

    def sweep(self) -> int:
        """Give what is due and in no queue a job; return how many. Without a queue there are none.

        Raise StoreError where the database fails.
        """
        if self.store.is_sqlite:
            return 0
        from bot.adapters.queue import sweep

        return sweep(self.store, self.clock.now(), self._patience)

    def prune(self) -> "Pruned":
        """Throw away what is older than the configuration wants to keep it."""
        from bot.flows.pruning import prune
        from bot.flows.reader_links import LINK_LIVES

        self.store.forget_unconfirmed(self.clock.now() - LINK_LIVES)
        return prune(
            self.store,
            papers_days=self.settings.papers_days,
            history_days=self.settings.history_days,
            now=self.clock.now(),
        )

    def sync_subscriptions(self, now: datetime) -> None:
        """Make the database's subscriptions those of the configuration, beside all others."""
        from bot.core.subscriptions import Subscription

        wanted = [
            Subscription(CONFIG, name, post.destination, post.schedule, origin=CONFIG)
            for name, posts in self.settings.posts.items()
            for post in posts
        ]
        self.store.sync_subscriptions(CONFIG, wanted, now)

    @cached_property
    def mail(self) -> "Mail":
        """Whatever sends mail, connecting when it does; raise UserError where there is no relay."""
        from bot.adapters.smtp.opening import open_mail
        from bot.adapters.smtp.shared_domains import StoreDomains
        from bot.flows.bouncing import note_refusal
        from bot.flows.reading import count_weeks_to

        if not self.settings.mail.can_send:
            msg = f"there is no [mail] in {self.settings.path}: name a relay and who writes"
            raise UserError(msg)
        mail = open_mail(
            self.settings,
            self.templates,
            self.clock.now,
            self.store,
            find_page=self.find_page,
            count_weeks=lambda key, day: count_weeks_to(self.store, key, day),
            link_readers=self._link_readers if self._links_readers else None,
            domains=StoreDomains(self.store, self.settings.mail.per_minute),
            floor=self._floor,
            hear=lambda key, error: note_refusal(self.store, key, error, self.clock.now()),
        )
        self._closers.append(mail.mailer.close)
        return mail

    @property
    def _links_readers(self) -> bool:
        return bool(self.settings.base_url and self.settings.secret_key)

    def _link_readers(self, others: "Links") -> "Links":
        """Give readers who subscribed themselves links of their own."""
        from bot.adapters.smtp.subscriber_links import SubscriberLinks
        from bot.flows.reader_links import write_leaving, write_preferences

        return SubscriberLinks(
            self.store,
            others,
            self.settings.base_url,
            preferences=lambda subscriber: write_preferences(self.seals, subscriber),
            leaving=lambda subscriber, number: write_leaving(self.seals, subscriber, number),
        )

    def consent(
        self, later: Callable[[Callable[[], None]], None], report: Callable[[str], None]
    ) -> "Consenting | None":
        """Wire how people subscribe by mail; None where no mail could have a link for that.

        Where no set is public any more nobody asks, and those who subscribed can leave still.
        `later` runs work for which nobody waits, `report` hears what failed in it.
        """
        from bot.adapters.smtp.reader_notices import ReaderNotices
        from bot.core.addresses import key_of
        from bot.flows.choosing import Offer
        from bot.flows.consenting import Consenting, Means
        from bot.flows.publish import find_readable
        from bot.render.wording import say_query

        settings = self.settings
        if not (settings.mail.can_send and self._links_readers):
            return None
        public = [each for each in settings.sets if each.name in settings.public]
        posts = [post.destination for each in settings.posts.values() for post in each]
        notices = ReaderNotices(self.mail.notices, settings.base_url, self.clock.now)
        return Consenting(
            self.store,
            self.seals,
            Offer(
                cache(lambda: find_readable(public, report)),
                say_query,
                settings.timezone,
                frozenset(
                    key_of(each.address) for each in posts if each.kind is DestinationKind.EMAIL
                ),
                settings.contact,
            ),
            self.clock,
            Means(notices, lambda: secrets.token_urlsafe(12), later, report),
        )

    @property
    def bounce_mailbox(self) -> "Mailbox":
        """Where what came back arrives; raise UserError where none is configured."""
        from bot.adapters.bounces.opening import open_mailbox

        place = self.settings.mail.bounce_source
        if place is None:
            where = self.settings.path
            msg = f"there is no mailbox of bounces: add [mail] bounce_source to {where}"
            raise UserError(msg)
        return open_mailbox(place)

    def read_bounces(self) -> "Reading":
        """Read the mailbox of what came back; raise MailboxError where it cannot be read."""
        from bot.adapters.bounces.reading import read_report
        from bot.flows.bouncing import read_bounces

        secret = self.settings.secret_key
        return read_bounces(
            self.bounce_mailbox,
            lambda data: read_report(data, secret),
            self.store,
            self.clock.now(),
        )

    def tell_of_blocks(self) -> "tuple[DomainPause, ...]":
        """Write to the operator of domains that refuse us, each once a day; return those."""
        from bot.flows.bouncing import tell_of_blocks

        return tell_of_blocks(self.store, self._write_of_block, self.clock.now())

    def _write_of_block(self, pause: "DomainPause") -> None:
        from bot.adapters.smtp.opening import write_of_block

        if self.settings.contact and self.settings.mail.can_send:
            write_of_block(self.mail, self.settings, pause, self.clock.now())

    @cached_property
    def senders(self) -> "dict[DestinationKind, Sender]":
        """One sender a kind of destination that this version can deliver to."""
        from bot.adapters.folder import FolderPages, FolderSender
        from bot.render import html, markdown

        pages = FolderPages(
            edition={".md": self.renderer("markdown"), ".html": self.renderer("html")},
            day={
                "README.md": markdown.render_day,
                "index.html": lambda listing: html.render_day(listing, self.templates),
            },
            index=lambda entries: html.render_index(entries, self.templates),
        )
        senders: dict[DestinationKind, Sender] = {
            DestinationKind.FOLDER: FolderSender(
                pages, lambda day: self.store.load_day(day, self.categories).listing
            )
        }
        if self.settings.slack.can_post:
            senders[DestinationKind.CHANNEL] = self.slack.sender
        if self.settings.mail.can_send:
            senders[DestinationKind.EMAIL] = self.mail.digests
        return senders


FORMATS = ("terminal", "markdown", "html", "text", "slack", "json")
SUFFIXES = {
    "markdown": ".md",
    "html": ".html",
    "text": ".txt",
    "slack": ".slack.jsonl",
    "json": ".json",
}


def find_set(by_name: dict[str, KeywordSet], name: str) -> KeywordSet:
    """Find a set by name, whatever its case; raise UserError with the nearest name there is."""
    found = by_name.get(name.casefold())
    if found is not None:
        return found
    known = list(dict.fromkeys(each.name for each in by_name.values()))
    close = get_close_matches(name, known, n=1)
    hint = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(known)}"
    msg = f"no set is named {name!r}: {hint}"
    raise UserError(msg)


def find_resource(name: str) -> Path:
    """Find a file or folder that travels with the program: in the package, or beside it."""
    package = Path(__file__).parent
    inside = package / name
    return inside if inside.exists() else package.parent / name

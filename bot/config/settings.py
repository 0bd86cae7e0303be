"""What the configuration says, frozen; knows nothing of files or formats."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.config.mail import MailSettings
from bot.config.slack import SlackSettings
from bot.core.doubts import InDoubt
from bot.core.editions import Destination
from bot.core.keyword_sets import KeywordSet
from bot.core.schedule import Schedule

ARXIV_URL = "https://rss.arxiv.org"
DATABASE_URL = "sqlite:///papers.db"


@dataclass(frozen=True, slots=True)
class Post:
    """Where a set's editions go, and when; its time zone is `bot.timezone` unless it names one."""

    destination: Destination
    schedule: Schedule = field(default_factory=Schedule)


@dataclass(frozen=True, slots=True)
class Settings:
    """All that the configuration says; `posts` is keyed by set name.

    `workers` counts jobs done at once, `mail_connections` those to the mail relay at once, over
    all workers. Papers and the history of deliveries are kept for `papers_days` and
    `history_days`; 0: for ever. `web_operators` are the addresses that may sign in on the web,
    `web_proxy` is the reverse proxy that is believed when it says who asks, and `public` names the
    sets whose editions everybody may read. `secret_key` signs links ("": there are none).
    """

    path: str
    contact: str = ""
    base_url: str = ""
    timezone: str = "UTC"
    database_url: str = DATABASE_URL
    arxiv_url: str = ARXIV_URL
    categories: tuple[str, ...] = ()
    sets: tuple[KeywordSet, ...] = ()
    posts: Mapping[str, tuple[Post, ...]] = field(default_factory=dict)
    in_doubt: InDoubt = InDoubt.RESEND
    workers: int = 4
    mail_connections: int = 4
    papers_days: int = 0
    history_days: int = 0
    web_host: str = "127.0.0.1"
    web_port: int = 8080
    web_operators: tuple[str, ...] = ()
    web_proxy: str = ""
    public: frozenset[str] = frozenset()
    mail: MailSettings = field(default_factory=MailSettings)
    secret_key: str = field(default="", repr=False)
    slack: SlackSettings = field(default_factory=SlackSettings)

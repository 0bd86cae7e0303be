"""Settings -> what sends mail, wired; connects to nothing yet."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from bot.adapters.smtp.domains import Domains, OwnDomains
from bot.adapters.smtp.mailer import Mailbox, Mailer
from bot.adapters.smtp.pool import Pool
from bot.adapters.smtp.sender import Links, MailSender, NoticeSender, OperatorLinks
from bot.config import Settings
from bot.core.editions import Edition
from bot.core.keyword_sets import SetKey
from bot.core.schedule import Rhythm
from bot.core.subscriptions import Subscription
from bot.core.weeks import Week
from bot.flows.reading import ArchiveStore, count_weeks_to
from bot.render.email import Composer, Letterhead, NoticeWriter

if TYPE_CHECKING:
    import jinja2


FindPage = Callable[[SetKey, Edition], str]


class Memory(ArchiveStore, Protocol):
    """What is kept of subscriptions and of what was sent before."""

    def subscription_of(self, delivery_key: str) -> Subscription | None:
        """Load the subscription for which a delivery was planned, removed or not."""
        ...


@dataclass(frozen=True, slots=True)
class Mail:
    """Whatever sends mail: digests through the ledger, notices outside it, both by one mailer."""

    mailer: Mailer
    digests: MailSender
    notices: NoticeSender


def open_mail(
    settings: Settings,
    templates: "jinja2.Environment",
    now: Callable[[], datetime],
    memory: Memory,
    find_page: FindPage,
    *,
    links: Links | None = None,
    domains: Domains | None = None,
) -> Mail:
    """Wire what sends mail; `settings.mail.can_send` is true.

    `find_page` says where a digest of a set is read. Without `links` readers are referred to the
    operator; without `domains` each process knows only what itself was told.
    """

    def find_page_of(edition: Edition, key: str) -> str:
        subscription = memory.subscription_of(key)
        return find_page(_key_of(subscription), edition) if subscription is not None else ""

    def count_weeks_of(edition: Edition, key: str) -> tuple[Week, ...]:
        subscription = memory.subscription_of(key)
        if subscription is None or subscription.schedule.rhythm is not Rhythm.WEEKLY:
            return ()
        return count_weeks_to(memory, _key_of(subscription), edition.day)

    mail = settings.mail
    letterhead = build_letterhead(settings)
    mailer = Mailer(
        Pool(mail.relay, letterhead.domain),
        domains or OwnDomains(mail.per_minute),
        Mailbox(mail.bounces or mail.from_address, settings.secret_key if mail.bounces else ""),
    )
    return Mail(
        mailer=mailer,
        digests=MailSender(
            Composer(templates, letterhead),
            mailer,
            links or OperatorLinks(settings.contact, settings.base_url, find_page_of),
            now,
            count_weeks_of,
        ),
        notices=NoticeSender(NoticeWriter(templates, letterhead), mailer),
    )


def build_letterhead(settings: Settings) -> Letterhead:
    """Take from the settings what every mail says of who sends it."""
    mail = settings.mail
    return Letterhead(
        from_address=mail.from_address,
        from_name=mail.from_name,
        notice_address=mail.notice_address,
        base_url=settings.base_url,
        contact=settings.contact,
        postal=mail.postal,
    )


def _key_of(subscription: Subscription) -> SetKey:
    return subscription.set_owner, subscription.set_name

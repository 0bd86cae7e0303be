"""Settings -> what sends mail, wired; connects to nothing yet."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING, Final, Protocol
from zoneinfo import ZoneInfo

from bot.adapters.smtp.domains import Domains
from bot.adapters.smtp.mailer import HearRefusal, Mailbox, Mailer, hear_nothing
from bot.adapters.smtp.pool import Pool
from bot.adapters.smtp.sender import Links, MailSender, NoticeSender, OperatorLinks
from bot.config import Settings
from bot.core.bounces import DomainPause
from bot.core.editions import Edition
from bot.core.keyword_sets import SetKey
from bot.core.schedule import Rhythm
from bot.core.subscriptions import Subscription
from bot.core.weeks import Week
from bot.render.email import Blocked, Composer, Letterhead, NoticeWriter

if TYPE_CHECKING:
    import jinja2


_MOST_AT_ONCE: Final = 256

FindPage = Callable[[SetKey, Edition], str]
CountWeeks = Callable[[SetKey, date], tuple[Week, ...]]


class Memory(Protocol):
    """What is kept of subscriptions."""

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
    *,
    find_page: FindPage,
    count_weeks: CountWeeks,
    domains: Domains,
    floor: AbstractContextManager[object] | None = None,
    link_readers: Callable[[Links], Links] | None = None,
    hear: HearRefusal = hear_nothing,
) -> Mail:
    """Wire what sends mail; `settings.mail.can_send` is true.

    `find_page` says where a digest of a set is read, `count_weeks` how many papers a set had in
    the weeks up to a day. Readers are referred to the operator, unless `link_readers` makes other
    links of those. `domains` says who must wait, `floor` is a lock that composing holds, `hear` is
    told of every refusal.
    """
    # A mail's page and its chart are both looked for by the delivery's subscription.
    find_subscription = lru_cache(_MOST_AT_ONCE)(memory.subscription_of)

    def find_page_of(edition: Edition, key: str) -> str:
        subscription = find_subscription(key)
        return find_page(subscription.set_key, edition) if subscription is not None else ""

    def count_weeks_of(edition: Edition, key: str) -> tuple[Week, ...]:
        subscription = find_subscription(key)
        if subscription is None or subscription.schedule.rhythm is not Rhythm.WEEKLY:
            return ()
        return count_weeks(subscription.set_key, edition.day)

    mail = settings.mail
    links: Links = OperatorLinks(settings.contact, settings.base_url, find_page_of)
    letterhead = build_letterhead(settings)
    mailer = Mailer(
        Pool(mail.relay, letterhead.domain),
        domains,
        Mailbox(mail.bounces or mail.from_address, settings.secret_key if mail.bounces else ""),
        hear,
    )
    return Mail(
        mailer=mailer,
        digests=MailSender(
            Composer(templates, letterhead, floor),
            mailer,
            link_readers(links) if link_readers is not None else links,
            now,
            count_weeks_of,
        ),
        notices=NoticeSender(NoticeWriter(templates, letterhead), mailer),
    )


def write_of_block(mail: Mail, settings: Settings, pause: DomainPause, now: datetime) -> None:
    """Tell the operator of a domain that refuses us; raise DeliveryError where that fails."""
    until = pause.until.astimezone(ZoneInfo(settings.timezone))
    url = f"{settings.base_url}/operator" if settings.base_url else ""
    notice = Blocked(
        pause.domain, pause.reason, f"{until:%Y-%m-%d %H:%M} ({settings.timezone})", url
    )
    name = sha256(f"{pause.domain} {pause.since.isoformat()}".encode()).hexdigest()[:32]
    mail.notices.send(notice, settings.contact, name, now)


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

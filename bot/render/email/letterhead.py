"""What a mail says beside its papers: who sends it, to whom and why; reads no configuration."""

from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import quote

from bot.core.editions import Edition
from bot.core.weeks import Week


@dataclass(frozen=True, slots=True)
class Letterhead:
    """Who sends: the same for every mail of an installation.

    Digests come from `from_address`, confirmations and sign-in links from `notice_address` (""
    means the same). `contact` is who answers questions, `postal` where the operator is found.
    """

    from_address: str
    from_name: str = "papers-bot"
    notice_address: str = ""
    base_url: str = ""
    contact: str = ""
    postal: str = ""

    @property
    def domain(self) -> str:
        """The domain that names messages and lists."""
        return self.from_address.rpartition("@")[2]

    @property
    def help(self) -> str:
        """Where people find help: the bot's pages, else the operator's mailbox."""
        return self.base_url or f"mailto:{quote(self.contact or self.from_address, safe='@')}"


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who gets a mail; what is "" is left out. URLs and the mailto address are plain ASCII.

    `why` is a sentence. `unsubscribe_mailto` is an address; any mail to it unsubscribes.
    """

    address: str
    why: str = ""
    unsubscribe_url: str = ""
    unsubscribe_mailto: str = ""
    preferences_url: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """One set's part of a mail.

    `url` is the edition's page ("": none that this reader may see), `list_id` the set's name among
    mailing lists ("": made from the set's name). `weeks` are the papers of each week before, oldest
    first, for a chart; empty: without one.
    """

    edition: Edition
    url: str = ""
    list_id: str = ""
    weeks: tuple[Week, ...] = ()

    @property
    def list_name(self) -> str:
        """The name that List-Id has before the domain: letters and digits."""
        name = self.edition.set.name
        return self.list_id or f"s{sha256(name.encode('utf-8', 'replace')).hexdigest()[:10]}"

"""What is missing before people can subscribe by mail, each with what to do; changes nothing."""

from bot.config.mail import SECRET_KEY
from bot.config.settings import Settings


def find_missing(settings: Settings) -> tuple[str, ...]:
    """Say what keeps people from subscribing to public sets by mail; empty: nothing does."""
    missing = []
    if not settings.public:
        missing.append("no set is public: add public = true to a [[sets]]")
    if not settings.mail.can_send:
        missing.append("nothing sends mail: add [mail] with a relay and from")
    if not settings.secret_key:
        missing.append(f"nothing signs links: `openssl rand -hex 32` makes a {SECRET_KEY}")
    if not settings.base_url:
        missing.append("links lead nowhere: add [bot] base_url")
    return tuple(missing)

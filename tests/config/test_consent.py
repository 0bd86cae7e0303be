from dataclasses import replace

from bot.config.consent import find_missing
from bot.config.mail import MailSettings, Relay
from bot.config.settings import Settings

READY = Settings(
    "config.toml",
    base_url="https://p.example",
    secret_key="k" * 32,
    public=frozenset({"Clouds"}),
    mail=MailSettings(Relay("mail.example"), "digest@lab.example"),
)


def test_what_is_missing_is_said_with_what_to_do() -> None:
    assert find_missing(READY) == ()
    assert find_missing(replace(READY, base_url="")) == ("links lead nowhere: add [bot] base_url",)
    assert find_missing(Settings("config.toml")) == (
        "no set is public: add public = true to a [[sets]]",
        "nothing sends mail: add [mail] with a relay and from",
        "nothing signs links: `openssl rand -hex 32` makes a PAPERS_SECRET_KEY",
        "links lead nowhere: add [bot] base_url",
    )

"""Mail's part of the configuration: a relay as people write one, and secrets that never show."""

import re
from pathlib import Path

import pytest

from bot.config import Settings, parse_settings
from bot.config.bounce_source import ImapPlace, MaildirPlace
from bot.config.mail import MailSettings, Relay, Security, find_problems
from bot.core.verp import LONGEST_MAILBOX
from bot.errors import ConfigError

HIDDEN = "hunter2"
KEY = "0123456789abcdef" * 4
GOOD = '[mail]\nrelay = "smtp://localhost"\nfrom = "digest@lab.example"\n'


def parse(text: str = "", **environment: str) -> Settings:
    return parse_settings(text, "config.toml", environment)


def find_faults(text: str = "", **environment: str) -> list[tuple[str, int, str]]:
    with pytest.raises(ConfigError) as refused:
        parse(text, **environment)
    assert "hunter2" not in str(refused.value)
    return [(fault.key, fault.line, fault.message) for fault in refused.value.faults]


FULL = """\
[mail]
relay = "smtps://mail.lab.example:4650"
user = "papers"
from = "digest@lab.example"
from_name = "Lab papers"
notices = "papers@lab.example"
postal = "Example Lab, 1 Example Road, 12345 Town"
bounces = "bounces@lab.example"
bounce_source = "maildir:/var/mail/bounces/"
per_minute = 60
"""
BOUNCES = GOOD + 'bounces = "bounces@lab.example"\n'


def test_reads_every_key() -> None:
    settings = parse(FULL, SMTP_PASSWORD=HIDDEN, PAPERS_SECRET_KEY=KEY)
    assert settings.mail == MailSettings(
        relay=Relay("mail.lab.example", 4650, Security.TLS, "papers", "hunter2"),
        from_address="digest@lab.example",
        from_name="Lab papers",
        notice_address="papers@lab.example",
        postal="Example Lab, 1 Example Road, 12345 Town",
        bounces="bounces@lab.example",
        bounce_source=MaildirPlace("/var/mail/bounces"),
        per_minute=60,
    )
    assert settings.secret_key == KEY
    assert settings.mail.can_send
    for shown in (repr(settings), str(settings.mail.relay)):
        assert "hunter2" not in shown
        assert KEY not in shown


def test_without_the_table_nothing_is_sent() -> None:
    for text in ("", "[mail]\n"):
        settings = parse(text, SMTP_PASSWORD=HIDDEN)
        assert settings.mail == MailSettings()
        assert not settings.mail.can_send


def test_secrets_are_read_from_files_that_the_environment_names(tmp_path: Path) -> None:
    password, key = tmp_path / "password", tmp_path / "key"
    password.write_text("hunter2\n")
    key.write_text(f"{KEY}\n")
    settings = parse(FULL, SMTP_PASSWORD_FILE=str(password), PAPERS_SECRET_KEY_FILE=str(key))
    assert (settings.mail.relay.password, settings.secret_key) == ("hunter2", KEY)


@pytest.mark.parametrize(
    ("url", "user", "relay"),
    [
        ("smtp://localhost", "", Relay("localhost", 25, Security.NONE)),
        ("smtp://127.0.0.1", "", Relay("127.0.0.1", 25, Security.NONE)),
        ("smtp://[::1]:2525", "", Relay("::1", 2525, Security.NONE)),
        ("smtp://mail.localhost/", "", Relay("mail.localhost", 25, Security.NONE)),
        ("smtp://localhost", "papers", Relay("localhost", 25, Security.STARTTLS, "papers")),
        ("smtp://mail.lab.example", "", Relay("mail.lab.example", 587, Security.STARTTLS)),
        ("smtp://mail.lab.example:25", "", Relay("mail.lab.example", 25, Security.STARTTLS)),
        ("smtp://192.0.2.1", "", Relay("192.0.2.1", 587, Security.STARTTLS)),
        ("SMTPS://Mail.Lab.Example", "", Relay("mail.lab.example", 465, Security.TLS)),
        ("smtps://localhost", "", Relay("localhost", 465, Security.TLS)),
    ],
)
def test_nothing_leaves_this_machine_in_plain_text(url: str, user: str, relay: Relay) -> None:
    text = f'[mail]\nrelay = "{url}"\nuser = "{user}"\nfrom = "digest@lab.example"\n'
    assert parse(text).mail.relay == relay


@pytest.mark.parametrize(
    ("text", "key", "line", "message"),
    [
        ("mail = 1", "mail", 1, "write it as a table: [mail]"),
        (GOOD + "relais = 1", "mail.relais", 4, "unknown key: did you mean relay?"),
        ('[mail]\nfrom = "a@b.example"', "mail.relay", 1, "name the server that takes our mail: "),
        ('[mail]\nrelay = ""\nfrom = "a@b.example"', "mail.relay", 2, "name the server that takes"),
        ('[mail]\nrelay = 25\nfrom = "a@b.example"', "mail.relay", 2, "25 is not text: put it in"),
        ('[mail]\nrelay = "smtp://localhost"', "mail.from", 1, "say who writes: from = "),
        (GOOD.replace("digest@", "digest"), "mail.from", 3, "'digestlab.example' is not an e-mail"),
        (GOOD.replace("digest", "dïgest"), "mail.from", 3, "'dïgest@lab.example' is not an e-mail"),
        (GOOD + 'notices = "x"', "mail.notices", 4, "'x' is not an e-mail address of plain"),
        (GOOD + 'bounces = "a b@c.example"', "mail.bounces", 4, "'a b@c.example' is not an e-mail"),
        (
            GOOD + f'bounces = "{"b" * (LONGEST_MAILBOX + 1)}@c.example"',
            "mail.bounces",
            4,
            f"use at most {LONGEST_MAILBOX} characters before the @",
        ),
        *(
            (f'{BOUNCES}bounce_source = "{url}"', "mail.bounce_source", 5, message)
            for url, message in (
                ("maildir:mail/bounces", "name its whole path: write it like maildir:/var/mail/b"),
                ("maildir:", "name its whole path: "),
                ("/var/mail/bounces", "it is no mailbox: write it like maildir:/var/mail/bounces "),
                ("pop3://bounces@localhost", "it is no mailbox: "),
                ("imaps://", "it is no mailbox: "),
                ("imaps://bounces@localhost:0", "it is no mailbox: "),
                ("imaps://bounces@localhost:99999", "it is no mailbox: "),
                ("imaps://bounces@[::1", "it is no mailbox: "),
                ("imaps://bounces@localhost/INBOX?x=hunter2", "it is no mailbox: "),
                ("imaps://bounces@localhost/\\u0000", "it is no mailbox: "),
                ("imaps://localhost/INBOX", "it names no user: "),
                ("imaps://bounces:hunter2@localhost", "it holds a password: put it into the env"),
                ("imap://bounces@mail.lab.example", "a password would be read on the way: write"),
                ("imap://bounces@192.0.2.1", "a password would be read on the way: "),
            )
        ),
        (
            GOOD + 'bounce_source = "maildir:/var/mail/bounces"',
            "mail.bounce_source",
            4,
            "say to which address they come: bounces = ",
        ),
        (BOUNCES + "bounce_source = 1", "mail.bounce_source", 5, "1 is not text: put it in quotes"),
        (GOOD + 'postal = "a\\nb"', "mail.postal", 4, "write one line of at most 300 printable"),
        (GOOD + f'from_name = "{"x" * 301}"', "mail.from_name", 4, "write one line of at most 300"),
        (GOOD + "user = 1", "mail.user", 4, "1 is not text: put it in quotes"),
        (GOOD + "per_minute = -1", "mail.per_minute", 4, "-1 is out of range: write 1 to 6000, or"),
        *(
            (GOOD.replace("smtp://localhost", url), "mail.relay", 2, f"{url!r} is not a mail serv")
            for url in (
                "localhost", "mail.lab.example:587", "http://localhost", "smtp://", "smtp://a b",
                "smtp://localhost:0", "smtp://localhost:99999", "smtp://localhost:x",
                "smtp://localhost/path", "smtp://localhost?x=1", "smtp://[::1", "smtp://-a",
            )
        ),
        *(
            (GOOD.replace("localhost", f"{user}localhost"), "mail.relay", 2, "it names a user: ")
            for user in ("papers@", "papers:hunter2@", ":hunter2@", "@")
        ),
    ],
)  # fmt: skip
def test_tells_each_fault_with_its_key_and_line(
    text: str, key: str, line: int, message: str
) -> None:
    ((found, at, told),) = find_faults(text)
    assert (found, at) == (key, line)
    assert told.startswith(message)


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("maildir:/var/mail/a b/", MaildirPlace("/var/mail/a b")),
        ("maildir:/", MaildirPlace("/")),
        (
            "imaps://bo@mail.lab.example",
            ImapPlace("mail.lab.example", 993, tls=True, user="bo", folder="INBOX"),
        ),
        (
            "IMAPS://bo@lab.example@Mail.Lab.Example:4993/a/b%20c/",
            ImapPlace("mail.lab.example", 4993, tls=True, user="bo@lab.example", folder="a/b c"),
        ),
        (
            "imap://b%40c@localhost",
            ImapPlace("localhost", 143, tls=False, user="b@c", folder="INBOX"),
        ),
        ("imap://bo@[::1]:1143/x", ImapPlace("::1", 1143, tls=False, user="bo", folder="x")),
        ("imap://bo@127.0.0.1", ImapPlace("127.0.0.1", 143, tls=False, user="bo", folder="INBOX")),
    ],
)
def test_bounces_are_read_from_a_maildir_or_over_imap(
    url: str, place: MaildirPlace | ImapPlace
) -> None:
    assert parse(f'{BOUNCES}bounce_source = "{url}"\n').mail.bounce_source == place


def test_the_mailboxs_password_comes_from_the_environment_and_is_never_shown(
    tmp_path: Path,
) -> None:
    text = f'{BOUNCES}bounce_source = "imaps://bo@mail.lab.example"\n'
    file = tmp_path / "password"
    file.write_text("hunter2\n")
    for given in ({"IMAP_PASSWORD": HIDDEN}, {"IMAP_PASSWORD_FILE": str(file)}):
        settings = parse(text, **given)
        place = settings.mail.bounce_source
        assert isinstance(place, ImapPlace)
        assert place.password == HIDDEN
        assert str(place) == "INBOX of bo at mail.lab.example:993"
        assert "hunter2" not in repr(settings)
    assert str(MaildirPlace("/var/mail/bounces")) == "/var/mail/bounces"


def test_a_short_key_is_refused_and_not_shown() -> None:
    ((key, line, message),) = find_faults("", PAPERS_SECRET_KEY=HIDDEN)
    assert (key, line) == ("PAPERS_SECRET_KEY (environment)", 0)
    assert message.startswith("it is shorter than 32 characters")


def test_what_mails_lack_is_said_with_what_to_do() -> None:
    bare = parse(GOOD.replace("relay", 'user = "papers"\nrelay')).mail
    assert dict(find_problems(bare, base_url="", secret_key="")) == {
        "mail login": "there is a user, so put its password into SMTP_PASSWORD",
        "mail links": (
            "no mail has a link to unsubscribe: `openssl rand -hex 32` makes a PAPERS_SECRET_KEY"
        ),
        "mail bounces": (
            "they come back to digest@lab.example, where nobody counts them: add bounces"
        ),
        "mail postal address": "many countries want it in newsletters: add [mail] postal",
    }
    whole = parse(FULL, SMTP_PASSWORD=HIDDEN).mail
    assert find_problems(whole, base_url="", secret_key=KEY) == (
        ("mail links", "no mail has a link to unsubscribe: add [bot] base_url"),
    )
    url = "https://papers.lab.example"
    assert find_problems(whole, base_url=url, secret_key=KEY) == ()
    assert dict(find_problems(whole, base_url=url, secret_key=""))["mail bounces"] == (
        "without a PAPERS_SECRET_KEY nobody can tell which mail they are about"
    )


def test_what_reading_bounces_lacks_is_said_with_what_to_do() -> None:
    unread = dict(find_problems(parse(BOUNCES).mail, base_url="", secret_key=KEY))
    assert unread["mail bounces"] == (
        "nobody reads what comes back to bounces@lab.example: add [mail] bounce_source"
    )
    text = f'{BOUNCES}bounce_source = "imaps://bo@mail.lab.example"\n'
    locked = dict(find_problems(parse(text).mail, base_url="", secret_key=KEY))
    assert "mail bounces" not in locked
    assert locked["mail bounces login"] == (
        "put the password of INBOX of bo at mail.lab.example:993 into IMAP_PASSWORD"
    )
    opened = parse(text, IMAP_PASSWORD=HIDDEN).mail
    assert "mail bounces login" not in dict(find_problems(opened, base_url="", secret_key=KEY))


def test_what_the_configuration_shows_in_comments_is_right() -> None:
    text = (Path(__file__).parents[2] / "config.toml").read_text("utf-8")
    (table,) = re.findall(r"^# \[mail\]\n(?:#[^\n]+\n)+", text, re.MULTILINE)
    mail = parse(re.sub(r"(?m)^# ", "", table)).mail
    assert mail == MailSettings(
        relay=Relay("mail.lab.example", 587, Security.STARTTLS, "papers"),
        from_address="digest@lab.example",
        from_name="Lab papers",
        notice_address="papers@lab.example",
        bounces="bounces@lab.example",
        bounce_source=ImapPlace("mail.lab.example", 993, tls=True, user="bounces", folder="INBOX"),
        postal="Example Lab, 1 Example Road, 12345 Town",
        per_minute=60,
    )

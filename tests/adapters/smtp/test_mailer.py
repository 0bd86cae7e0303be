"""Letters to the relay: what a refusal becomes, who waits, and where bounces come back to."""

import pytest

from bot.adapters.smtp.domains import THE_RELAY
from bot.adapters.smtp.mailer import PAUSE, Mailbox, Mailer
from bot.core.verp import read_return_path
from bot.errors import DeliveryError, MailRefusedError
from tests.adapters.smtp.conftest import LETTER, OpenPool
from tests.fakes.domains import OwnDomains
from tests.fakes.smtp_server import END, GREETING, Act, Script, SmtpServer

SECRET = "s" * 32
KEY = "0123456789abcdef0123456789abcdef"


class Letters:
    """Sends one letter after another, each with a key of its own."""

    def __init__(self, open_pool: OpenPool, server: SmtpServer, per_minute: int = 0) -> None:
        self.now = 1000.0
        self.domains = OwnDomains(per_minute, lambda: self.now)
        pool = open_pool(server)
        self.mailer = Mailer(pool, self.domains, Mailbox("bounces@lab.example", SECRET))
        self.left = 0

    def send(self, address: str = "ada@example.org", key: str = KEY) -> str:
        return self.mailer.send(address, key, len(LETTER), self.leave)

    def leave(self) -> bytes:
        self.left += 1
        return LETTER

    def refused(self, address: str = "ada@example.org", key: str = KEY) -> DeliveryError:
        with pytest.raises(DeliveryError) as refused:
            self.send(address, key)
        return refused.value


def test_bounces_name_their_delivery(open_pool: OpenPool) -> None:
    with SmtpServer() as server:
        letters = Letters(open_pool, server)
        assert letters.send() == "2.0.0 queued as 1.1"
        (message,) = server.messages
    assert message.sender.startswith(f"bounces+{KEY}.")
    assert read_return_path(message.sender, SECRET) == KEY
    assert message.options.endswith(f"ENVID={KEY}")


def test_domains_go_out_in_ascii(open_pool: OpenPool) -> None:
    with SmtpServer() as server:
        Letters(open_pool, server).send("ada@bücher.example")
        assert server.messages[0].recipient == "ada@xn--bcher-kva.example"


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ada",
        "@example.org",
        "ada@",
        "a b@example.org",
        "ada@example.org>\r\nRCPT TO:<eve@x.example",
    ],
)
def test_what_is_no_address_is_given_up_and_nothing_is_asked(
    open_pool: OpenPool, address: str
) -> None:
    with SmtpServer() as server:
        letters = Letters(open_pool, server)
        assert letters.refused(address).permanent
        assert server.connections == 0


@pytest.mark.parametrize(
    ("verb", "reply", "permanent", "blocked", "waits"),
    [
        ("RCPT", "550 5.1.1 who?", True, False, ""),
        ("RCPT", "550 who?", True, False, ""),
        ("RCPT", "552 5.2.2 full", True, False, ""),
        (END, "554 5.6.0 bad content", True, False, ""),
        ("RCPT", "450 4.2.0 later", False, False, ""),
        ("RCPT", "450 4.7.1 greylisted", False, False, "domain"),
        ("RCPT", "421 4.3.2 busy", False, False, "domain"),
        ("RCPT", "550 5.7.1 blocked", False, True, "domain"),
        (END, "550 5.7.26 not authenticated", False, True, "domain"),
        (END, "554 spam", False, True, "domain"),
        (GREETING, "421 4.3.2 busy", False, False, "relay"),
        ("MAIL", "550 5.7.1 not from you", False, True, "relay"),
    ],
)
def test_a_refusal_is_somebodys_fault(
    open_pool: OpenPool, verb: str, reply: str, *, permanent: bool, blocked: bool, waits: str
) -> None:
    with SmtpServer(Script(verb, [Act(reply)])) as server:
        letters = Letters(open_pool, server)
        error = letters.refused()
        assert isinstance(error, MailRefusedError)
        code, _, text = reply.partition(" ")
        assert error.code == int(code)
        assert error.status == (text.split(" ")[0] if text[1:2] == "." else "")
        assert (error.permanent, error.blocked) == (permanent, blocked)
        assert not error.unknown
        assert error.retry_after == (PAUSE if waits else None)
        assert reply in str(error)
        # Whoever asked for a rest gets it from everybody, and nobody else does.
        paused = {"domain": "example.org", "relay": THE_RELAY}.get(waits)
        for name in (THE_RELAY, "example.org", "elsewhere.example"):
            assert (letters.domains.hold(name, "x") > 0) is (name == paused)
        assert server.messages == []


def test_who_must_wait_is_told_for_how_long_and_costs_no_connection(open_pool: OpenPool) -> None:
    with SmtpServer(Script("RCPT", [Act("450 4.7.1 greylisted")])) as server:
        letters = Letters(open_pool, server)
        letters.refused()
        letters.now += 100
        error = letters.refused("bo@EXAMPLE.org", "another")
        assert (error.busy, error.retry_after, error.permanent) == (True, 200, False)
        assert str(error) == "example.org is left alone for 200 s more"
        letters.send("cy@elsewhere.example")
        letters.now += 200
        letters.send()
        assert [message.recipient for message in server.messages] == [
            "cy@elsewhere.example",
            "ada@example.org",
        ]
        assert letters.left == 2


def test_each_domain_has_its_pace(open_pool: OpenPool) -> None:
    with SmtpServer() as server:
        letters = Letters(open_pool, server, per_minute=60)
        letters.send(key="1")
        error = letters.refused(key="2")
        assert (error.busy, error.retry_after) == (True, 1.0)
        letters.send("bo@elsewhere.example", key="3")
        letters.now += 1
        letters.send(key="2")
        assert len(server.messages) == 3


def test_a_relay_that_is_away_is_left_alone_for_a_minute(open_pool: OpenPool) -> None:
    with SmtpServer() as server:
        pass
    letters = Letters(open_pool, server)
    error = letters.refused()
    assert (error.permanent, error.unknown, error.busy) == (False, False, False)
    assert str(error).startswith(f"the relay localhost:{server.port} cannot be used: Connection")
    error = letters.refused("bo@elsewhere.example")
    assert (error.busy, error.retry_after) == (True, 60)
    assert str(error).startswith("the relay localhost:")


@pytest.mark.parametrize("verb", [GREETING, "MAIL", "RCPT", "DATA"])
def test_before_it_left_nothing_is_unknown(open_pool: OpenPool, verb: str) -> None:
    with SmtpServer(Script(verb, [Act(drop=True)])) as server:
        letters = Letters(open_pool, server)
        error = letters.refused()
        assert (error.permanent, error.unknown) == (False, False)
        assert letters.left == 0


@pytest.mark.parametrize("takes", [True, False])
def test_a_drop_after_it_left_leaves_it_unknown(open_pool: OpenPool, *, takes: bool) -> None:
    with SmtpServer(Script(END, [Act(drop=True, takes=takes)])) as server:
        letters = Letters(open_pool, server)
        error = letters.refused()
        assert (error.permanent, error.unknown, error.busy) == (False, True, False)
        assert "after the mail had left" in str(error)
        # It is no reason to leave the relay alone.
        letters.send(key="another")
        assert len(server.messages) == 1 + takes


def test_a_check_says_how_the_relay_is_used(open_pool: OpenPool) -> None:
    with SmtpServer() as server:
        mailer = Letters(open_pool, server).mailer
        assert mailer.check() == f"localhost:{server.port} takes mail (none)"
        for act, said in (
            (Act("554 5.7.1 go away", drop=True), "answered 554 5.7.1 go away"),
            (Act(drop=True), ": it closed the connection"),
        ):
            server.scripts.append(Script(GREETING, [act]))
            with pytest.raises(DeliveryError, match=said):
                mailer.check()
        assert server.messages == []


def test_closing_takes_leave(open_pool: OpenPool) -> None:
    with SmtpServer() as server:
        letters = Letters(open_pool, server)
        letters.send()
        letters.mailer.close()
        assert server.commands[-1] == "QUIT"


def test_every_refusal_is_heard_of_with_its_delivery(open_pool: OpenPool) -> None:
    heard: list[tuple[str, MailRefusedError]] = []
    script = Script("RCPT", [Act(reply="550 5.1.1 who?")])
    with SmtpServer(script) as server:
        mailer = Mailer(
            open_pool(server),
            OwnDomains(),
            Mailbox("bounces@lab.example", SECRET),
            lambda key, error: heard.append((key, error)),
        )
        with pytest.raises(MailRefusedError) as refused:
            mailer.send("ada@example.org", KEY, len(LETTER), lambda: LETTER)
        mailer.send("bo@example.org", KEY, len(LETTER), lambda: LETTER)
    assert heard == [(KEY, refused.value)]
    assert (refused.value.status, refused.value.permanent) == ("5.1.1", True)

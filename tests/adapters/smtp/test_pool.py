"""Connections: what leaves when, what is known when one breaks, and how long one is used."""

import smtplib
import threading
import time
from dataclasses import replace

import pytest
import trustme

from bot.adapters.smtp.client import Client
from bot.adapters.smtp.connection import Envelope, Limits, LostError, RefusedError, stuff
from bot.config.mail import Security
from bot.core.refusals import Phase
from bot.errors import DeliveryError
from tests.adapters.smtp.conftest import ENVELOPE, LETTER, SHORT, OpenPool
from tests.fakes.smtp_server import END, FEATURES, GREETING, Act, Script, SmtpServer

USERS = {"ada": "secret"}


class Leave:
    """Counts how often a letter was about to leave."""

    def __init__(self, error: Exception | None = None) -> None:
        self.calls = 0
        self.error = error

    def __call__(self) -> bytes:
        self.calls += 1
        if self.error is not None:
            raise self.error
        return LETTER


def test_a_letter_arrives_as_it_is(open_pool: OpenPool) -> None:
    with SmtpServer() as server:
        pool = open_pool(server)
        assert pool.send(ENVELOPE, len(LETTER), Leave()) == "2.0.0 queued as 1.1"
        (message,) = server.messages
    assert message.data == LETTER
    assert (message.sender, message.recipient) == ("bounces@lab.example", "ada@example.org")
    assert message.options == f"SIZE={len(LETTER)} RET=HDRS ENVID=key-1"
    assert server.commands[0] == "ehlo lab.example"


def test_what_a_server_does_not_offer_is_not_asked_of_it(open_pool: OpenPool) -> None:
    with SmtpServer(features=()) as server:
        open_pool(server).send(ENVELOPE, len(LETTER), Leave())
        assert server.messages[0].options == ""


@pytest.mark.parametrize(
    ("data", "sent"),
    [
        (b"", b"\r\n.\r\n"),
        (b"a", b"a\r\n.\r\n"),
        (b"a\r\n", b"a\r\n.\r\n"),
        (b".\r\n", b"..\r\n.\r\n"),
        (b"a\r\n.\r\n.b\r\n", b"a\r\n..\r\n..b\r\n.\r\n"),
        (b"a.b\r\n", b"a.b\r\n.\r\n"),
    ],
)
def test_no_line_of_a_letter_ends_it(data: bytes, sent: bytes) -> None:
    assert stuff(data) == sent


PHASES = {
    GREETING: Phase.CONNECT,
    "EHLO": Phase.CONNECT,
    "MAIL": Phase.SENDER,
    "RCPT": Phase.RECIPIENT,
    "DATA": Phase.BODY,
    END: Phase.BODY,
}


@pytest.mark.parametrize("verb", PHASES)
@pytest.mark.parametrize("reply", ["421 4.3.2 busy", "451 4.7.1 later", "550 5.1.1 no", "554 no"])
def test_a_refusal_tells_its_phase_and_reply(open_pool: OpenPool, verb: str, reply: str) -> None:
    leave = Leave()
    with SmtpServer(Script(verb, [Act(reply)])) as server:
        pool = open_pool(server)
        with pytest.raises(RefusedError) as refused:
            pool.send(ENVELOPE, len(LETTER), leave)
        assert server.messages == []
        refusal = refused.value.refusal
        assert f"{refusal.code} {refusal.text}" == reply
        assert refusal.phase is PHASES[verb]
        assert leave.calls == (verb == END)
        # The next one is not held up by that.
        pool.send(ENVELOPE, len(LETTER), Leave())
        assert len(server.messages) == 1


@pytest.mark.parametrize("verb", PHASES)
@pytest.mark.parametrize(
    "act",
    [
        Act(drop=True),
        Act(delay=3.0, drop=True),
        Act("no number", drop=True),
        Act("150 go on", drop=True),
        Act("350 " + "x" * 70_000),
        Act("250-and\r\n" * 20_000),
        Act("250-still here", trickle=0.3),
    ],
)
def test_a_connection_that_breaks_says_whether_the_letter_had_left(
    open_pool: OpenPool, verb: str, act: Act
) -> None:
    leave = Leave()
    limits = Limits(1.5, 1.5, 1.5) if act.delay or act.trickle else SHORT
    began = time.monotonic()
    with SmtpServer(Script(verb, [act])) as server:
        error: type[Exception] = LostError
        # A greeting that is none is a refusal of us.
        if verb in (GREETING, "EHLO") and act.reply[:1] in {"n", "1", "3"}:
            error = RefusedError if len(act.reply) < 100 else LostError
        with pytest.raises(error) as lost:
            open_pool(server, limits=limits).send(ENVELOPE, len(LETTER), leave)
        assert server.messages == []
    assert getattr(lost.value, "left", False) is (verb == END)
    assert leave.calls == (verb == END)
    # However slowly a server speaks, each step has its end.
    assert time.monotonic() - began < SHORT.sending * 3


def test_a_letter_that_arrived_before_the_connection_broke_has_left(open_pool: OpenPool) -> None:
    with SmtpServer(Script(END, [Act(drop=True, takes=True)])) as server:
        with pytest.raises(LostError) as lost:
            open_pool(server).send(ENVELOPE, len(LETTER), Leave())
        assert lost.value.left
        assert len(server.messages) == 1


def test_a_connection_that_breaks_while_the_letter_leaves_has_let_it(open_pool: OpenPool) -> None:
    with SmtpServer(Script("BODY", [Act(drop=True)])) as server:
        with pytest.raises(LostError) as lost:
            open_pool(server).send(ENVELOPE, len(LETTER), Leave())
        assert lost.value.left
        assert server.messages == []


def test_what_comes_too_late_to_leave_does_not(open_pool: OpenPool) -> None:
    late = KeyError("late")
    with SmtpServer() as server:
        pool = open_pool(server)
        with pytest.raises(KeyError):
            pool.send(ENVELOPE, len(LETTER), Leave(late))
        pool.send(ENVELOPE, len(LETTER), Leave())
        assert [message.connection for message in server.messages] == [2]


def test_connections_are_used_again_and_not_for_ever(open_pool: OpenPool) -> None:
    with SmtpServer() as server:
        pool = open_pool(server, most_carried=3)
        for _ in range(7):
            pool.send(ENVELOPE, len(LETTER), Leave())
        assert [message.connection for message in server.messages] == [1, 1, 1, 2, 2, 2, 3]
        assert server.commands.count("QUIT") == 2


def test_as_many_connections_as_threads(open_pool: OpenPool) -> None:
    meet = threading.Barrier(3)

    def leave() -> bytes:
        meet.wait(10)
        return LETTER

    with SmtpServer() as server:
        pool = open_pool(server)
        threads = [
            threading.Thread(target=pool.send, args=(ENVELOPE, len(LETTER), leave))
            for _ in range(3)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
        assert server.connections == 3
        pool.send(ENVELOPE, len(LETTER), Leave())
        assert server.connections == 3
        assert len(server.messages) == 4


@pytest.mark.parametrize("goodbye", ["", "421 4.4.2 idle too long"])
def test_a_connection_that_was_closed_meanwhile_is_replaced(
    open_pool: OpenPool, goodbye: str
) -> None:
    leave = Leave()
    acts = [Act(goodbye, drop=True)]
    with SmtpServer() as server:
        pool = open_pool(server)
        pool.send(ENVELOPE, len(LETTER), leave)
        server.scripts.append(Script("MAIL", acts))
        pool.send(ENVELOPE, len(LETTER), leave)
        assert acts == []
        server.hang_up()
        pool.send(ENVELOPE, len(LETTER), leave)
        assert [message.connection for message in server.messages] == [1, 2, 3]
    assert leave.calls == 3


def test_a_connection_that_was_idle_for_long_is_not_used(open_pool: OpenPool) -> None:
    with SmtpServer() as server:
        pool = open_pool(server, limits=replace(SHORT, idle=0.0))
        for _ in range(3):
            pool.send(ENVELOPE, len(LETTER), Leave())
        assert [message.connection for message in server.messages] == [1, 2, 3]


def test_a_refusal_on_a_kept_connection_is_not_asked_for_again(open_pool: OpenPool) -> None:
    with SmtpServer() as server:
        pool = open_pool(server)
        pool.send(ENVELOPE, len(LETTER), Leave())
        server.scripts.append(Script("RCPT", [Act("550 5.1.1 no")]))
        with pytest.raises(RefusedError):
            pool.send(ENVELOPE, len(LETTER), Leave())
        assert server.connections == 1


def test_a_step_without_time_left_is_not_begun() -> None:
    client = Client(local_hostname="lab.example")
    client.limit(-1)
    with pytest.raises(TimeoutError):
        client.open("127.0.0.1", 9)
    client.limit(1)
    with pytest.raises(smtplib.SMTPServerDisconnected):
        client.docmd("NOOP")


def test_a_kept_connection_that_breaks_after_the_letter_left_is_not_replaced(
    open_pool: OpenPool,
) -> None:
    with SmtpServer() as server:
        pool = open_pool(server)
        pool.send(ENVELOPE, len(LETTER), Leave())
        server.scripts.append(Script(END, [Act(drop=True)]))
        with pytest.raises(LostError) as lost:
            pool.send(ENVELOPE, len(LETTER), Leave())
        assert lost.value.left
        assert len(server.messages) == 1


def test_a_connection_that_cannot_be_reset_is_given_up(open_pool: OpenPool) -> None:
    with SmtpServer(
        Script("RCPT", [Act("550 5.1.1 no"), Act("550 5.1.1 no")]),
        Script("RSET", [Act(drop=True), Act("500 what?")]),
    ) as server:
        pool = open_pool(server)
        for _ in range(2):
            with pytest.raises(RefusedError):
                pool.send(ENVELOPE, len(LETTER), Leave())
        pool.send(ENVELOPE, len(LETTER), Leave())
        assert server.connections == 3


def test_starttls_is_turned_on_before_anything_is_said(
    open_pool: OpenPool, authority: trustme.CA
) -> None:
    with SmtpServer(authority=authority, users=USERS) as server:
        pool = open_pool(server, Security.STARTTLS, user="ada", password=USERS["ada"])
        pool.send(ENVELOPE, len(LETTER), Leave())
        (message,) = server.messages
    assert (message.secure, message.user) == (True, "ada")
    assert server.commands[:3] == ["ehlo lab.example", "STARTTLS", "ehlo lab.example"]
    assert server.faults == []


def test_tls_can_be_there_from_the_first_byte(open_pool: OpenPool, authority: trustme.CA) -> None:
    with SmtpServer(authority=authority, tls=True) as server:
        open_pool(server, Security.TLS).send(ENVELOPE, len(LETTER), Leave())
        assert server.messages[0].secure
        assert "STARTTLS" not in server.commands


def test_a_large_letter_passes_through_tls(open_pool: OpenPool, authority: trustme.CA) -> None:
    large = b"x" * 70 + b"\r\n"
    with SmtpServer(authority=authority) as server:
        open_pool(server, Security.STARTTLS).send(ENVELOPE, 1, lambda: large * 4000)
        assert server.messages[0].data == large * 4000


@pytest.mark.parametrize("security", [Security.STARTTLS, Security.TLS])
def test_a_certificate_that_nobody_vouches_for_ends_it(
    open_pool: OpenPool, security: Security
) -> None:
    stranger = trustme.CA()
    with SmtpServer(authority=stranger, tls=security is Security.TLS) as server:
        with pytest.raises(LostError, match="certificate is not to be trusted: "):
            open_pool(server, security).send(ENVELOPE, len(LETTER), Leave())
        assert not any(command.startswith("MAIL") for command in server.commands)


def test_without_starttls_nothing_goes_out(open_pool: OpenPool) -> None:
    with SmtpServer() as server:
        with pytest.raises(LostError, match="offers no STARTTLS"):
            open_pool(server, Security.STARTTLS).send(ENVELOPE, len(LETTER), Leave())
        assert server.commands == ["ehlo lab.example"]


def test_starttls_that_is_refused_ends_it(open_pool: OpenPool, authority: trustme.CA) -> None:
    with (
        SmtpServer(Script("STARTTLS", [Act("454 4.7.0 not now")]), authority=authority) as server,
        pytest.raises(RefusedError) as refused,
    ):
        open_pool(server, Security.STARTTLS).send(ENVELOPE, len(LETTER), Leave())
    assert refused.value.refusal.status == "4.7.0"


def test_words_that_were_slipped_in_before_tls_are_not_heard(
    open_pool: OpenPool, authority: trustme.CA
) -> None:
    slipped = Act("220 2.0.0 go ahead\r\n250 SIZE", drop=True)
    with (
        SmtpServer(Script("STARTTLS", [slipped]), authority=authority) as server,
        pytest.raises(LostError, match="before TLS began"),
    ):
        open_pool(server, Security.STARTTLS).send(ENVELOPE, len(LETTER), Leave())


def test_nobody_logs_in_without_tls(open_pool: OpenPool) -> None:
    with SmtpServer(users=USERS) as server:
        with pytest.raises(LostError, match="nobody logs in without TLS"):
            open_pool(server, user="ada", password=USERS["ada"]).check()
        assert server.commands == ["ehlo lab.example"]


@pytest.mark.parametrize(
    ("users", "password", "said"),
    [
        (USERS, "", "there is no password"),
        (USERS, "wrong", "5.7.8 wrong user or password"),
        ({}, USERS["ada"], "it takes no logins"),
    ],
)
def test_a_login_that_fails_says_why(
    open_pool: OpenPool, authority: trustme.CA, users: dict[str, str], password: str, said: str
) -> None:
    with SmtpServer(authority=authority, users=users) as server:
        pool = open_pool(server, Security.STARTTLS, user="ada", password=password)
        with pytest.raises((LostError, RefusedError), match=said) as failed:
            pool.check()
    assert "secret" not in str(failed.value)


def test_a_login_of_no_known_kind_says_so(open_pool: OpenPool, authority: trustme.CA) -> None:
    with (
        SmtpServer(features=("AUTH GSSAPI",), authority=authority) as server,
        pytest.raises(LostError, match="nobody can log in: No suitable auth"),
    ):
        open_pool(server, Security.STARTTLS, user="ada", password=USERS["ada"]).check()


def test_a_letter_that_is_too_large_is_given_up(open_pool: OpenPool) -> None:
    with (
        SmtpServer(features=("SIZE 100",)) as server,
        pytest.raises(DeliveryError, match="at most 100 bytes, and this mail has 101") as refused,
    ):
        open_pool(server).send(ENVELOPE, 101, Leave())
    assert refused.value.permanent


@pytest.mark.parametrize("feature", ["SIZE", "SIZE 0", "SIZE 1000"])
def test_a_server_without_a_bound_takes_any(open_pool: OpenPool, feature: str) -> None:
    with SmtpServer(features=(feature,)) as server:
        open_pool(server).send(ENVELOPE, 1000, Leave())
        assert server.messages[0].options == "SIZE=1000"


def test_letters_beyond_ascii_need_a_server_that_knows_them(open_pool: OpenPool) -> None:
    envelope = Envelope("bounces@lab.example", "jürgen@example.org", "key-1")
    with SmtpServer(features=("SMTPUTF8", "8BITMIME")) as server:
        pool = open_pool(server)
        pool.send(envelope, len(LETTER), Leave())
        pool.send(ENVELOPE, len(LETTER), Leave())
        assert [message.recipient for message in server.messages] == [
            "jürgen@example.org",
            "ada@example.org",
        ]
        assert [message.options for message in server.messages] == ["BODY=8BITMIME SMTPUTF8", ""]
    with SmtpServer() as server, pytest.raises(DeliveryError, match="SMTPUTF8") as refused:
        open_pool(server).send(envelope, len(LETTER), Leave())
    assert refused.value.permanent


def test_a_relay_that_is_not_there_is_lost(open_pool: OpenPool) -> None:
    with SmtpServer() as server:
        pass
    with pytest.raises(LostError, match="Connection refused"):
        open_pool(server).send(ENVELOPE, len(LETTER), Leave())


def test_a_check_sends_nothing(open_pool: OpenPool) -> None:
    with SmtpServer() as server:
        pool = open_pool(server)
        pool.check()
        assert server.commands == ["ehlo lab.example", "NOOP", "QUIT"]
        server.scripts.append(Script("NOOP", [Act("421 4.3.2 going down", drop=True)]))
        with pytest.raises(LostError, match="it answered 421 "):
            pool.check()


def test_a_server_that_waits_for_a_refused_letter_never_gets_one(open_pool: OpenPool) -> None:
    leave = Leave()
    features = (*FEATURES, "PIPELINING")
    with SmtpServer(Script("MAIL", [Act("550 5.1.1 no")]), features=features) as server:
        pool = open_pool(server)
        with pytest.raises(RefusedError) as refused:
            pool.send(ENVELOPE, len(LETTER), leave)
        assert refused.value.refusal.phase is Phase.SENDER
        assert pool.send(ENVELOPE, len(LETTER), leave) == "2.0.0 queued as 2.1"
        assert [message.data for message in server.messages] == [LETTER]
    assert leave.calls == 1
    assert server.connections == 2


def test_a_refusal_counts_though_the_connection_breaks_right_after_it(open_pool: OpenPool) -> None:
    scripts = Script("MAIL", [Act("550 5.1.1 no", drop=True)])
    with SmtpServer(scripts, features=("PIPELINING",)) as server:
        pool = open_pool(server)
        with pytest.raises(RefusedError, match="no"):
            pool.send(ENVELOPE, len(LETTER), Leave())
        pool.send(ENVELOPE, len(LETTER), Leave())
    assert server.connections == 2


@pytest.mark.parametrize("recipient", ["ada@example.org>\r\nDATA", "ada@example.org>\n"])
def test_no_recipient_is_two_commands(open_pool: OpenPool, recipient: str) -> None:
    with SmtpServer() as server, pytest.raises(ValueError, match="line"):
        open_pool(server).send(replace(ENVELOPE, recipient=recipient), len(LETTER), Leave())
    assert server.messages == []

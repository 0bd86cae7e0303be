"""Bounces over IMAP, from Dovecot."""

import ssl
from dataclasses import replace

import pytest

from bot.adapters.bounces.mailbox import Folders, ImapMailbox
from bot.adapters.bounces.opening import open_mailbox
from bot.adapters.bounces.reading import MOST_BYTES, read_report
from bot.config.bounce_source import ImapPlace
from bot.core.bounces import Verdict
from bot.errors import MailboxError
from bot.flows.bouncing import Reading, read_bounces
from tests.adapters.bounces.reports import FORGED, KEY, SECRET, write_block, write_report
from tests.adapters.bounces.servers import PASSWORD, USER, Dovecot
from tests.adapters.store.made_up import NOW
from tests.fakes.bounces import MemoryBounces

HARD = write_report(write_block("5.1.1"))
BLOCK = write_report(write_block("5.7.26"), name="2")
MADE_UP = write_report(write_block("5.1.1"), path=FORGED, name="3")


@pytest.fixture
def place(dovecot: Dovecot) -> ImapPlace:
    return ImapPlace(
        "localhost", dovecot.secure, tls=True, user=USER, folder="INBOX", password=PASSWORD
    )


def list_folder(mailbox: ImapMailbox) -> list[bytes]:
    return [mail.data for mail in mailbox.fetch()]


def test_what_arrived_is_read_once_and_filed(
    dovecot: Dovecot, place: ImapPlace, trusting: ssl.SSLContext
) -> None:
    dovecot.put(HARD, MADE_UP, BLOCK, b"x" * MOST_BYTES * 2)
    store = MemoryBounces({KEY: "ada@a.example"})
    mailbox = open_mailbox(place, trusting)
    reading = read_bounces(mailbox, lambda data: read_report(data, SECRET), store, NOW)
    assert reading == Reading(
        {Verdict.HARD: 1, Verdict.BLOCK: 1},
        ignored=2,
        suppressed=("ada@a.example",),
        paused=("a.example",),
    )
    again = read_bounces(mailbox, lambda data: read_report(data, SECRET), store, NOW)
    assert again == Reading()
    done = ImapMailbox(replace(place, folder="papers-bot.done"), trusting)
    (first, *_) = list_folder(done)
    assert first.replace(b"\r\n", b"\n").strip() == HARD.strip()
    assert len(list_folder(done)) == 2
    other = list_folder(ImapMailbox(replace(place, folder="papers-bot.other"), trusting))
    assert [len(data) for data in other][1] == MOST_BYTES
    assert b"3@mx.example" in other[0]


def test_on_this_machine_it_goes_without_tls(dovecot: Dovecot, place: ImapPlace) -> None:
    dovecot.put(HARD)
    mailbox = ImapMailbox(replace(place, host="127.0.0.1", port=dovecot.port, tls=False))
    (mail,) = mailbox.fetch()
    assert read_report(mail.data, SECRET).key == KEY
    for each in mailbox.fetch():
        each.settle(handled=True)
    assert list_folder(mailbox) == []


def test_where_there_are_no_folders_mails_are_marked(
    dovecot: Dovecot, place: ImapPlace, trusting: ssl.SSLContext
) -> None:
    dovecot.put(HARD)
    mailbox = ImapMailbox(place, trusting)
    for mail in mailbox.fetch():
        replace(mail, folders=Folders()).settle(handled=True)
        assert mail.box.uids("UNSEEN") == []
        mail.settle(handled=True)


def test_what_another_process_filed_meanwhile_is_left_out(
    dovecot: Dovecot, place: ImapPlace, trusting: ssl.SSLContext
) -> None:
    dovecot.put(HARD, BLOCK)
    mailbox, other = ImapMailbox(place, trusting), ImapMailbox(place, trusting)
    mails = []
    for mail in mailbox.fetch():
        mails.append(mail.data)
        for each in other.fetch():
            each.settle(handled=True)
        mail.settle(handled=True)
    assert len(mails) == 1


def test_whoever_may_not_read_it_is_told_and_no_password_is(
    place: ImapPlace, trusting: ssl.SSLContext
) -> None:
    for wrong, said in (
        (replace(place, password="hunter2"), "AUTHENTICATIONFAILED"),  # noqa: S106 - a wrong one
        (replace(place, folder="nowhere"), "nowhere"),
    ):
        with pytest.raises(MailboxError, match=said) as refused:
            list_folder(ImapMailbox(wrong, trusting))
        assert "hunter2" not in str(refused.value)
        assert PASSWORD not in str(refused.value)
        assert "IMAP_PASSWORD" in str(refused.value)


def test_a_server_that_nobody_vouches_for_gets_no_password(place: ImapPlace) -> None:
    with pytest.raises(MailboxError, match="CERTIFICATE_VERIFY_FAILED"):
        list_folder(ImapMailbox(place))


def test_where_nobody_listens_it_says_so(place: ImapPlace) -> None:
    with pytest.raises(MailboxError, match="refused"):
        list_folder(ImapMailbox(replace(place, host="127.0.0.1", port=1, tls=False)))

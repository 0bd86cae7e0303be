"""Reports are read by what they prove; whatever the bytes are, reading them ends, and soon."""

import base64
import time
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.bounces.reading import MOST_BYTES, MOST_LINES, read_report
from bot.core.bounces import Fate, Report, Verdict
from bot.core.verp import build_return_path
from tests.adapters.bounces.reports import (
    FORGED,
    KEY,
    PATH,
    SECRET,
    write_block,
    write_complaint,
    write_report,
)

WHO = ("ada@a.example", "ada@a.example")


def read(data: bytes) -> Report:
    return read_report(data, SECRET)


def verdicts(data: bytes) -> tuple[Verdict, ...]:
    return tuple(fate.verdict for fate in read(data).fates)


def test_a_report_names_its_delivery_and_what_became_of_it() -> None:
    report = read(write_report(write_block("5.1.1", "smtp; 550 5.1.1\n <ada@a.example>: who?")))
    said = "smtp; 550 5.1.1 <ada@a.example>: who?"
    assert report.key == KEY
    assert report.fates == (Fate(Verdict.HARD, "5.1.1", said, WHO),)


@pytest.mark.parametrize(
    ("block", "verdict"),
    [
        (write_block("5.2.2", "552 full"), Verdict.SOFT),
        (write_block("5.7.26 (policy)"), Verdict.BLOCK),
        (write_block("5.0.0", "smtp; 550 5.1.1 who?"), Verdict.HARD),
        (write_block("4.4.7"), Verdict.SOFT),
        (write_block("5.4.4", "X-Postfix; Host or domain name not found"), Verdict.DOMAIN),
        (write_block("4.4.1", action="delayed"), Verdict.NONE),
        (write_block("2.0.0", action="delivered"), Verdict.NONE),
        (write_block("2.0.0", action="relayed (to a gateway)"), Verdict.NONE),
        (write_block("5.1.1", action="FAILED; for good"), Verdict.HARD),
        (write_block("", "554 no", "failed"), Verdict.BLOCK),
        ("Status: 5.1.1\n", Verdict.HARD),
        ("Status: 4.4.1\n", Verdict.NONE),
        ("Final-Recipient: rfc822\nAction: failed\n", Verdict.BLOCK),
    ],
)
def test_what_failed_is_told_from_what_is_late_or_arrived(block: str, verdict: Verdict) -> None:
    assert verdicts(write_report(block)) == (verdict,)


def test_a_report_on_several_says_something_of_each() -> None:
    data = write_report(write_block("5.1.1"), write_block("2.0.0", action="delivered"))
    assert verdicts(data) == (Verdict.HARD, Verdict.NONE)


@pytest.mark.parametrize("header", ["Delivered-To", "X-Original-To", "Envelope-To", "Cc", "to"])
def test_the_address_it_came_to_is_where_servers_write_it(header: str) -> None:
    data = write_report(write_block("5.1.1"), path="bounces@lab.example")
    assert read(data).key == ""
    assert read(f"{header}: a@b.example, <{PATH.upper()}>\n".encode() + data).key == KEY


def test_where_the_mailbox_forgot_it_the_mail_that_came_back_still_knows() -> None:
    assert read(write_report(write_block("5.1.1"), path="x@lab.example", inner=PATH)).key == KEY
    inner = PATH.encode()
    whole = write_report(write_block("5.1.1"), path="x@lab.example", inner=PATH).replace(
        b"text/rfc822-headers", b"message/rfc822"
    )
    assert read(whole).key == KEY
    assert inner in whole


@pytest.mark.parametrize(
    "path",
    [
        FORGED,
        PATH.replace(KEY, "1" * 32),
        build_return_path(KEY, "bounces@lab.example", "t" * 32),
        "bounces@lab.example",
        "",
    ],
)
def test_a_report_that_somebody_made_up_names_no_delivery(path: str) -> None:
    report = read(write_report(write_block("5.1.1"), path=path, inner=path))
    assert report.key == ""
    assert read(write_complaint(path=path)).key == ""
    assert read_report(write_report(write_block("5.1.1")), "").key == ""


def test_reports_have_names_of_their_own_that_nobody_else_can_use_up() -> None:
    block = write_block("5.1.1")
    one = read(write_report(block))
    assert read(b"Received: from elsewhere\n" + write_report(block)).name == one.name
    assert read(write_report(block, name="2")).name != one.name
    assert read(write_report(block, path=FORGED)).name != one.name
    bare = write_report(block).replace(b"Message-ID: <1@mx.example>\n", b"")
    assert read(bare).name == read(bare).name != read(bare + b"x").name


def test_a_complaint_is_told_from_reports_that_blame_nobody() -> None:
    assert read(write_complaint()).key == KEY
    assert verdicts(write_complaint()) == (Verdict.COMPLAINT,)
    assert verdicts(write_complaint("Fraud")) == (Verdict.COMPLAINT,)
    for kind in ("not-spam", "auth-failure", "virus", "other", ""):
        assert verdicts(write_complaint(kind)) == (Verdict.NONE,)


def test_internationalized_and_encoded_reports_are_read_like_others() -> None:
    plain = write_report(write_block("5.1.1"))
    world = plain.replace(b"message/delivery-status", b"message/global-delivery-status")
    assert verdicts(world) == (Verdict.HARD,)
    head, _, rest = plain.partition(b"message/delivery-status\n\n")
    status, _, tail = rest.partition(b"\n--=b\n")
    encoded = b"message/delivery-status\nContent-Transfer-Encoding: base64\n\n"
    data = head + encoded + base64.encodebytes(status) + b"\n--=b\n" + tail
    assert verdicts(data) == (Verdict.HARD,)


def answer(subject: str, **headers: str) -> bytes:
    mail = EmailMessage()
    mail["To"] = PATH
    mail["From"] = "ada@a.example"
    mail["Subject"] = subject
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content("I am away until 5.1.2026. 550 5.1.1 is my room. User unknown")
    return mail.as_bytes()


@pytest.mark.parametrize(
    "data",
    [
        answer("3 new: clouds", Auto_Submitted="auto-replied (vacation)"),
        answer("3 new: clouds", Precedence="auto_reply"),
        answer("3 new: clouds", X_Autoreply="yes"),
        answer("Automatic reply: 3 new: clouds"),
        answer("Out of office: clouds"),
        answer("Abwesenheitsnotiz"),
    ],
)
def test_who_is_away_is_no_bounce(data: bytes) -> None:
    assert verdicts(data) == (Verdict.NONE,)


def test_a_letter_from_a_person_says_nothing() -> None:
    assert read(answer("A question")) == Report(read(answer("A question")).name, KEY)


QMAIL = """\
From: MAILER-DAEMON@mx.example
To: {path}
Subject: failure notice

Hi. This is the qmail-send program at mx.example.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<ada@a.example>:
{said}

--- Below this line is a copy of the message.

Return-Path: <{path}>
"""


@pytest.mark.parametrize(
    ("said", "fate"),
    [
        ("Sorry, no mailbox here by that name. (#5.1.1)", Fate(Verdict.HARD, "5.1.1")),
        ("192.0.2.1 said: 550 5.7.1 go away", Fate(Verdict.BLOCK, "5.7.1")),
        ("192.0.2.1 said: 552-5.2.2 full", Fate(Verdict.SOFT, "5.2.2")),
        # What flufl.bounce calls permanent may be anything.
        ("Sorry, it did not work.", Fate(Verdict.SOFT)),
        ("550 5.1.1 or 550 5.7.1, who knows", Fate(Verdict.SOFT)),
    ],
)
def test_prose_counts_as_soft_unless_a_status_says_more(said: str, fate: Fate) -> None:
    report = read(QMAIL.format(path=PATH, said=said).encode())
    assert report.key == KEY
    (found,) = report.fates
    assert (found.verdict, found.status) == (fate.verdict, fate.status)
    assert found.recipients == ("ada@a.example",)


def test_an_old_exims_report_is_no_automatic_answer() -> None:
    data = (
        b"Auto-Submitted: auto-replied\nX-Failed-Recipients: ada@a.example\n"
        + QMAIL.format(path=PATH, said="550 5.1.1 unknown user").encode()
    )
    assert verdicts(data) == (Verdict.HARD,)


DELAYED = """\
From: MAILER-DAEMON@mx.example
To: {path}
Subject: Warning: could not send message for past 4 hours

    **********************************************
    **      THIS IS A WARNING MESSAGE ONLY      **
    **  YOU DO NOT NEED TO RESEND YOUR MESSAGE  **
    **********************************************

The original message was received at Thu, 4 Dec 2025
   ----- The following addresses had transient non-fatal errors -----
<ada@a.example>
   ----- Transcript of session follows -----
"""


WARNED = """\
From: MAILER-DAEMON@mx.example
To: {path}
Subject: Delivery Status Notification (Delay)

This is an automatically generated Delivery Status Notification

Delivery to the following recipient has been delayed:

     ada@a.example

Message will be retried for 2 more day(s)
"""


@pytest.mark.parametrize("text", [DELAYED, WARNED])
def test_a_delay_in_prose_is_no_bounce(text: str) -> None:
    assert verdicts(text.format(path=PATH).encode()) == (Verdict.NONE,)


def test_what_stops_the_library_that_reads_prose_stops_nothing_else() -> None:
    # One of its detectors takes whatever is left of an empty list's first member.
    data = b"From: \n" + QMAIL.format(path=PATH, said="no").encode().partition(b"\n")[2]
    assert read(data).key == KEY


def nested(depth: int) -> bytes:
    return b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (level, level)
        for level in range(depth)
    )


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0" * 1000,
        b"\xff\xfe" * 1000,
        nested(5) + write_report(write_block("5.1.1")),
        nested(900) + b"\n" * MOST_LINES,
        nested(20_000),
        b"Content-Type: message/rfc822\n\n" * 9000,
        b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * 60_000,
        b"Content-Type: message/delivery-status\n\n" + b"A: b\n\n" * 60_000,
        b"Content-Type: message/delivery-status\nContent-Transfer-Encoding: base64\n\n" + b"=" * 99,
        b"Content-Type: message/feedback-report\n\n",
        b"Content-Type: multipart/report; boundary=\xff\n\n--\xff\n\n--\xff--",
        b"Content-Type: text/plain; charset=\xff\n\nabc",
        b"To: " + b"<a@b>," * 40_000 + b"\n\n",
        b"To: " + b"(" * 200_000 + b"\n\n",
        b"To: =?utf-8?q?=ff=fe?= <" + b"\xff" * 100 + b">\n\n",
        b"From:\nSubject: failure notice\n\n" + b"<" * MOST_BYTES,
        b"From: mailer-daemon@x\nSubject: failure notice\n\n" + b"a b <c@d.e> 550 5.1.1\n" * 9000,
        b"a: b\n" * 100_000,
        b"\r" * MOST_BYTES,
    ],
    ids=range(20),
)  # fmt: skip
def test_what_is_made_to_keep_us_busy_does_not(data: bytes) -> None:
    began = time.perf_counter()
    read(data)
    assert time.perf_counter() - began < 20


def test_of_a_long_mail_the_beginning_is_read() -> None:
    data = write_report(write_block("5.1.1"))
    assert verdicts(data + b"x" * 10 * MOST_BYTES) == (Verdict.HARD,)
    assert verdicts(data + b"x\r\n" * 10 * MOST_LINES) == (Verdict.HARD,)
    assert verdicts(data[: data.index(b"Status:")]) == (Verdict.BLOCK,)


@given(st.binary())
def test_any_bytes_are_read(data: bytes) -> None:
    assert len(read(data).name) == 40


@given(st.data())
def test_any_damage_to_a_report_is_read(data: st.DataObject) -> None:
    whole = data.draw(
        st.sampled_from(
            [
                write_report(write_block("5.1.1")),
                write_complaint(),
                QMAIL.format(path=PATH, said="no").encode(),
                DELAYED.format(path=PATH).encode(),
            ]
        )
    )
    begin, end = sorted(data.draw(st.tuples(*[st.integers(0, len(whole))] * 2)))
    report = read(whole[:begin] + data.draw(st.binary(max_size=20)) + whole[end:])
    assert report.key in ("", KEY)


@given(st.text(st.characters(codec="utf-8")), st.text(), st.text())
def test_any_field_is_read(status: str, said: str, action: str) -> None:
    block = write_block(status, said, action)
    assert read(write_report(block)).key == KEY

"""Reports as servers write them, about made-up deliveries."""

from bot.core.verp import build_return_path

SECRET = "s" * 32
KEY = "0123456789abcdef0123456789abcdef"
PATH = build_return_path(KEY, "bounces@lab.example", SECRET)
FORGED = PATH.replace(f"{KEY}.", f"{KEY}.a")

STATUS = """\
Final-Recipient: rfc822; ada@a.example
Original-Recipient: rfc822;ada@a.example
Action: {action}
Status: {status}
Diagnostic-Code: {said}
"""
REPORT = """\
From: MAILER-DAEMON@mx.example (Mail Delivery System)
To: {path}
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
Message-ID: <{name}@mx.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="=b"

This is a MIME-encapsulated message.

--=b
Content-Type: text/plain

I'm sorry to have to inform you that your message could not be delivered.

--=b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example
Arrival-Date: Thu,  4 Dec 2025 08:00:00 +0000

{blocks}
--=b
Content-Type: text/rfc822-headers

Return-Path: <{inner}>
From: digest@lab.example
To: ada@a.example
Subject: 3 new: clouds

--=b--
"""


def write_block(status: str, said: str = "", action: str = "failed") -> str:
    return STATUS.format(status=status, said=said, action=action)


def write_report(
    *blocks: str, path: str = PATH, inner: str = "digest@lab.example", name: str = "1"
) -> bytes:
    """Write a report with these recipients' blocks, sent to `path`, about a mail from `inner`."""
    text = REPORT.format(path=path, inner=inner, name=name, blocks="\n".join(blocks))
    return text.encode("utf-8", "surrogateescape")


def write_complaint(kind: str = "abuse", path: str = PATH, to: str = "abuse@lab.example") -> bytes:
    return f"""\
From: <feedback@isp.example>
To: {to}
Message-ID: <complaint@isp.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="=c"

--=c
Content-Type: text/plain

This is an email abuse report.

--=c
Content-Type: message/feedback-report

Feedback-Type: {kind}
User-Agent: SomeGenerator/1.0
Version: 1
Original-Mail-From: <{path}>

--=c
Content-Type: message/rfc822

From: digest@lab.example
To: ada@a.example
Subject: 3 new: clouds

clouds
--=c--
""".encode()

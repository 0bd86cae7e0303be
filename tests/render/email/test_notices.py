"""Confirmations and sign-in links: one link each, and the same bytes each time."""

import dataclasses

import html5lib
import jinja2
import pytest
from inline_snapshot import snapshot

from bot.render.email import (
    Blocked,
    Confirm,
    Letterhead,
    Notice,
    NoticeWriter,
    Preferences,
    SignIn,
    compose_notice,
)
from tests.render.email.conftest import KEY, LETTERHEAD, NOW, Mail, read

URL = "https://papers.lab.example/confirm/TOKEN"
NOTICES: list[Notice] = [
    Confirm("Clouds", "weekdays at 09:00 (Europe/Berlin)", URL),
    Preferences("Clouds", URL),
    SignIn(URL),
    Blocked("a.example", "550 5.7.26 <no>", "2025-12-04 09:00 (Europe/Berlin)", URL),
]


@pytest.fixture(scope="session")
def writer(templates: jinja2.Environment) -> NoticeWriter:
    return NoticeWriter(templates, LETTERHEAD)


def write(writer: NoticeWriter, notice: Notice) -> Mail:
    return read(writer.write(notice, "bo@example.org", KEY).dated(NOW))


def test_a_confirmation_says_what_is_confirmed_and_what_happens_otherwise(
    writer: NoticeWriter,
) -> None:
    mail = write(writer, NOTICES[0])
    assert mail.data.decode().partition("--=_")[0] == snapshot(
        """\
From: "Lab papers" <papers@lab.example>\r
To: bo@example.org\r
Subject: Confirm your subscription to Clouds\r
Date: Thu, 04 Dec 2025 08:00:03 +0000\r
Message-ID: <0123456789abcdef0123456789abcdef@lab.example>\r
Auto-Submitted: auto-generated\r
MIME-Version: 1.0\r
Content-Type: multipart/alternative;\r
 boundary="=_0123456789abcdef0123456789abcdef"\r
\r
"""
    )
    assert mail.text == snapshot("""\
Clouds

Somebody, most likely you, asked for new papers on this to be mailed to
bo@example.org: weekdays at 09:00 (Europe/Berlin).

Nothing is sent before you confirm, within 72 hours:

https://papers.lab.example/confirm/TOKEN

Was it not you? Then do nothing: no other mail comes of it.

Lab papers at https://papers.lab.example; questions: ada@lab.example
Example Lab, 1 Example Road, 12345 Town
""")


@pytest.mark.parametrize("notice", NOTICES)
def test_a_notice_has_one_link_and_both_parts_have_it(writer: NoticeWriter, notice: Notice) -> None:
    mail = write(writer, notice)
    assert mail.text.count(URL) == 1
    tree = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(mail.html)
    assert [link.get("href") for link in tree.iter("a")] == [URL]
    assert {"img", "script", "form", "link"}.isdisjoint(element.tag for element in tree.iter())
    assert len(mail.html) < 8_000


@pytest.mark.parametrize("notice", NOTICES)
def test_the_same_notice_is_the_same_bytes(
    writer: NoticeWriter, templates: jinja2.Environment, notice: Notice
) -> None:
    again = compose_notice(notice, "bo@example.org", LETTERHEAD, KEY, templates=templates, date=NOW)
    assert again == write(writer, notice).data


@pytest.mark.parametrize(
    "text", ["a\r\nBcc: eve@x.example", "a\0b", "<script>alert(1)</script>", "\u202eabc", "{{ 1 }}"]
)
def test_what_people_wrote_stays_text_on_its_line(writer: NoticeWriter, text: str) -> None:
    for notice in (Confirm(text, text, URL), Preferences(text, URL)):
        mail = write(writer, notice)
        assert mail.message["Bcc"] is None
        assert not set("\0\u202e") & set(mail.html + mail.text)
        tree = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(mail.html)
        assert "script" not in {element.tag for element in tree.iter()}


def test_a_block_is_told_with_what_was_answered_and_what_to_do(writer: NoticeWriter) -> None:
    mail = write(writer, NOTICES[-1])
    assert mail.message["Subject"] == "a.example refuses our mail"
    assert mail.text == snapshot("""\
a.example refuses our mail

It answered: 550 5.7.26 <no>

Digests wait until 2025-12-04 09:00 (Europe/Berlin), then they are tried
again. Nobody was taken off the list.

See that SPF, DKIM and DMARC of our domain hold, and whether a blocklist
names our server. `papers doctor` shows how long the pause is, `papers
bounces` what came back. You hear of this once a day at most.

https://papers.lab.example/confirm/TOKEN

Lab papers at https://papers.lab.example; questions: ada@lab.example
Example Lab, 1 Example Road, 12345 Town
""")
    bare = Blocked("", "connection\r\nrefused", "09:00")
    mail = write(writer, bare)
    assert mail.message["Subject"] == "The mail relay refuses our mail"
    assert "It answered: connection refused\n" in mail.text
    assert "<a " not in mail.html
    assert "http" not in mail.text.partition("Lab papers at")[0]


def test_a_link_that_is_none_is_refused(writer: NoticeWriter) -> None:
    for notice in NOTICES:
        with pytest.raises(ValueError, match="is no link"):
            writer.write(
                dataclasses.replace(notice, url="https://x.example/ y"), "a@b.example", KEY
            )


def test_without_names_and_places_it_is_shorter(templates: jinja2.Environment) -> None:
    bare = Letterhead("digest@lab.example", "")
    data = compose_notice(SignIn(URL), "bo@example.org", bare, KEY, templates=templates, date=NOW)
    mail = read(data)
    assert mail.message["From"] == "digest@lab.example"
    assert mail.text.endswith("without the link nobody gets in.\n\npapers-bot\n")

"""Whole mails: two parts that come back as they were, encoded piece by piece or at once."""

import quopri
import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.render.email.headers import fold_headers
from bot.render.email.mime import Letter, build_letter, encode
from tests.render.email.conftest import KEY, NOW, read

LINES = st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n"))).map(
    lambda lines: "".join(f"{line}\n" for line in lines)
)


def build(*, text: str = "text\n", html: str = "<p>html\n", key: str = KEY) -> Letter:
    return build_letter(
        fold_headers([("From", "a@lab.example")]),
        fold_headers([("Auto-Submitted", "auto-generated")]),
        key=key,
        domain="lab.example",
        text=[encode(text)],
        html=[encode(html)],
    )


def test_a_letter_has_two_parts_in_order() -> None:
    mail = read(build().dated(NOW))
    assert mail.data.decode() == (
        "From: a@lab.example\r\n"
        "Date: Thu, 04 Dec 2025 08:00:03 +0000\r\n"
        f"Message-ID: <{KEY}@lab.example>\r\n"
        "Auto-Submitted: auto-generated\r\n"
        "MIME-Version: 1.0\r\n"
        f'Content-Type: multipart/alternative;\r\n boundary="=_{KEY}"\r\n'
        "\r\n"
        f"--=_{KEY}\r\n"
        'Content-Type: text/plain; charset="utf-8"\r\n'
        "Content-Transfer-Encoding: quoted-printable\r\n"
        "\r\n"
        "text\r\n"
        "\r\n"
        f"--=_{KEY}\r\n"
        'Content-Type: text/html; charset="utf-8"\r\n'
        "Content-Transfer-Encoding: quoted-printable\r\n"
        "\r\n"
        "<p>html\r\n"
        "\r\n"
        f"--=_{KEY}--\r\n"
    )
    assert (mail.text, mail.html) == ("text\n", "<p>html\n")


@given(LINES, LINES)
def test_any_text_comes_back_and_no_line_is_too_long(text: str, html: str) -> None:
    mail = read(build(text=text, html=html).dated(NOW))
    assert (mail.text, mail.html) == (text, html)
    assert mail.data.isascii()
    assert max(map(len, mail.data.split(b"\r\n"))) <= 76
    assert b"\n" not in mail.data.replace(b"\r\n", b"")
    assert b"\r" not in mail.data.replace(b"\r\n", b"")


@given(LINES, LINES)
def test_pieces_are_encoded_as_the_whole_is(before: str, after: str) -> None:
    assert encode(before) + encode(after) == encode(before + after)


@given(LINES)
def test_another_decoder_reads_the_same(text: str) -> None:
    assert quopri.decodestring(encode(text)).decode() == text.replace("\n", "\r\n")


@given(st.text())
def test_no_part_can_hold_the_boundary(text: str) -> None:
    assert b"=_" not in encode(text)
    assert b"=_" not in encode(f"--=_{KEY}{text}")


@pytest.mark.parametrize("hours", [-11, 0, 5.75, 14])
def test_a_letter_is_as_long_whatever_its_date_and_zone(hours: float) -> None:
    letter = build()
    for date in (NOW, datetime(1999, 1, 1, tzinfo=UTC), datetime(2100, 12, 31, 23, tzinfo=UTC)):
        there = date.astimezone(timezone(timedelta(hours=hours)))
        assert letter.dated(there) == letter.dated(date)
        assert len(letter.dated(there)) == len(letter)


def test_the_same_letter_is_the_same_bytes() -> None:
    assert build() == build()
    assert build().dated(NOW) == build().dated(NOW)
    assert build(key="other").dated(NOW) != build().dated(NOW)


@pytest.mark.parametrize("key", ["", "a b", "a\r\nb", 'a"b', "a>b", "ä", "k" * 65])
def test_what_names_no_mail_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match="cannot name a mail"):
        build(key=key)


def test_lone_surrogates_do_no_harm() -> None:
    assert re.fullmatch(r"a\?b\n", read(build(text="a\ud800b\n").dated(NOW)).text)

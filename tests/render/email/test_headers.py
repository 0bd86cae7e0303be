"""Headers: on one line where folding would break them, and nothing in them that ends them early."""

import email
import email.policy
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.render.email.headers import (
    LONGEST_LINE,
    bracket,
    fold_headers,
    write_address,
    write_phrase,
    write_sender,
)

URL = f"https://papers.lab.example/u/{'x' * 300}"
UNFOLDED = [
    ("List-Unsubscribe", f"<{URL}>, <mailto:unsub+{'y' * 100}@lab.example>"),
    ("List-Id", f'"{"a set " * 30}" <s1.digest.lab.example>'),
    ("Message-ID", f"<{'k' * 64}@{'long.' * 30}example>"),
    ("Feedback-ID", f"s1:digest:{'x' * 80}"),
    ("To", f"{'a' * 64}@{'long.' * 30}example"),
]


@pytest.mark.parametrize(("name", "value"), UNFOLDED)
def test_what_folding_would_break_stays_on_its_line(name: str, value: str) -> None:
    assert fold_headers([(name, value)]) == f"{name}: {value}\r\n".encode()


def read_subject(header: bytes) -> str:
    read = email.message_from_bytes(header + b"\r\n", policy=email.policy.default)
    assert read["Subject"].defects == ()
    return str(read["Subject"])


@pytest.mark.parametrize(
    ("subject", "written"),
    [
        ("33 new: MLLM · 4 Dec", b"33 new: MLLM =?utf-8?q?=C2=B7?= 4 Dec"),
        ("a ü b ü c", b"a =?utf-8?q?=C3=BC_b_=C3=BC?= c"),
        ("ü", b"=?utf-8?q?=C3=BC?="),
        ("", b""),
        ("=?utf-8?q?x?=", b"=?utf-8?q?=3D=3Futf-8=3Fq=3Fx=3F=3D?="),
        ("x" * 100, b"x" * 100),
        (f"{'a ' * 40}b", b"a " * 33 + b"a\r\n a a a a a a b"),
    ],
)
def test_a_subject_is_encoded_where_it_must_be(subject: str, written: bytes) -> None:
    assert fold_headers([("Subject", subject)]) == b"Subject: " + written + b"\r\n"


@given(st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), max_size=150))
def test_any_subject_comes_back(subject: str) -> None:
    written = fold_headers([("Subject", subject)])
    for line in written.removeprefix(b"Subject: ").split(b"\r\n"):
        assert len(line) <= 76 or b" " not in line.strip()
    assert read_subject(written) == " ".join(subject.split())


def test_a_long_subject_is_folded() -> None:
    subject = f"33 new: {'Überlegungen ' * 20}"
    written = fold_headers([("Subject", subject)])
    assert all(len(line) <= 76 for line in written.decode("ascii").split("\r\n"))
    assert read_subject(written) == subject.strip()


HOSTILE = [
    "a\r\nBcc: eve@x.example",
    "a\nb",
    "a\rb",
    "a\0b",
    "a\x1bb",
    "a\x7fb",
    "a\x85b",
    "a\u2028b",
]


@pytest.mark.parametrize("name", ["Subject", "From", "To", "List-Id", "List-Unsubscribe", "X-Any"])
@pytest.mark.parametrize("value", HOSTILE)
def test_no_header_takes_what_could_end_it(name: str, value: str) -> None:
    with pytest.raises(ValueError, match="control"):
        fold_headers([(name, value)])


def test_no_headers_name_takes_it_either() -> None:
    with pytest.raises(ValueError, match="control"):
        fold_headers([("X-Any\r\nBcc", "x")])


def test_a_line_has_an_end() -> None:
    value = "x" * (LONGEST_LINE - len("List-Help: "))
    assert fold_headers([("List-Help", value)]).endswith(b"x\r\n")
    with pytest.raises(ValueError, match="too many for one line"):
        fold_headers([("List-Help", f"{value}x")])


def test_only_an_address_goes_out_beyond_ascii() -> None:
    assert fold_headers([("To", "jürgen@lab.example")]) == "To: jürgen@lab.example\r\n".encode()
    with pytest.raises(ValueError, match="is not ASCII"):
        fold_headers([("List-Help", "<https://lab.example/ü>")])


@pytest.mark.parametrize(
    ("address", "written"),
    [
        ("ada@example.org", "ada@example.org"),
        ("Ada.B+papers_x@Example.ORG", "Ada.B+papers_x@Example.ORG"),
        ("o'hara&sons=x@a-b.example", "o'hara&sons=x@a-b.example"),
        ("ada@localhost", "ada@localhost"),
        ("ada@bücher.example", "ada@xn--bcher-kva.example"),
        ("ada@straße.example", "ada@xn--strae-oqa.example"),
        ("jürgen@example.org", "jürgen@example.org"),
        ("用户@例え.jp", "用户@xn--r8jz45g.jp"),
    ],
)
def test_an_address_goes_out_as_the_wire_wants_it(address: str, written: str) -> None:
    assert write_address(address) == written


@pytest.mark.parametrize(
    "address",
    [
        "", "@", "ada", "ada@", "@example.org", "a@b@example.org", "ada@exa mple.org",
        "a da@example.org", '"a b"@example.org', "ada@[127.0.0.1]", ".ada@example.org",
        "ada.@example.org", "a..b@example.org", "<ada@example.org>", "ada@example.org>",
        "Ada <ada@example.org>", "ada@example.org,bo@example.org", "ada@example..org",
        "ada@-example.org", "ada@example.org-", "ada@example.org.", "(x)ada@example.org",
        "ada@exa_mple.org", f"{'a' * 65}@example.org", f"ada@{'long.' * 60}example",
        "ü" * 33 + "@example.org", "ada@ü..example", "ada@xn--\u0301.example",
        "a\u2028b@example.org",
        "a\x85b@example.org", "a\ud800b@example.org", "ada@exam\u202eple.org",
        *(f"a{char}@example.org" for char in '\r\n\0\t\x7f;:,()[]\\"'),
        *(f"ada@example.org{char}" for char in "\r\n\0\t "),
        "ada@example.org\r\nRCPT TO:<eve@x.example>", "a" * 65_536,
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="is no address to write to") as refused:
        write_address(address)
    assert len(str(refused.value)) < 400


@given(st.text(max_size=40), st.text(max_size=40))
def test_no_address_can_end_a_command_or_a_header(local: str, domain: str) -> None:
    try:
        written = write_address(f"{local}@{domain}")
    except ValueError:
        return
    assert not re.search(r"[\s<>,;:\"()\x00-\x20\x7f]", written)
    assert written.count("@") == 1
    assert fold_headers([("To", written)]).count(b"\r\n") == 1


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("MLLM", '"MLLM"'),
        ('a "b" \\c', r'"a \"b\" \\c"'),
        ("a <b@c.example>, d", '"a <b@c.example>, d"'),
        ("", '""'),
        ("Bücher", "=?utf-8?q?B=C3=BCcher?="),
        (
            "例え" * 6,
            "=?utf-8?q?"
            + "=E4=BE=8B=E3=81=88" * 3
            + "?= =?utf-8?q?"
            + "=E4=BE=8B=E3=81=88" * 3
            + "?=",
        ),
    ],
)
def test_words_before_an_address_are_quoted_or_encoded(text: str, written: str) -> None:
    assert write_phrase(text) == written


@given(st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), max_size=80))
def test_any_words_come_back_and_fit_their_line(text: str) -> None:
    header = fold_headers([("List-Id", f"{write_phrase(text)} <s1@digest.lab.example>")])
    assert header.count(b"\r\n") == 1
    for word in re.findall(rb"=\?utf-8\?q\?[^?]*\?=", header):
        assert len(word) <= 75
    read = email.message_from_bytes(b"From" + header[7:] + b"\r\n", policy=email.policy.default)
    (address,) = read["From"].addresses
    shown = text.encode()[:160].decode(errors="ignore")
    assert address.addr_spec == "s1@digest.lab.example"
    # Python's reader puts a space between encoded words, where none is.
    assert "".join(address.display_name.split()) == "".join(shown.split())


@pytest.mark.parametrize(
    "url", ["", "https://a.example/ x", "https://a.example/>", "<x", "https://ü.example", "x\n"]
)
def test_no_link_ends_its_brackets(url: str) -> None:
    with pytest.raises(ValueError, match="is no link"):
        bracket(url)
    assert bracket("mailto:a+b@lab.example?x=~") == "<mailto:a+b@lab.example?x=~>"


def test_a_sender_has_a_name_or_none() -> None:
    assert write_sender("Lab papers", "a@b.example") == '"Lab papers" <a@b.example>'
    assert write_sender("", "a@b.example") == "a@b.example"
    folded = fold_headers([("From", write_sender('Ünï "x", y', "a@b.example"))])
    read = email.message_from_bytes(folded + b"\r\n", policy=email.policy.default)
    assert read["From"].addresses[0].display_name == 'Ünï "x", y'

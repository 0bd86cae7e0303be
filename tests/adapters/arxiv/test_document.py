import codecs

import pytest

from bot.adapters.arxiv.document import MAX_BYTES, parse_document, quote
from bot.errors import SourceError

URL = "https://mirror.example/rss/cs.AI"
RSS = '<rss version="2.0"><channel><title>Änderungen – ½</title></channel></rss>'
ATOM = '<feed xmlns="http://www.w3.org/2005/Atom"><title>Änderungen – ½</title></feed>'


def refusal(body: bytes) -> str:
    with pytest.raises(SourceError) as caught:
        parse_document(body, url=URL)
    assert caught.value.url == URL
    assert caught.value.retry_after is None
    return caught.value.reason


@pytest.mark.parametrize(("text", "is_atom"), [(RSS, False), (ATOM, True)])
def test_tells_rss_from_atom(text: str, *, is_atom: bool) -> None:
    document = parse_document(text.encode(), url=URL)
    assert document.is_atom is is_atom
    assert document.xml == text.encode()


@pytest.mark.parametrize(
    "body",
    [
        RSS.encode(),
        codecs.BOM_UTF8 + RSS.encode(),
        b"\n  " + RSS.encode(),
        RSS.encode("utf-16"),
        codecs.BOM_UTF16_BE + RSS.encode("utf-16-be"),
        b"<?xml version='1.0' encoding='UTF-8'?>" + RSS.encode(),
        b"<?xml version='1.0' encoding='us-ascii'?>" + RSS.encode(),
        b"<?xml version='1.0' encoding='no-such-thing'?>" + RSS.encode(),
        b"<?xml version='1.0' encoding='utf-16'?>" + RSS.encode(),
        b"<?xml version='1.0' encoding='idna'?>" + RSS.encode(),
        b'<?xml version="1.0" encoding="Windows-1252"?>' + RSS.encode("windows-1252"),
    ],
)
def test_reads_what_is_decodable_whatever_is_declared(body: bytes) -> None:
    assert "Änderungen – ½" in parse_document(body, url=URL).xml.decode()


def test_believes_a_declared_character_set() -> None:
    body = b"<?xml version='1.0' encoding='ISO-8859-1'?><rss>\xe9</rss>"
    assert "<rss>é</rss>" in parse_document(body, url=URL).xml.decode()


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"<rss>\xff</rss>", "is not text: byte 5 is not utf-8"),
        (b"<?xml encoding='us-ascii'?><rss>\xe9</rss>", "is not text: byte 32 is not utf-8"),
        (codecs.BOM_UTF16_LE + b"<", "is not text: byte 2 is not utf-16"),
    ],
)
def test_refuses_what_cannot_be_decoded(body: bytes, reason: str) -> None:
    assert refusal(body).startswith(reason)


@pytest.mark.parametrize("body", [b"", b" \n\t", codecs.BOM_UTF8])
def test_refuses_an_empty_body(body: bytes) -> None:
    assert refusal(body).startswith("is empty")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"Rate exceeded.", "is not a feed; it says: Rate exceeded."),
        (b'{"error": 1}', 'is not a feed; it says: {"error": 1}'),
        (b"Nothing <b>here</b>", "is not a feed; it says: Nothing here"),
        (
            b"<!DOCTYPE html><html><title>A\n page</title>",
            "is an HTML page instead of a feed; it says: A page",
        ),
        (
            b"<HTML><script>x < 1</script><body>No &amp; such</body>",
            "is an HTML page instead of a feed; it says: No & such",
        ),
        (b"<?xml version='1.0'?>\n<!doctype html><p>x", "is an HTML page instead of a feed"),
    ],
)
def test_quotes_what_is_said_instead_of_a_feed(body: bytes, words: str) -> None:
    assert refusal(body).startswith(words)


@pytest.mark.parametrize("body", [b"<OAI-PMH/>", b"<feed/>", b"<x:rss xmlns:x='urn:x'/>"])
def test_refuses_other_xml(body: bytes) -> None:
    assert "neither RSS nor Atom" in refusal(body)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"<rss>\n <channel>", "no element found at line 2, column 11"),
        (b"<rss><a></b></rss>", "mismatched tag at line 1, column 11"),
        (b"<rss>\n<dc:creator/></rss>", "unbound prefix at line 2"),
        (b"<rss>&nbsp;</rss>", "undefined entity at line 1"),
        (b"<rss>a & b</rss>", "not well-formed (invalid token) at line 1"),
        (b"<rss>a \x00 b</rss>", "not well-formed (invalid token) at line 1"),
        (b"<rss/>more", "junk after document element at line 1"),
    ],
)
def test_refuses_xml_that_is_not_well_formed_and_says_where(body: bytes, reason: str) -> None:
    assert f"is not well-formed XML: {reason}" in refusal(body)


BOMB = """<?xml version="1.0"?>
<!-- a --><!DOCTYPE rss [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>
<rss><channel><title>&b;</title></channel></rss>"""


@pytest.mark.parametrize(
    "body",
    [
        BOMB.encode(),
        BOMB.encode("utf-16"),
        b'<!DOCTYPE rss SYSTEM "file:///etc/passwd"><rss/>',
        b'<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]><rss>&x;</rss>',
        b"<!DOCTYPE rss><rss/>",
    ],
)
def test_refuses_document_types_and_so_entities(body: bytes) -> None:
    assert refusal(body).startswith("declares a document type")


def test_lets_text_speak_of_document_types() -> None:
    body = b"<rss><![CDATA[<!DOCTYPE rss [<!ENTITY a 'b'>]>]]></rss>"
    assert parse_document(body, url=URL).xml == body


def test_strips_control_characters_that_xml_forbids() -> None:
    body = b"<rss>a\x01\x0b\x1f\tb</rss>"
    assert parse_document(body, url=URL).xml == b"<rss>a\tb</rss>"


def test_refuses_a_body_that_is_too_long() -> None:
    assert refusal(b" " * (MAX_BYTES + 1)).startswith("is longer than 32 MiB")


def test_refuses_too_many_elements_before_feedparser_sees_them() -> None:
    assert refusal(b"<rss>" + b"<a/>" * 200_000 + b"</rss>").startswith("has more than 200000")


def test_quotes_briefly() -> None:
    assert quote("word " * 1000) == f"{('word ' * 60)[:300]}…"

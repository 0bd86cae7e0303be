"""What a server's refusal means: whose fault it is, and who is left alone for it."""

import pytest

from bot.core.refusals import Meaning, Phase, judge, read_refusal


@pytest.mark.parametrize(
    ("code", "text", "status"),
    [
        (550, "5.1.1 who?", "5.1.1"),
        (550, "5.1.1", "5.1.1"),
        (450, "4.7.25 no name", "4.7.25"),
        (550, "4.7.1 of another class", ""),
        (250, "2.0.0 ok", "2.0.0"),
        (550, "5.1.1.1 x", ""),
        (550, "5.1.1x", ""),
        (550, "who? 5.1.1", ""),
        (550, "", ""),
        (550, "5.1234.1 x", ""),
    ],
)
def test_a_status_is_read_where_it_is_one(code: int, text: str, status: str) -> None:
    refusal = read_refusal(Phase.RECIPIENT, code, text)
    assert (refusal.code, refusal.text, refusal.status) == (code, text, status)


@pytest.mark.parametrize(
    ("phase", "reply", "meaning"),
    [
        (Phase.CONNECT, "421 4.3.2 busy", Meaning.RELAY),
        (Phase.CONNECT, "450 4.3.2 busy", Meaning.LATER),
        (Phase.CONNECT, "454 4.7.0 TLS is not there", Meaning.RELAY),
        (Phase.CONNECT, "535 5.7.8 wrong password", Meaning.RELAY),
        (Phase.CONNECT, "554 go away", Meaning.RELAY),
        (Phase.CONNECT, "-1 ?", Meaning.RELAY),
        (Phase.SENDER, "421 too many", Meaning.RELAY),
        (Phase.SENDER, "452 4.3.1 disk full", Meaning.LATER),
        (Phase.SENDER, "550 5.1.8 no such sender", Meaning.RELAY),
        (Phase.SENDER, "550 5.7.1 not from you", Meaning.RELAY),
        (Phase.SENDER, "552 5.3.4 too large", Meaning.CONTENT),
        (Phase.SENDER, "552 too large", Meaning.CONTENT),
        (Phase.RECIPIENT, "550 5.1.1 who?", Meaning.ADDRESS),
        (Phase.RECIPIENT, "550 5.2.1 disabled", Meaning.ADDRESS),
        (Phase.RECIPIENT, "552 5.2.2 full", Meaning.ADDRESS),
        (Phase.RECIPIENT, "550 5.1.2 no such domain", Meaning.ADDRESS),
        (Phase.RECIPIENT, "550 who?", Meaning.ADDRESS),
        (Phase.RECIPIENT, "550 5.7.1 blocked", Meaning.DOMAIN),
        (Phase.RECIPIENT, "450 4.7.1 greylisted", Meaning.DOMAIN),
        (Phase.RECIPIENT, "451 greylisted", Meaning.LATER),
        (Phase.RECIPIENT, "452 4.2.2 full", Meaning.LATER),
        (Phase.RECIPIENT, "421 4.7.0 rate", Meaning.DOMAIN),
        (Phase.BODY, "421 4.7.28 rate", Meaning.DOMAIN),
        (Phase.BODY, "450 later", Meaning.LATER),
        (Phase.BODY, "550 5.7.26 not authenticated", Meaning.DOMAIN),
        (Phase.BODY, "554 spam", Meaning.DOMAIN),
        (Phase.BODY, "554 5.3.0 no", Meaning.DOMAIN),
        (Phase.BODY, "554 5.6.0 bad content", Meaning.CONTENT),
        (Phase.BODY, "552 5.3.4 too large", Meaning.CONTENT),
        (Phase.BODY, "554 5.3.4 too large", Meaning.CONTENT),
        (Phase.BODY, "550 5.1.1 who?", Meaning.ADDRESS),
        (Phase.BODY, "552 5.2.2 full", Meaning.ADDRESS),
    ],
)
def test_each_refusal_has_its_meaning(phase: Phase, reply: str, meaning: Meaning) -> None:
    code, _, text = reply.partition(" ")
    assert judge(read_refusal(phase, int(code), text)) is meaning

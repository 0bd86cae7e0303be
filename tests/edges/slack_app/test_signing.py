import pytest

from bot.edges.slack_app.signing import WINDOW_SECONDS, Verdict, judge
from tests.fakes.slack_api import sign

NOW = 1_764_800_000
SECRET = "signing-secret"  # noqa: S105 - nobody's
BODY = "command=%2Fpapers&text=caf\u00e9".encode()


def judged(timestamp: str, signature: str, body: bytes = BODY) -> Verdict:
    return judge(body, timestamp, signature, secret=SECRET, now=NOW + 0.5)


def test_what_slack_signed_is_genuine() -> None:
    assert judged(str(NOW), sign(BODY, str(NOW), SECRET)) is Verdict.GENUINE


def test_the_example_of_slacks_documentation_is_genuine() -> None:
    # https://docs.slack.dev/authentication/verifying-requests-from-slack
    body = (
        b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&"
        b"channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&"
        b"command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands"
        b"%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&"
        b"trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
    )
    signature = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
    secret = "8f742231b10e8888abcd99yyyzzz85a5"  # noqa: S105
    verdict = judge(body, "1531420618", signature, secret=secret, now=1531420618)
    assert verdict is Verdict.GENUINE


@pytest.mark.parametrize("late", [WINDOW_SECONDS - 1, 1 - WINDOW_SECONDS])
def test_five_minutes_are_allowed(late: int) -> None:
    at = str(NOW - late)
    assert judged(at, sign(BODY, at, SECRET)) is Verdict.GENUINE


@pytest.mark.parametrize("late", [WINDOW_SECONDS + 1, -2 - WINDOW_SECONDS, 10**9])
def test_a_request_of_another_time_is_old(late: int) -> None:
    at = str(NOW - late)
    assert judged(at, sign(BODY, at, SECRET)) is Verdict.OLD


@pytest.mark.parametrize(
    "timestamp",
    ["", "yesterday", "1764800000.0", "-1", " 1764800000", "1e9", "\u0661\u0667", "9" * 40, "nan"],
)
def test_a_time_that_is_no_whole_number_is_malformed(timestamp: str) -> None:
    assert judged(timestamp, sign(BODY, timestamp, SECRET)) is Verdict.MALFORMED


@pytest.mark.parametrize(
    "signature",
    [
        "",
        "v0=",
        "v0=bad",
        "caf\u00e9",
        "\udcff",
        sign(BODY, str(NOW), "another"),
        sign(BODY + b" ", str(NOW), SECRET),
        sign(BODY, str(NOW - 1), SECRET),
        sign(BODY, str(NOW), SECRET).upper(),
    ],
)
def test_any_other_signature_is_forged(signature: str) -> None:
    assert judged(str(NOW), signature) is Verdict.FORGED

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.seals import Seals
from bot.errors import MissingError

SEALS = Seals("k" * 32)
PARTS = st.lists(st.text(max_size=20) | st.integers(-(2**40), 2**40), max_size=4)


@given(st.text(max_size=10), PARTS)
def test_what_was_sealed_is_read_back_and_fits_an_address(
    kind: str, parts: list[str | int]
) -> None:
    try:
        kind.encode()
        "".join(map(str, parts)).encode()
    except UnicodeEncodeError:
        return
    token = SEALS.seal(kind, *parts)
    assert SEALS.unseal(kind, token) == tuple(parts)
    assert set(token) <= {*"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."}
    assert token == SEALS.seal(kind, *parts)


@given(st.data())
def test_forged_and_cut_tokens_are_refused(data: st.DataObject) -> None:
    token = SEALS.seal("edition", "config", "Clouds", "2025-12-04")
    at = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.sampled_from("abcXYZ019-_."))
    changed = token[:at] + other + token[at + 1 :]
    for forged in (token[:at], changed if changed != token else token + other):
        with pytest.raises(MissingError, match="not one of ours"):
            SEALS.unseal("edition", forged)


@pytest.mark.parametrize("token", ["", ".", "é", "\ud800", "\x00", "a" * 65_536, "a.b.c"])
def test_what_is_no_token_is_refused(token: str) -> None:
    with pytest.raises(MissingError):
        SEALS.unseal("edition", token)


def test_no_kind_and_no_key_opens_anothers() -> None:
    token = SEALS.seal("edition", "a")
    for seals, kind in ((SEALS, "sign-in"), (Seals("j" * 32), "edition")):
        with pytest.raises(MissingError):
            seals.unseal(kind, token)


def test_a_hundred_thousand_forgeries_open_nothing() -> None:
    draw = random.Random(7)  # noqa: S311 - forgeries, not keys
    tokens = [SEALS.seal(kind, "config", "Clouds", 1) for kind in ("edition", "sign-in", "form")]
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."
    opened = 0
    for _ in range(100_000):
        token = draw.choice(tokens)
        at = draw.randrange(len(token))
        forged = draw.choice(
            (token[:at], token[at + 1 :], token[:at] + draw.choice(letters) + token[at + 1 :])
        )
        if forged in tokens:
            continue
        try:
            SEALS.unseal(draw.choice(("edition", "sign-in", "form")), forged)
            opened += 1
        except MissingError:
            pass
    assert opened == 0

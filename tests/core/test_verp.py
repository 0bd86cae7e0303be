"""The address that bounces come back to: it names one delivery, and nobody else can write it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.verp import LONGEST_MAILBOX, build_return_path, read_return_path

SECRET = "s" * 32
KEY = "0123456789abcdef0123456789abcdef"
MAILBOX = "bounces@lab.example"


def test_an_address_names_its_delivery() -> None:
    address = build_return_path(KEY, MAILBOX, SECRET)
    assert address == f"bounces+{KEY}.mnpatmrjgyh6ya7z@lab.example"
    assert read_return_path(address, SECRET) == KEY


def test_servers_on_the_way_may_change_case() -> None:
    address = build_return_path(KEY, MAILBOX, SECRET)
    assert read_return_path(address.upper(), SECRET) == KEY


def test_the_longest_mailbox_leaves_room_for_all_of_it() -> None:
    address = build_return_path(KEY, f"{'b' * LONGEST_MAILBOX}@lab.example", SECRET)
    assert len(address.partition("@")[0]) == 64


def test_without_a_secret_it_is_the_mailbox() -> None:
    assert build_return_path(KEY, MAILBOX, "") == MAILBOX
    assert read_return_path(build_return_path(KEY, MAILBOX, SECRET), "") is None


@pytest.mark.parametrize("key", ["", "a" * 33, "a.b", "A", "a b", "a\n"])
def test_what_is_no_key_is_not_written(key: str) -> None:
    assert build_return_path(key, MAILBOX, SECRET) == MAILBOX


@pytest.mark.parametrize(
    "address",
    [
        "",
        "bounces@lab.example",
        "bounces+@lab.example",
        "bounces+.@lab.example",
        f"bounces+{KEY}@lab.example",
        f"bounces+{KEY}.@lab.example",
        f"bounces+{KEY}.aaaaaaaaaaaaaaaa@lab.example",
        f"bounces+{KEY}.ääää@lab.example",
        f"bounces+{KEY}",
    ],
)
def test_what_strangers_write_names_nothing(address: str) -> None:
    assert read_return_path(address, SECRET) is None


def test_another_secrets_address_names_nothing() -> None:
    assert read_return_path(build_return_path(KEY, MAILBOX, "t" * 32), SECRET) is None


@given(st.text(max_size=90))
def test_any_text_is_read(text: str) -> None:
    assert read_return_path(f"{text}@lab.example", SECRET) is None


@given(st.integers(0, 56), st.sampled_from("abcdefghijklmnopqrstuvwxyz234567-."))
def test_an_address_that_was_changed_anywhere_names_nothing_else(at: int, char: str) -> None:
    address = build_return_path(KEY, MAILBOX, SECRET)
    changed = address[: 8 + at] + char + address[9 + at :]
    assert read_return_path(changed, SECRET) in {None, KEY}

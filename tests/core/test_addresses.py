import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.core.addresses import LONGEST, Address, hash_address, key_of, parse_address
from bot.errors import UserError


@pytest.mark.parametrize(
    ("text", "address", "key"),
    [
        ("ada@lab.example", "ada@lab.example", "ada@lab.example"),
        ("  ada@lab.example ", "ada@lab.example", "ada@lab.example"),
        ("Ada.L@Lab.EXAMPLE", "Ada.L@lab.example", "ada.l@lab.example"),
        ("ada+papers@lab.example", "ada+papers@lab.example", "ada+papers@lab.example"),
        ("o'brien@lab.example", "o'brien@lab.example", "o'brien@lab.example"),
        ("ada@bücher.example", "ada@xn--bcher-kva.example", "ada@xn--bcher-kva.example"),
        ("ada@test", "ada@test", "ada@test"),
    ],
)
def test_reads_what_people_type(text: str, address: str, key: str) -> None:
    assert parse_address(text) == Address(address, key)
    assert parse_address(text).domain == key.partition("@")[2]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ada",
        "ada@",
        "@lab.example",
        "ada@lab..example",
        "ada lovelace@lab.example",
        "Ada <ada@lab.example>",
        "ada@lab.example, bo@lab.example",
        "ada@lab.example\r\nBcc: bo@lab.example",
        "ada@lab.example\n",
        "ada\0@lab.example",
        "ada\u202e@lab.example",
        "a\u0301da@lab.example",
        "аda@lab.example",
        "ädä@lab.example",
        '"ada b"@lab.example',
        "ada@[192.0.2.1]",
        "ada@-lab.example",
        "a" * 65 + "@lab.example",
        "a@" + ".".join(["b" * 60] * 5) + ".example",
        "x" * 65_536 + "@lab.example",
    ],
)
def test_refuses_what_is_none_in_a_short_sentence(text: str) -> None:
    with pytest.raises(UserError) as refused:
        parse_address(text)
    said = str(refused.value)
    assert "write it like ada@lab.example" in said
    assert len(said) < 200
    assert said.isprintable()


@given(st.text(max_size=300) | st.from_regex(r"[^@]{1,20}@[^@]{1,20}\.[a-z]{2,5}", fullmatch=True))
@example("A@B.example")
def test_what_is_read_reads_as_itself(text: str) -> None:
    try:
        address = parse_address(text)
    except UserError:
        return
    assert parse_address(address.text) == address
    assert address.text.isascii()
    assert address.text.isprintable()
    assert len(address.text) <= LONGEST


def test_addresses_are_compared_and_hashed_whatever_their_case() -> None:
    assert hash_address("Ada@Lab.example") == hash_address("ada@lab.EXAMPLE")
    assert hash_address("ada@lab.example") != hash_address("bo@lab.example")
    assert key_of(" Not One ") == "not one"
    assert "ada" not in hash_address("ada@lab.example")

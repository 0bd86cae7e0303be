import pytest

from bot.config.mentions import find_mentions

TEXT = """\
[bot]
contact = "Ada@lab.example"

[[sets]]
name = "digests"
keywords = ["digests", "ada@lab.example"]
post = [
  { email = "ada@Lab.example", at = "09:00" },
  { folder = "digests/cats/" }, { channel = "#papers" },
]

[[sets]]
name = "#papers"
query = "cat"
[[sets.post]]
email = " ada@lab.example "
"""


@pytest.mark.parametrize(
    ("address", "lines"),
    [
        ("ada@lab.example", (2, 8, 16)),
        ("ADA@LAB.EXAMPLE ", (2, 8, 16)),
        ("#papers", (9,)),
        ("digests//cats", (9,)),
        ("digests", ()),
        ("bo@lab.example", ()),
    ],
)
def test_the_lines_that_name_an_address_are_found(address: str, lines: tuple[int, ...]) -> None:
    assert find_mentions(TEXT, address) == lines


def test_a_configuration_without_addresses_names_none() -> None:
    assert find_mentions("# nothing\n", "ada@lab.example") == ()
    assert find_mentions("[web]\nport = 8080\n", "8080") == ()

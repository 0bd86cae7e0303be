import pytest

from bot.core.slack_names import (
    Person,
    SlackPlace,
    is_channel,
    is_team,
    is_user,
    parse_owner,
    parse_person,
    parse_place,
    workspace_owner,
)


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("T0123/C0456", SlackPlace("T0123", "C0456")),
        ("E0123/D0456", SlackPlace("E0123", "D0456")),
        ("#papers", SlackPlace("", "#papers")),
        ("C0456", SlackPlace("", "C0456")),
        ("#a/b", SlackPlace("", "#a/b")),
        ("t0123/C0456", SlackPlace("", "t0123/C0456")),
    ],
)
def test_an_address_is_read_and_written_back(address: str, place: SlackPlace) -> None:
    assert parse_place(address) == place
    assert str(place) == address


def test_a_conversation_with_one_person_is_told_by_its_id() -> None:
    assert SlackPlace("T0123", "D0456").is_direct
    assert not SlackPlace("T0123", "C0456").is_direct
    assert not SlackPlace("", "Data").is_direct


def test_who_asked_is_written_and_read_back() -> None:
    person = Person("T0123", "U0456")
    assert person.origin == "slack:T0123/U0456"
    assert parse_person(person.origin) == person


@pytest.mark.parametrize("origin", ["config", "operator", "slack:T0123", "slack:T0123/C0456", ""])
def test_others_are_nobody_of_slack(origin: str) -> None:
    assert parse_person(origin) is None


def test_a_workspace_owns_sets() -> None:
    assert parse_owner(workspace_owner("T0123")) == "T0123"
    assert parse_owner("config") is None
    assert parse_owner("slack:T0123/U0456") is None


def test_ids_are_told_by_their_shape() -> None:
    assert (is_team("T0123"), is_team("C0123"), is_team("T0123\n")) == (True, False, False)
    assert (is_channel("G0123"), is_channel("#papers")) == (True, False)
    assert (is_user("W0123"), is_user("U0123"), is_user("u0123")) == (True, True, False)

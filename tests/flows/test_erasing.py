from datetime import datetime

import pytest

from bot.core.editions import Destination, DestinationKind
from bot.core.records import Traces
from bot.errors import UserError
from bot.flows.erasing import erase
from tests.fakes.papers import NOW

ADA = Destination(DestinationKind.EMAIL, "ada@lab.example")
FOUND = Traces((ADA,), 1, 2, 3, 4)


class Records:
    """Holds something of Ada, and says what was erased."""

    def __init__(self) -> None:
        self.erased: list[tuple[str, datetime]] = []

    def find_traces(self, address: str) -> Traces:
        return FOUND if address == ADA.address else Traces()

    def erase(self, address: str, at: datetime) -> Traces:
        self.erased.append((address, at))
        return FOUND


def never(_traces: Traces) -> bool:
    raise AssertionError


def test_an_address_is_erased_once_somebody_agrees_to_what_goes() -> None:
    records = Records()
    shown: list[Traces] = []

    def agrees(traces: Traces) -> bool:
        shown.append(traces)
        return len(shown) > 1

    assert erase(records, ADA.address, NOW, agrees=agrees) is None
    assert records.erased == []
    assert erase(records, f" {ADA.address} ", NOW, agrees=agrees) == FOUND
    assert shown == [FOUND, FOUND]
    assert records.erased == [(ADA.address, NOW)]


def test_nobody_is_asked_about_an_address_that_is_not_there() -> None:
    records = Records()
    assert erase(records, "bo@lab.example", NOW, agrees=never) == Traces()
    assert records.erased == []


@pytest.mark.parametrize(
    ("lines", "said"), [((12,), "on line 12: take"), ((3, 12), "on lines 3 and 12: take")]
)
def test_what_the_configuration_names_is_taken_out_there_first(
    lines: tuple[int, ...], said: str
) -> None:
    records = Records()
    with pytest.raises(UserError, match=said) as refused:
        erase(records, ADA.address, NOW, lines=lines, agrees=never)
    assert str(refused.value).endswith("then erase again; nothing was changed")
    assert records.erased == []


def test_an_address_is_needed() -> None:
    with pytest.raises(UserError, match=r"^name the e-mail address, channel or folder to erase$"):
        erase(Records(), "  ", NOW, agrees=never)

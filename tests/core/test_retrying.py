from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.editions import DestinationKind
from bot.core.retrying import BACK_OFF, LONGEST_WAIT, pause_before, pause_when_busy


@pytest.mark.parametrize("kind", DestinationKind)
def test_waits_grow_and_end(kind: DestinationKind) -> None:
    waits = [
        pause_before(kind, attempt, 0.0, None) for attempt in range(1, len(BACK_OFF[kind]) + 1)
    ]
    assert waits == list(BACK_OFF[kind]) == sorted(BACK_OFF[kind])
    assert pause_before(kind, len(waits) + 1, 0.0, None) is None


def test_a_mail_relay_is_waited_for_most_of_a_day() -> None:
    whole = sum(BACK_OFF[DestinationKind.EMAIL], timedelta())
    assert timedelta(hours=18) < whole < timedelta(hours=24)


@given(st.sampled_from(DestinationKind), st.integers(1, 5), st.floats(0, 1))
def test_chance_adds_at_most_a_fifth(kind: DestinationKind, attempt: int, chance: float) -> None:
    wait = pause_before(kind, attempt, chance, None)
    assert wait is not None
    assert BACK_OFF[kind][attempt - 1] <= wait <= BACK_OFF[kind][attempt - 1] * 1.2


@given(st.floats(), st.floats(0, 1))
def test_what_a_destination_asks_for_is_the_least_that_is_waited_up_to_a_day(
    asked: float, chance: float
) -> None:
    wait = pause_before(DestinationKind.CHANNEL, 1, chance, asked)
    assert wait is not None
    assert wait >= BACK_OFF[DestinationKind.CHANNEL][0]
    assert wait <= LONGEST_WAIT
    if asked == asked and asked <= LONGEST_WAIT.total_seconds():  # noqa: PLR0124 - not a NaN
        assert wait >= timedelta(seconds=max(asked, 0.0))


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [(None, 30), (0.0, 1), (-5.0, 1), (45.0, 45), (1e300, 86_400), (float("nan"), 86_400)],
)
def test_who_is_busy_is_left_alone_for_as_long_as_it_asks_up_to_a_day(
    asked: float | None, seconds: float
) -> None:
    assert pause_when_busy(0.0, asked) == timedelta(seconds=seconds)
    assert pause_when_busy(1.0, asked) == timedelta(seconds=seconds * 1.2)

import pytest

from bot.adapters.arxiv.retries import (
    MAX_ATTEMPTS,
    Setback,
    ordinal,
    parse_retry_after,
    pause_after,
)

DATE = "Thu, 04 Dec 2025 01:00:00 GMT"


@pytest.mark.parametrize(
    ("attempt", "jitter", "seconds"),
    [(1, 0.0, 2.0), (1, 0.5, 4.0), (1, 1.0, 6.0), (2, 0.5, 8.0), (3, 0.5, 16.0), (3, 0.0, 8.0)],
)
def test_pauses_double_and_are_spread(attempt: int, jitter: float, seconds: float) -> None:
    assert pause_after(attempt, Setback("answered 503"), jitter) == seconds


@pytest.mark.parametrize(("retry_after", "seconds"), [(0.0, 4.0), (3.0, 4.0), (12.0, 12.0)])
def test_a_pause_is_never_shorter_than_the_server_asks(retry_after: float, seconds: float) -> None:
    assert pause_after(1, Setback("answered 429", retry_after), 0.5) == seconds


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "12"}, 12.0),
        ({"retry-after": " 0 "}, 0.0),
        ({"retry-after": "86400"}, 3600.0),
        ({"retry-after": "9" * 5000}, 3600.0),
        ({"retry-after": "Thu, 04 Dec 2025 01:00:30 GMT", "date": DATE}, 30.0),
        ({"retry-after": "Thu, 04 Dec 2025 00:00:00 GMT", "date": DATE}, 0.0),
        ({"retry-after": "Fri, 05 Dec 2025 01:00:00 GMT", "date": DATE}, 3600.0),
        ({"retry-after": "Thu, 04 Dec 2025 01:00:30 GMT"}, None),
        ({"retry-after": "Thu, 04 Dec 2025 01:00:30 GMT", "date": "now"}, None),
        ({"retry-after": "Thu, 04 Dec 2025 01:00:30 -0000", "date": DATE}, None),
        ({"retry-after": "soon", "date": DATE}, None),
        ({"retry-after": "-5", "date": DATE}, None),
        ({"retry-after": "1.5", "date": DATE}, None),
        ({"retry-after": "²", "date": DATE}, None),
        ({"retry-after": "", "date": DATE}, None),
        ({"date": DATE}, None),
        ({}, None),
    ],
)
def test_reads_retry_after(headers: dict[str, str], seconds: float | None) -> None:
    assert parse_retry_after(headers) == seconds


def test_attempts_can_be_said_in_words() -> None:
    words = [ordinal(attempt) for attempt in range(1, MAX_ATTEMPTS + 1)]
    assert words == ["first of four", "second of four", "third of four", "fourth of four"]

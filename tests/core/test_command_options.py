import pytest

from bot.core.command_options import Options, split_options
from bot.core.typed import parse_typed
from bot.errors import CommandError


def split(text: str) -> tuple[str, Options]:
    typed = parse_typed(text)
    words = typed.split(0)
    count, options = split_options(typed, words)
    return " ".join(word.text for word in words[:count]), options


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("at 09:00", Options(at="09:00")),
        ("AT 9:05", Options(at="09:05")),
        ("at ０９：３０", Options(at="09:30")),
        ("at ٠٩:٣٠", Options(at="09:30")),
        ('at "09:00"', Options(at="09:00")),
        ("at “23:59”", Options(at="23:59")),
        ("daily", Options(on="daily")),
        ("Weekdays", Options(on="weekdays")),
        ("on weekdays", Options(on="weekdays")),
        ("weekly", Options(on="weekly")),
        ("weekly mon", Options(on="weekly mon")),
        ("weekly on Thurs", Options(on="weekly thu")),
        ("on weekly SUNDAY", Options(on="weekly sun")),
        ("tz Europe/Berlin", Options(timezone="Europe/Berlin")),
        ("TZ utc", Options(timezone="UTC")),
        ("tz america/new york", Options(timezone="America/New_York")),
        (
            "tz america/argentina/buenos aires daily",
            Options("", "daily", "America/Argentina/Buenos_Aires"),
        ),
        ('tz "america/new york"', Options(timezone="America/New_York")),
        ("at 09:00 weekdays tz UTC", Options("09:00", "weekdays", "UTC")),
        ("tz UTC weekly fri at 9:00", Options("09:00", "weekly fri", "UTC")),
        ("weekly tz UTC at 0:00", Options("00:00", "weekly", "UTC")),
        ("on daily at 10:00", Options("10:00", "daily")),
    ],
)
@pytest.mark.parametrize(
    "what", ["MLLM", '"look at 09:00 daily"', "look at 2 weekly robots", "daily"]
)
def test_options_stand_at_the_end_in_any_order(what: str, text: str, options: Options) -> None:
    assert split(f"{what} {text}") == (what, options)


@pytest.mark.parametrize(
    "text",
    [
        "MLLM",
        "attention at scale",
        "robots at 2 scales",
        "solar power at noon",
        "daily",
        "weekly",
        "on",
        "at",
        "tz",
        "daily activities",
        "weekly supervised learning",
        "weekdays of robots",
        "animals on weekly mono feeds",
        "turn on",
        "turn weekly on",
        'a "b at 09:00" c',
        "'at 09:00 daily'",
        '"tz UTC" x',
        'x "daily"',
        "at 3:1 compression",
    ],
)
def test_other_words_belong_to_what_is_looked_for(text: str) -> None:
    assert split(text) == (text, Options())


@pytest.mark.parametrize("text", ["", "at 09:00", "at 25:00 MLLM", "tz nowhere", "at 09:00 MLLM"])
def test_nothing_before_the_options_is_for_the_caller_to_refuse(text: str) -> None:
    assert split(text) == ("", Options())


@pytest.mark.parametrize(
    ("text", "position", "message"),
    [
        ("x at 25:00", 6, "`25:00` at position 6 is not a time of day: write it like `09:00`"),
        ("x at 25h", 6, "`25h` at position 6 is not a time of day: write it like `09:00`"),
        ("x at 9:5", 6, "`9:5` at position 6 is not a time of day: write it like `09:00`"),
        ("x at 9", 6, "`9` at position 6 is not a time of day: did you mean `09:00`?"),
        ("x at 9.30", 6, "`9.30` at position 6 is not a time of day: did you mean `09:30`?"),
        ("x at 0930", 6, "`0930` at position 6 is not a time of day: did you mean `09:30`?"),
        ("x at 9h", 6, "`9h` at position 6 is not a time of day: did you mean `09:00`?"),
        ("x at 9am", 6, "`9am` at position 6 is not a time of day: did you mean `09:00`?"),
        ("x at 12 AM", 6, "`12 AM` at position 6 is not a time of day: did you mean `00:00`?"),
        ("x at 12pm", 6, "`12pm` at position 6 is not a time of day: did you mean `12:00`?"),
        ("x at 7:15 pm", 6, "`7:15 pm` at position 6 is not a time of day: did you mean `19:15`?"),
        (
            "x at 9:00, daily",
            6,
            "`9:00,` at position 6 is not a time of day: did you mean `09:00`?",
        ),
        (
            "x tz UTC at noon",
            13,
            "`noon` at position 13 is not a time of day: write it like `09:00`",
        ),
        ("x weekly monn", 10, "`monn` at position 10 is not a weekday: did you mean `mon`?"),
        (
            "x on weekly Mondays",
            13,
            "`Mondays` at position 13 is not a weekday: did you mean `mon`?",
        ),
        (
            "x tz Berln",
            6,
            "`Berln` at position 6 is not a time zone: did you mean `Europe/Berlin`?",
        ),
        (
            "x tz new  york daily",
            6,
            "`new york` at position 6 is not a time zone: did you mean `America/New_York`?",
        ),
        (
            "x tz ?! tz UTC",
            6,
            "`?!` at position 6 is not a time zone: write it like `Europe/Berlin`",
        ),
        (
            "x tz UTC dayly",
            10,
            "`dayly` at position 10 is not part of a schedule: did you mean `daily`?",
        ),
        (
            "x at 09:00 Monday",
            12,
            "`Monday` at position 12 is not part of a schedule: did you mean `weekly mon`?",
        ),
        (
            "x at 09:00 please",
            12,
            (
                "`please` at position 12 is not part of a schedule: write `at 09:00`, `daily`,"
                " `weekdays`, `weekly mon` or `tz Europe/Berlin`"
            ),
        ),
        ("x daily weekly", 9, "`weekly` at position 9 comes on top of `daily`: keep one of them"),
        (
            "x weekly mon on daily",
            14,
            "`on` at position 14 comes on top of `weekly mon`: keep one of them",
        ),
        (
            "x at 09:00 at 9:00",
            12,
            "`at` at position 12 comes on top of `at 09:00`: keep one of them",
        ),
        ("x tz UTC TZ utc", 10, "`TZ` at position 10 comes on top of `tz UTC`: keep one of them"),
    ],
)
def test_a_fault_has_a_position_and_what_would_work(text: str, position: int, message: str) -> None:
    with pytest.raises(CommandError) as refused:
        split(text)
    assert (refused.value.position, str(refused.value)) == (position, message)


@pytest.mark.parametrize(
    ("text", "position", "message"),
    [
        ("x at", 3, "`at` at position 3 lacks a time: write it like `at 09:00`"),
        ("x At daily", 3, "`at` at position 3 lacks a time: write it like `at 09:00`"),
        ("x at tz UTC", 3, "`at` at position 3 lacks a time: write it like `at 09:00`"),
        ("x at 09:00 at", 12, "`at` at position 12 lacks a time: write it like `at 09:00`"),
        (
            "x tz weekly fri",
            3,
            "`tz` at position 3 lacks a time zone: write it like `tz Europe/Berlin`",
        ),
        ("x tz", 3, "`tz` at position 3 lacks a time zone: write it like `tz Europe/Berlin`"),
        (
            "x at 9:00 tz",
            11,
            "`tz` at position 11 lacks a time zone: write it like `tz Europe/Berlin`",
        ),
    ],
)
def test_a_word_without_its_value_is_asked_for_it(text: str, position: int, message: str) -> None:
    with pytest.raises(CommandError) as refused:
        split(text)
    assert refused.value.position == position
    assert str(refused.value) == f"{message}, or put quotes around what it belongs to"


def test_hundreds_of_options_are_refused_at_once() -> None:
    with pytest.raises(CommandError, match="comes on top of"):
        split("x " + "daily " * 800)
    assert split("daily " * 800 + "x")[1] == Options()

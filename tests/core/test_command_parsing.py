import re
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.core.command_parsing import LONGEST_COMMAND, parse_command
from bot.core.commands import (
    COMMANDS,
    Command,
    Edit,
    Help,
    List,
    Pause,
    Preview,
    Remove,
    Resume,
    Saved,
    Search,
    Subscribe,
    Today,
    Try,
    Why,
)
from bot.errors import CommandError, UserError


def write(command: Command) -> str:
    """Write a command as somebody would type it who knows how."""
    follows = ""
    match command:
        case Today(set_name):
            follows = quote(set_name) if set_name else ""
        case Search(text) | Why(text):
            follows = text
        case Try(query, quoted):
            follows = quote(query) if quoted else query
        case Subscribe(what, at, on, timezone, quoted):
            said = (("at ", at), ("", on), ("tz ", timezone))
            options = [f"{before}{text}" for before, text in said if text]
            follows = " ".join([quote(what) if quoted else what, *options])
        case Pause(number) | Resume(number) | Remove(number) | Edit(number) | Preview(number):
            follows = str(number)
    return f"{type(command).__name__.lower()} {follows}"


def quote(text: str) -> str:
    """Put quotes around a text that do not close in it."""
    pairs = (('"', '"', '"”“'), ("«", "»", "»"), ("»", "«", "«"))
    for opening, closing, closers in pairs:
        if not any(closer in text for closer in closers):
            return f"{opening}{text}{closing}"
    return f"'{text}'"


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("", Help()),
        (" \u00a0\u200b ", Help()),
        ("help", Help()),
        ("HELP subscribe", Help()),
        ("today", Today()),
        ("today MLLM", Today("MLLM")),
        ("today vision  models", Today("vision models")),
        ("today “vision models”", Today("vision models")),
        ("search dexterous grasping", Search("dexterous grasping")),
        ("search „multi finger“ grasp*", Search('"multi finger" grasp*')),
        ('search 5" screens', Search('5" screens')),
        ("search выравнивание 模型", Search("выравнивание 模型")),
        ("try VLM OR MLLM", Try("VLM OR MLLM")),
        ('try ti:“a b” AND NOT "c"', Try('ti:"a b" AND NOT "c"')),
        ('try "vision language model"', Try("vision language model", quoted=True)),
        ("try 'grasp* AND “multi finger”'", Try('grasp* AND "multi finger"', quoted=True)),
        ('try "a «b» c"', Try("a «b» c", quoted=True)),
        ("subscribe MLLM", Subscribe("MLLM")),
        ("ＳＵＢＳＣＲＩＢＥ\u3000MLLM", Subscribe("MLLM")),
        ("sub\u200bscribe MLLM\u202e", Subscribe("MLLM")),
        ("subscribe attention at scale", Subscribe("attention at scale")),
        (
            "subscribe grasp* AND (dexterous OR “multi finger*”) weekly mon",
            Subscribe('grasp* AND (dexterous OR "multi finger*")', on="weekly mon"),
        ),
        (
            "subscribe “vision language model” at 9:00 weekdays tz europe/berlin",
            Subscribe("vision language model", "09:00", "weekdays", "Europe/Berlin", quoted=True),
        ),
        ('subscribe"at 09:00"', Subscribe("at 09:00", quoted=True)),
        ("subscribe «Große Modelle» daily", Subscribe("Große Modelle", on="daily", quoted=True)),
        ("list", List()),
        ("list\n", List()),
        ("pause 7", Pause(7)),
        ("Pause #7", Pause(7)),
        ("pause#７", Pause(7)),
        ("resume ٧", Resume(7)),
        ('remove "7"', Remove(7)),
        ("edit 999999999", Edit(999_999_999)),
        ("preview 12", Preview(12)),
        ("why 2512.03874", Why("2512.03874")),
        ("why ２５１２．０３８７４v2", Why("2512.03874v2")),
        ("why arXiv: 2512.03874.", Why("2512.03874")),
        ("why math.AG/0701001", Why("math.AG/0701001")),
        ("why https://arxiv.org/abs/2512.03874v2", Why("2512.03874v2")),
        ("why <https://arxiv.org/pdf/2512.03874>", Why("2512.03874")),
        ("why <https://arxiv.org/abs/2512.03874|arxiv.org/abs/2512.03874>", Why("2512.03874")),
        ("why “2512.03874”", Why("2512.03874")),
        ("saved", Saved()),
    ],
)
def test_reads_commands(text: str, command: Command) -> None:
    assert parse_command(text) == command


SEEING = "`/papers help` shows what there is, and `/papers search` finds papers"


@pytest.mark.parametrize(
    ("text", "position", "message"),
    [
        ("pasue 7", 1, "`pasue` is not a command: did you mean `pause`?"),
        ("  \u200bSubscrib x", 4, "`Subscrib` is not a command: did you mean `subscribe`?"),
        ("unsubscribe MLLM", 1, "`unsubscribe` is not a command: did you mean `remove`?"),
        ("subscriptions", 1, "`subscriptions` is not a command: did you mean `list`?"),
        ("grasping robots", 1, f"`grasping` is not a command: {SEEING}"),
        ("“a b” OR c", 1, f"`“a b” OR c` is not a command: {SEEING}"),
        ("`x`", 1, f"`'x'` is not a command: {SEEING}"),
        (
            " subscribe ",
            11,
            (
                "`subscribe` needs a set's name or a query: write `/papers subscribe MLLM` or"
                ' `/papers subscribe "vision language model"`'
            ),
        ),
        (
            "subscribe tz UTC",
            11,
            (
                "`subscribe` needs a set's name or a query before `tz` at position 11: write"
                " `/papers subscribe MLLM at 09:00`, or put quotes around a text that begins so"
            ),
        ),
        (
            'subscribe "" daily',
            11,
            "the quotes at position 11 hold nothing: write a set's name or a query in them",
        ),
        ("subscribe “a", 11, "the quote at position 11 is never closed: add ”"),
        (
            "subscribe MLLM  at 25:00",
            20,
            "`25:00` at position 20 is not a time of day: write it like `09:00`",
        ),
        ("today ' '", 7, "the quotes at position 7 hold nothing: write a set's name in them"),
        ("try «»", 5, "the quotes at position 5 hold nothing: write a query in them"),
        ("try", 4, '`try` needs a query: write `/papers try "vision language model"`'),
        (
            "search",
            7,
            "`search` needs words to look for: write `/papers search dexterous grasping`",
        ),
        ("why", 4, "`why` needs an arXiv id: write `/papers why 2512.03874`"),
        (
            "why 2512.03874 please",
            5,
            "`2512.03874 please` at position 5 is not an arXiv id: did you mean `2512.03874`?",
        ),
        (
            "why https://arxiv.org/abs/2512.03874?context=cs",
            5,
            (
                "`https://arxiv.org/abs/2512.03874?context=cs` at position 5 is not an arXiv id:"
                " did you mean `2512.03874`?"
            ),
        ),
        ("why not", 5, "`not` at position 5 is not an arXiv id: write it like `2512.03874`"),
        ("pause", 6, "`pause` needs a subscription's number: write `/papers pause 7`"),
        (
            "remove MLLM",
            8,
            (
                "`MLLM` at position 8 is not a subscription's number: write it like `7`, as"
                " `/papers list` shows them"
            ),
        ),
        (
            "edit id:07",
            6,
            "`id:07` at position 6 is not a subscription's number: did you mean `7`?",
        ),
        (
            "preview 0",
            9,
            (
                "`0` at position 9 is not a subscription's number: write it like `7`, as"
                " `/papers list` shows them"
            ),
        ),
        (
            "pause 1234567890",
            7,
            (
                "`1234567890` at position 7 is not a subscription's number: write it like `7`, as"
                " `/papers list` shows them"
            ),
        ),
        ("resume 7 8", 10, "`8` at position 10 is not expected there: `resume` takes one number"),
        ("list all", 6, "`all` at position 6 is not expected there: write `/papers list` alone"),
        ("saved x", 7, "`x` at position 7 is not expected there: write `/papers saved` alone"),
        (
            "x" * (LONGEST_COMMAND + 1),
            LONGEST_COMMAND + 1,
            "the command has 5,001 characters and at most 5,000 can be read: write less",
        ),
    ],
)
def test_a_fault_has_a_position_and_what_would_work(text: str, position: int, message: str) -> None:
    with pytest.raises(CommandError) as refused:
        parse_command(text)
    assert isinstance(refused.value, UserError)
    assert (refused.value.command, refused.value.position) == (text, position)
    assert refused.value.message == str(refused.value) == message


PIECES = st.sampled_from(
    [
        *(usage.name for usage in COMMANDS),
        *("at 09:00", "at 9", "at", "on", "9 pm", "daily", "weekly", "mon", "monday", "tz", "UTC"),
        *("new york", "Europe/Berlin", "7", "#8", "2512.03874", "MLLM", "NOT", "grasp*", "ti:"),
        *('"', "“", "”", "„", "«", "»", "'", "‘", "’", "`", "(", ")", "<", ">", "|", "&amp;"),
        *("\u00a0", "\u3000", "\u200b", "\n", "９：００", "模型", "выборка", "ﬀ"),
    ]
)
VERB = st.sampled_from(["", *(f"{usage.name} " for usage in COMMANDS)])
TEXT = st.lists(PIECES | st.text(max_size=3), max_size=9).flatmap(
    lambda pieces: st.sampled_from(["", " "]).map(lambda space: space.join(pieces))
)
# A whole sentence: plain characters on one line, and neither an end before its end nor none.
LONGEST_MESSAGE = 400
SENTENCE = re.compile(r"[^\n\r]+(?:[^.\s]|…`)")


@given(VERB, TEXT)
@example("", "subscribe MLLM at 25:00")
@example("", "\ud800")
@example("why ", "<<||>>")
def test_any_text_is_a_command_or_has_a_fault_at_a_place(verb: str, rest: str) -> None:
    text = verb + rest
    read = read_or_refuse(text)
    if not isinstance(read, CommandError):
        assert parse_command(write(read)) == read
        return
    assert read.command == text
    assert 1 <= read.position <= len(text) + 1
    assert SENTENCE.fullmatch(read.message)
    assert read.message.count("`") % 2 == 0
    assert len(read.message) < LONGEST_MESSAGE


@given(VERB, TEXT, st.data())
def test_spaces_and_unseen_characters_change_nothing(
    verb: str, rest: str, data: st.DataObject
) -> None:
    spaces = st.lists(st.sampled_from("  \t\n\u00a0\u2009\u3000"), min_size=1, max_size=3)
    unseen = st.sampled_from(["", "", "", "\u200b", "\u202e", "\ufeff", "\x00"])
    text = verb + rest
    spaced = "".join(
        "".join(data.draw(spaces)) if sign.isspace() else sign + data.draw(unseen) for sign in text
    )
    assert outcome(spaced) == outcome(text)


@given(
    st.sampled_from(["MLLM", "vision language model", "ti:grasp* AND NOT x", "look at 09:00"]),
    st.sampled_from(['""', "“”", "””", "„“", "«»", "»«", "''", "‘’", "``"]),
    st.sampled_from(["", "at 09:00", "weekly mon tz Europe/Berlin", "at 9:00 daily tz utc"]),
    st.sampled_from([str.lower, str.upper, str.title, str.swapcase]),
)
def test_quotes_of_any_kind_and_commands_in_any_case_are_the_same(
    what: str, quotes: str, options: str, recase: Callable[[str], str]
) -> None:
    plain = parse_command(f'subscribe "{what}" {options}')
    assert isinstance(plain, Subscribe)
    assert (plain.what, plain.quoted) == (what, True)
    typed = f"{recase('subscribe')} {quotes[0]}{what}{quotes[1]} {recase(options)}"
    assert parse_command(typed) == plain


@given(
    st.permutations(["at 07:30", "weekly on wed", "tz Asia/Kolkata"]),
    st.integers(min_value=0, max_value=3),
)
def test_options_may_come_in_any_order(options: list[str], count: int) -> None:
    said = options[:count]
    assert parse_command(f"subscribe look at it {' '.join(said)}") == Subscribe(
        "look at it",
        at="07:30" if "at 07:30" in said else "",
        on="weekly wed" if "weekly on wed" in said else "",
        timezone="Asia/Kolkata" if "tz Asia/Kolkata" in said else "",
    )


def read_or_refuse(text: str) -> Command | CommandError:
    try:
        return parse_command(text)
    except CommandError as refused:
        return refused


def outcome(text: str) -> Command | str:
    """Say what a text is read as, or the fault without its position."""
    read = read_or_refuse(text)
    return re.sub(r"\d+", "N", read.message) if isinstance(read, CommandError) else read

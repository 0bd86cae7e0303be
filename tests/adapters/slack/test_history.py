"""What people linked to in a channel: read from where it was read before, and never a fault."""

from collections.abc import Callable

import pytest

from bot.adapters.slack.history import PaperReader
from bot.core.slack_names import SlackPlace
from tests.adapters.slack.lab import Lab
from tests.fakes.slack_api import BROKEN, GARBAGE, LIMITED, Fault, Message, Rule

HERE = SlackPlace("T0LAB", "C0PAPERS")
ALL = [f"2512.{number:05d}" for number in range(1, 200)]
DAY_S = 86_400


def read(lab: Lab, **changed: Callable[[], float]) -> None:
    PaperReader(lab.clients(), lab.store, **changed).read(HERE)


def known(lab: Lab) -> dict[str, str]:
    return dict(lab.store.load_discussed(HERE, ALL))


def say(lab: Lab, text: str) -> Message:
    return lab.team.user("U0BEN").say(lab.papers, text)


def oldest(lab: Lab) -> list[float]:
    return [float(call.arguments["oldest"]) for call in lab.slack.calls("conversations.history")]


def test_the_first_message_about_each_paper_is_remembered(lab: Lab) -> None:
    first = say(lab, "https://arxiv.org/abs/2512.00001 and arXiv:2512.00002v3")
    say(lab, "again https://arxiv.org/abs/2512.00001")
    say(lab, "2512.00003 is just a number")
    read(lab)
    assert known(lab) == {"2512.00001": first.ts, "2512.00002": first.ts}


def test_links_in_blocks_and_in_what_slack_unfurled_count(lab: Lab) -> None:
    block = say(lab, "look")
    block.blocks = [
        {
            "type": "rich_text",
            "elements": [
                {
                    "type": "rich_text_section",
                    "elements": [{"type": "link", "url": "https://arxiv.org/abs/2512.00001"}],
                }
            ],
        }
    ]
    # A message that is all attachment, as when somebody shares one of another channel.
    body = (
        '{"ok": true, "messages": [{"type": "message", "ts": "1800000000.000100", "user": "U0BEN",'
        ' "text": "", "attachments": [{"title_link": "https://arxiv.org/abs/2512.00002",'
        ' "message_blocks": [{"x": ["https://arxiv.org/pdf/2512.00003"]}], "id": 1}]},'
        ' "no message", {"ts": 7}]}'
    )
    read(lab)
    assert known(lab) == {"2512.00001": block.ts}
    lab.slack.misbehave(Fault(body=body), "conversations.history")
    read(lab)
    assert sorted(known(lab)) == ["2512.00001", "2512.00002", "2512.00003"]


def test_what_programs_post_says_nothing_of_people(lab: Lab) -> None:
    robot = say(lab, "https://arxiv.org/abs/2512.00001")
    robot.bot_id = "B0FEED"
    read(lab)
    assert known(lab) == {}


def test_the_next_reading_begins_where_the_last_one_ended(lab: Lab) -> None:
    say(lab, "https://arxiv.org/abs/2512.00001")
    last = say(lab, "nothing else")
    read(lab)
    assert lab.store.load_reading(HERE) == last.ts
    newer = say(lab, "https://arxiv.org/abs/2512.00002")
    read(lab)
    assert known(lab)["2512.00002"] == newer.ts
    assert oldest(lab)[1] == float(last.ts)
    read(lab)
    assert lab.store.load_reading(HERE) == newer.ts


def test_at_most_a_month_is_read(lab: Lab) -> None:
    said = say(lab, "https://arxiv.org/abs/2512.00001")
    then = float(said.ts)
    read(lab, now=lambda: then + 31 * DAY_S)
    assert known(lab) == {}
    assert oldest(lab) == [pytest.approx(then + DAY_S)]
    # What was read so long ago is no mark any more.
    lab.store.save_reading(HERE, said.ts)
    read(lab, now=lambda: then + 40 * DAY_S)
    assert oldest(lab)[-1] == pytest.approx(then + 10 * DAY_S)


def test_many_pages_are_read_but_not_all_there_are(lab: Lab) -> None:
    lab.slack.world.page = 5
    said = [say(lab, f"https://arxiv.org/abs/{base_id}") for base_id in ALL[:70]]
    read(lab)
    assert len(lab.slack.calls("conversations.history")) == 10
    assert known(lab) == {base_id: each.ts for base_id, each in zip(ALL[:50], said, strict=False)}
    read(lab)
    assert len(known(lab)) == 70


def test_reading_takes_only_so_long(lab: Lab) -> None:
    lab.slack.world.page = 5
    for base_id in ALL[:30]:
        say(lab, f"https://arxiv.org/abs/{base_id}")
    ticks = iter(range(0, 1000, 8))
    read(lab, elapsed=lambda: float(next(ticks)))
    # What was seen counts; it is begun again next time.
    assert len(lab.slack.calls("conversations.history")) == 2
    assert len(known(lab)) == 10
    assert lab.store.load_reading(HERE) == ""


def narrow(lab: Lab) -> None:
    lab.team.tokens[-1].scopes.discard("channels:history")


def leave(lab: Lab) -> None:
    lab.papers.members.discard(lab.team.bot.id)


def shut(lab: Lab) -> None:
    lab.team.revoke_tokens(tell=False)


@pytest.mark.parametrize("trouble", [narrow, leave, shut, BROKEN, GARBAGE, LIMITED])
def test_what_cannot_be_read_is_no_fault(lab: Lab, trouble: Fault | Callable[[Lab], None]) -> None:
    say(lab, "https://arxiv.org/abs/2512.00001")
    if isinstance(trouble, Fault):
        lab.slack.misbehave(trouble, "conversations.history")
    else:
        trouble(lab)
    read(lab)
    assert known(lab) == {}
    assert lab.store.load_reading(HERE) == ""


def test_a_page_that_fails_leaves_what_was_read_before_it(lab: Lab) -> None:
    lab.slack.world.page = 5
    for base_id in ALL[:12]:
        say(lab, f"https://arxiv.org/abs/{base_id}")
    lab.slack.misbehave(Rule(BROKEN, method="conversations.history", nth=(3,)))
    read(lab)
    assert len(known(lab)) == 10
    assert lab.store.load_reading(HERE) == ""
    read(lab)
    assert len(known(lab)) == 12

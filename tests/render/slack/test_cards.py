"""Cards below arXiv links."""

from dataclasses import replace

from hypothesis import given, settings
from inline_snapshot import snapshot

from bot.core.editions import Edition
from bot.core.papers import Paper
from bot.render.slack.cards import build_card
from tests.render.slack.payloads import NASTY, Payload, check_message, hostile_texts, said


def post(card: Payload) -> Payload:
    """Make a message of a card, which is checked as one."""
    quiet = {"mrkdwn": False, "unfurl_links": False, "unfurl_media": False}
    return {"channel": "C1", "text": "card", **quiet, **card}


def test_a_card_is_the_paper_in_short(edition: Edition) -> None:
    card = build_card(edition.items[0].paper)
    check_message(post(card))
    assert said(card) == snapshot("""\
*<https://arxiv.org/abs/2512.00106|Fog and Rain: α-Mixing for a Weather Model>*
Ada Example, Bo Sample, René Placeholder · `cs.LG` `physics.ao-ph` · arXiv 2512.00106 [Save · Abstract · BibTeX · Why]
A weather model must mix. We mix fog with rain. …\
""")  # noqa: E501
    assert card == snapshot(
        {
            "blocks": [
                {
                    "type": "section",
                    "text": {
                        "type": "mrkdwn",
                        "text": """\
*<https://arxiv.org/abs/2512.00106|Fog and Rain: α-Mixing for a Weather Model>*
Ada Example, Bo Sample, René Placeholder · `cs.LG` `physics.ao-ph` · arXiv 2512.00106\
""",
                        "verbatim": True,
                    },
                    "accessory": {
                        "type": "overflow",
                        "action_id": "paper",
                        "options": [
                            {
                                "text": {"type": "plain_text", "text": "Save"},
                                "value": "save:2512.00106",
                            },
                            {
                                "text": {"type": "plain_text", "text": "Abstract"},
                                "value": "abstract:2512.00106",
                            },
                            {
                                "text": {"type": "plain_text", "text": "BibTeX"},
                                "value": "bibtex:2512.00106",
                            },
                            {
                                "text": {"type": "plain_text", "text": "Why"},
                                "value": "why:2512.00106",
                            },
                        ],
                    },
                },
                {
                    "type": "rich_text",
                    "elements": [
                        {
                            "type": "rich_text_section",
                            "elements": [
                                {
                                    "type": "text",
                                    "text": "A weather model must mix. We mix fog with rain. …",
                                }
                            ],
                        }
                    ],
                },
            ]
        }
    )


def test_the_longest_paper_fits_a_card() -> None:
    paper = Paper("2512.00002", 1, "&" * 400, ("😀" * 40,) * 3_000, "雲" * 10_000, ("cs.CV",) * 40)
    check_message(post(build_card(paper)))


def check_hostile(text: str, paper: Paper, *, types: bool = True) -> None:
    hostile = replace(
        paper, title=text, authors=(text, text), abstract=text, categories=(text, text)
    )
    check_message(post(build_card(hostile)), types=types)


def test_nasty_texts_are_only_text(edition: Edition) -> None:
    for at, text in enumerate(NASTY):
        check_hostile(text, edition.items[0].paper, types=at % 8 == 0)


@settings(max_examples=100, deadline=None)
@given(hostile_texts)
def test_any_text_is_only_text(edition: Edition, text: str) -> None:
    check_hostile(text, edition.items[0].paper, types=False)

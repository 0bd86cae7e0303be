"""What a paper's menu opens."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from inline_snapshot import snapshot

from bot.core.answers import Explanation
from bot.core.editions import Edition
from bot.core.papers import Paper
from bot.render.slack.paper_modal import (
    build_abstract_modal,
    build_bibtex_modal,
    build_why_modal,
)
from tests.render.slack.payloads import NASTY, check_view, hostile_texts, said, texts


def test_the_abstract_is_whole(edition: Edition) -> None:
    view = build_abstract_modal(edition.items[0].paper)
    check_view(view)
    assert said(view) == snapshot("""\
*<https://arxiv.org/abs/2512.00106|Fog and Rain: α-Mixing for a Weather Model>*
Ada Example, Bo Sample, René Placeholder · `cs.LG` `physics.ao-ph` · arXiv 2512.00106v1 [Save · Abstract · BibTeX · Why]
A weather model must mix. We mix fog with rain. It rains at last. More soon.\
""")  # noqa: E501
    assert view["title"] == {"type": "plain_text", "text": "Abstract", "emoji": False}


def test_an_abstract_of_any_length_is_shown(edition: Edition) -> None:
    paper = edition.items[0].paper
    view = build_abstract_modal(replace(paper, abstract="many words " * 909))
    check_view(view)
    assert sum(map(len, texts(view))) > 8_000
    empty = build_abstract_modal(replace(paper, abstract=""))
    check_view(empty)
    assert said(empty).endswith("\narXiv gives no abstract.")


def test_the_bibtex_entry_can_be_copied(edition: Edition) -> None:
    view = build_bibtex_modal(edition.items[0].paper)
    check_view(view)
    assert said(view) == snapshot("""\
@misc{example2025fog,
  title = {Fog and \\emph{Rain}: $\\alpha$-Mixing for a Weather Model},
  author = {Ada Example and Bo Sample and Ren\\'e Placeholder},
  year = {2025},
  eprint = {2512.00106},
  archivePrefix = {arXiv},
  primaryClass = {cs.LG},
  url = {https://arxiv.org/abs/2512.00106},
}\
""")


@pytest.mark.parametrize(("author", "fits"), [("Ada Example", True), ("雲" * 400, False)])
def test_many_authors_are_others(edition: Edition, author: str, *, fits: bool) -> None:
    view = build_bibtex_modal(replace(edition.items[0].paper, authors=(author,) * 3_000))
    check_view(view)
    assert (" and others}," in said(view)) is fits
    assert ("too long for Slack" in said(view)) is not fits


def test_why_is_what_the_command_says(told: Explanation) -> None:
    view = build_why_modal(told)
    check_view(view)
    assert said(view).splitlines()[3:5] == ["MLLM matches", "• VLM: “VLMs” in the title"]


def check_hostile(text: str, paper: Paper, told: Explanation, *, types: bool = True) -> None:
    hostile = replace(paper, title=text, authors=(text,), abstract=text, journal_ref=text, doi=text)
    check_view(build_abstract_modal(hostile), types=types)
    check_view(build_bibtex_modal(hostile), types=types)
    check_view(build_why_modal(replace(told, paper=hostile)), types=types)


def test_nasty_texts_are_only_text(edition: Edition, told: Explanation) -> None:
    for at, text in enumerate((*NASTY, "word " * 2_000)):
        check_hostile(text, edition.items[0].paper, told, types=at % 8 == 0)


@settings(max_examples=60, deadline=None)
@given(hostile_texts)
def test_any_text_is_only_text(edition: Edition, told: Explanation, text: str) -> None:
    check_hostile(text, edition.items[0].paper, told, types=False)

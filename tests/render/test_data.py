"""JSON: the schema that programs rely on."""

import json
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot

from bot.core.editions import Edition, Item
from bot.core.latex import to_text
from bot.render.data import render_edition


def test_a_paper_is_written_with_its_hits(
    edition: Edition, build_edition: Callable[..., Edition]
) -> None:
    text = render_edition(build_edition(edition.items[:1], earlier=2, exclude=("sun",)))
    assert json.loads(text) == snapshot(
        {
            "set": {"name": "Clouds", "keywords": ["cloud", "weather model"], "exclude": ["sun"]},
            "day": "2025-12-04",
            "receipt": {
                "announced": 376,
                "read": 376,
                "matched": 1,
                "earlier": 2,
                "categories": [
                    {
                        "category": "cs.CV",
                        "day": "2025-12-04",
                        "state": "complete",
                        "announced": 376,
                        "read": 376,
                        "new": 0,
                        "cross": 0,
                        "replaced": 0,
                        "stored": 0,
                        "problems": [],
                    },
                    {
                        "category": "cs.LG",
                        "day": "2025-12-04",
                        "state": "empty",
                        "announced": 0,
                        "read": 0,
                        "new": 0,
                        "cross": 0,
                        "replaced": 0,
                        "stored": 0,
                        "problems": [],
                    },
                ],
            },
            "papers": [
                {
                    "id": "2512.00106",
                    "version": 1,
                    "url": "https://arxiv.org/abs/2512.00106",
                    "title": "Fog and Rain: α-Mixing for a Weather Model",
                    "title_tex": "Fog and \\emph{Rain}: $\\alpha$-Mixing for a Weather Model",
                    "authors": ["Ada Example", "Bo Sample", "René Placeholder"],
                    "abstract": "A weather model must mix. We mix fog with rain. It rains at last. More soon.",  # noqa: E501
                    "abstract_tex": "A weather model must mix. We mix fog with rain. It rains at last. More soon.",  # noqa: E501
                    "categories": ["cs.LG", "physics.ao-ph"],
                    "comments": "",
                    "doi": "",
                    "journal_ref": "",
                    "kind": "new",
                    "kinds": {"cs.LG": "new"},
                    "hits": [
                        {
                            "keyword": "weather model",
                            "field": "title",
                            "start": 29,
                            "end": 42,
                            "words": "Weather Model",
                        },
                        {
                            "keyword": "weather model",
                            "field": "abstract",
                            "start": 2,
                            "end": 15,
                            "words": "weather model",
                        },
                    ],
                }
            ],
        }
    )
    assert text.endswith("}\n")


def test_hits_point_into_the_texts(edition: Edition) -> None:
    for paper in json.loads(render_edition(edition))["papers"]:
        for hit in paper["hits"]:
            if hit["field"] in ("title", "abstract"):
                assert paper[hit["field"]][hit["start"] : hit["end"]] == hit["words"]


@given(st.text())
def test_any_text_comes_back(
    build_item: Callable[..., Item], build_edition: Callable[..., Edition], text: str
) -> None:
    item = build_item(title=text, abstract=text, authors=(text,))
    written = render_edition(build_edition([item], name=text))
    (paper,) = json.loads(written)["papers"]
    assert [paper["title_tex"], paper["abstract_tex"]] == [text, text]
    assert [paper["title"], paper["authors"]] == [to_text(text), [to_text(text)]]
    assert written.encode().decode() == written


def test_letters_are_written_as_they_are(edition: Edition) -> None:
    assert "α-Mixing" in render_edition(edition)

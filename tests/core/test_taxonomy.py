import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core import taxonomy

FACTS = Path(__file__).parents[3] / "shared" / "arxiv" / "taxonomy.json"


def test_holds_every_active_category_alias_and_archive() -> None:
    assert len(taxonomy.NAMES) == 155
    assert len(taxonomy.ALIASES) == 24
    assert len(taxonomy.ARCHIVES) == 20
    assert set(taxonomy.ALIASES.values()) <= set(taxonomy.NAMES)
    assert {known.partition(".")[0] for known in taxonomy.NAMES} == taxonomy.ARCHIVES


@pytest.mark.skipif(not FACTS.exists(), reason=f"{FACTS} is not on this machine")
def test_agrees_with_arxivs_own_taxonomy() -> None:
    facts = json.loads(FACTS.read_text())
    active = {entry["id"]: entry["name"] for entry in facts["categories"] if entry["active"]}
    assert active == taxonomy.NAMES
    assert {**facts["aliases"], **facts["subsumed"]} == taxonomy.ALIASES
    assert set(facts["archives_active"]) - {"test"} == taxonomy.ARCHIVES
    for entry in facts["categories"]:
        assert taxonomy.canonical(entry["id"]) == entry["canonical"]


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("cs.CV", "cs.CV"),
        ("CS.cv", "cs.CV"),
        (" cs.CV\n", "cs.CV"),
        ("cs.SY", "eess.SY"),
        ("CS.sy", "eess.SY"),
        ("math.MP", "math-ph"),
        ("cmp-lg", "cs.CL"),
        ("mtrl-th", "cond-mat.mtrl-sci"),
        ("Cond-Mat.Mtrl-Sci", "cond-mat.mtrl-sci"),
        ("CS", "cs"),
        (" cs.XX ", "cs.XX"),
        ("cs.*", "cs.*"),
        ("", ""),
    ],
)
def test_canonical_resolves_case_and_aliases(written: str, canonical: str) -> None:
    assert taxonomy.canonical(written) == canonical


@given(st.text(max_size=12) | st.sampled_from([*taxonomy.NAMES, *taxonomy.ALIASES]))
def test_canonical_is_reached_in_one_step(category: str) -> None:
    once = taxonomy.canonical(category)
    assert taxonomy.canonical(once) == once


@pytest.mark.parametrize("category", ["cs.CV", "cs.cv ", "cs.SY", "alg-geom", "cs", "hep-th"])
def test_knows_categories_aliases_and_archives(category: str) -> None:
    assert taxonomy.is_known(category)


@pytest.mark.parametrize("category", ["cs.XX", "cs.*", "", "test", "bad-arch.bad-cat", "cs.CV+cs"])
def test_knows_nothing_else(category: str) -> None:
    assert not taxonomy.is_known(category)


@pytest.mark.parametrize(
    ("category", "name"),
    [
        ("cs.CV", "Computer Vision and Pattern Recognition"),
        ("cs.sy", "Systems and Control"),
        ("cs", "cs"),
        ("cs.XX", "cs.XX"),
    ],
)
def test_names_a_category_or_returns_its_id(category: str, name: str) -> None:
    assert taxonomy.name_of(category) == name


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("cs.ai", "cs.AI"),
        ("cs.CVV", "cs.CV"),
        ("csCV", "cs.CV"),
        ("cs-CV", "cs.CV"),
        ("CV", "cs.CV"),
        ("ml", "stat.ML"),
        ("NA", "math.NA"),
        ("heplat", "hep-lat"),
        ("quant-phys", "quant-ph"),
        ("robotics", "cs.RO"),
        ("Machine Learning", "cs.LG"),
        ("cs.SY", "eess.SY"),
        ("cs.XX", None),
        ("", None),
        ("weather", None),
    ],
)
def test_suggests_what_was_probably_meant(typed: str, meant: str | None) -> None:
    assert taxonomy.nearest(typed) == meant


@given(st.text(max_size=20))
def test_suggests_only_what_arxiv_has(typed: str) -> None:
    meant = taxonomy.nearest(typed)
    assert meant is None or taxonomy.is_known(meant)


@pytest.mark.parametrize(
    ("pattern", "category"),
    [
        ("cs.CV", "cs.CV"),
        ("CS.cv", "cs.CV"),
        ("cs.SY", "eess.SY"),
        ("eess.SY", "cs.SY"),
        ("cmp-lg", "cs.CL"),
        ("cs.CL", "cmp-lg"),
        ("cs.*", "cs.CV"),
        ("CS.*", "cs.CV"),
        ("cs", "cs.CV"),
        ("cs", "cs.XX"),
        ("cs", "eess.SY"),
        ("eess", "cs.SY"),
        ("math.*", "math-ph"),
        ("math-ph", "math.MP"),
        ("math-ph.*", "math-ph"),
        ("hep-th.*", "hep-th"),
        ("astro-ph", "astro-ph.GA"),
        ("astro-ph", "astro-ph"),
        ("my.own", "my.own"),
    ],
)
def test_pattern_holds_category(pattern: str, category: str) -> None:
    assert taxonomy.matches(pattern, category)


@pytest.mark.parametrize(
    ("pattern", "category"),
    [
        ("cs.CV", "cs.CL"),
        ("cs.CV", "cs"),
        ("cs.*", "math.AT"),
        ("cs", "cond-mat.soft"),
        ("math-ph", "math.AT"),
        ("cs.C*", "cs.CV"),
        ("*", "cs.CV"),
        ("", "cs.CV"),
        ("nowhere.*", "nowhere.XX"),
    ],
)
def test_pattern_does_not_hold_category(pattern: str, category: str) -> None:
    assert not taxonomy.matches(pattern, category)

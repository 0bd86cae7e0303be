"""`papers sets`: what it lists, keeps and refuses."""

import json
from pathlib import Path

import pytest

from bot.adapters.store import open_store
from bot.core.keyword_sets import KeywordSet
from tests.edges.cli.conftest import SAMPLE, Papers

CONFIG = ["--config", SAMPLE / "config.toml"]


def names(papers: Papers) -> list[str]:
    return [row["name"] for row in json.loads(papers("sets", "list", *CONFIG, "--json").out)]


def test_the_sets_of_the_configuration_are_listed_with_their_queries(papers: Papers) -> None:
    ran = papers("sets", "list", *CONFIG)
    assert ran.code == 0
    assert "Test-time scaling: test-time scaling · LLM,reasoning\n" in ran.out
    assert "without survey; new, cross; config.toml" in ran.out


def test_a_set_that_is_added_has_a_digest_of_its_own(papers: Papers, sample: list[object]) -> None:
    added = papers("sets", "add", "Robots", *CONFIG, "--query", "robot* AND NOT kitchen*")
    assert added.code == 0
    assert added.out.startswith("Added.\nRobots: robot* AND NOT kitchen*\n")
    assert names(papers)[-1] == "Robots"
    assert "Robots" in papers("digest", *sample, "--set", "robots").out


def test_commas_in_a_keyword_mean_all_of(papers: Papers) -> None:
    options = ["--keyword", "LLM, image", "--keyword", "VLM", "--exclude", "survey"]
    options += ["--type", "new", "--category", "cs.sy", "--match", "substring"]
    assert papers("sets", "add", "Mixed", *CONFIG, *options).code == 0
    (row,) = [
        row
        for row in json.loads(papers("sets", "list", *CONFIG, "--json").out)
        if row["name"] == "Mixed"
    ]
    assert row["keywords"] == [["LLM", "image"], ["VLM"]]
    assert (row["exclude"], row["types"], row["categories"], row["match"]) == (
        ["survey"],
        ["new"],
        ["eess.SY"],
        "substring",
    )
    assert "eess.SY; substring; database" in papers("sets", "list", *CONFIG).out


def test_what_is_not_named_stays_when_a_set_changes(papers: Papers) -> None:
    papers("sets", "add", "Robots", *CONFIG, "--keyword", "robot", "--exclude", "toy")
    changed = papers("sets", "change", "robots", *CONFIG, "--query", "gripper*")
    assert changed.out.startswith("Changed.\nRobots: gripper*\n  without toy;")


def test_a_paused_set_makes_no_digest_until_it_goes_on(
    papers: Papers, sample: list[object]
) -> None:
    papers("sets", "add", "Robots", *CONFIG, "--keyword", "robot")
    assert "Paused Robots." in papers("sets", "pause", "robots", *CONFIG).out
    assert "(paused)" in papers("sets", "list", *CONFIG).out
    assert "\nRobots\n" not in papers("digest", *sample).out
    assert papers("sets", "resume", "robots", *CONFIG).out == "Robots goes on.\n"
    assert "\nRobots\n" in papers("digest", *sample).out


def test_a_removed_set_is_gone_and_may_come_back(papers: Papers) -> None:
    papers("sets", "add", "Robots", *CONFIG, "--keyword", "robot")
    assert papers("sets", "remove", "robots", *CONFIG).code == 0
    assert "Robots" not in names(papers)
    assert papers("sets", "add", "Robots", *CONFIG, "--keyword", "gripper").code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["add", "Grasping", "--query", "x"], "in the configuration file: choose another name"),
        (["add", "New", "--query", "(x"], "the bracket at position 1 is never closed"),
        (["add", "New"], "the set looks for nothing"),
        (["add", "New", "--query", "x", "--keyword", "y"], "keywords or a query, not both"),
        (["add", "New", "--keyword", "x", "--category", "cs.CVV"], "did you mean cs.CV?"),
        (["add", " ", "--keyword", "x"], "1 to 80 printable characters"),
        (["change", "Grasping", "--query", "x"], "a set of the configuration file"),
        (["remove", "Nothing"], "no set in the database is named 'Nothing'"),
    ],
)
def test_what_cannot_be_kept_is_refused_in_a_sentence(
    papers: Papers, arguments: list[str], said: str
) -> None:
    ran = papers("sets", *arguments, *CONFIG)
    assert ran.code == 2
    assert said in ran.err
    assert names(papers) == ["Vision and language", "Grasping", "Test-time scaling"]


def test_sets_of_workspaces_are_listed_and_changed_by_their_owners_and_names(
    papers: Papers, tmp_path: Path
) -> None:
    with open_store(f"sqlite:///{tmp_path / 'papers.db'}") as store:
        for team in ("T111", "T222"):
            owner = f"slack:{team}"
            store.save_set(KeywordSet("Moss", query="moss", owner=owner, creator=f"{owner}/UADA"))
        assert papers("sets", "pause", "slack:t222/moss", *CONFIG).code == 2
        ran = papers("sets", "pause", "slack:T222/moss", *CONFIG)
        assert ran.out == (
            "Paused slack:T222/Moss. `papers sets resume slack:T222/Moss` lets it go on.\n"
        )
        assert papers("sets", "list", *CONFIG).out.endswith(
            "slack:T111/Moss: moss\n  new, cross; Slack, made by UADA\n"
            "slack:T222/Moss (paused): moss\n  new, cross; Slack, made by UADA\n"
        )
        told = json.loads(papers("sets", *CONFIG, "--json").out)[-1]
        assert (told["owner"], told["creator"]) == ("slack:T222", "slack:T222/UADA")
        assert papers("sets", "resume", "slack:T222/Moss", *CONFIG).out == (
            "slack:T222/Moss goes on.\n"
        )
        papers("sets", "change", "slack:T222/Moss", *CONFIG, "--query", "lichen")
        assert [each.query for each in store.load_all_sets()] == ["moss", "lichen"]
        removed = papers("sets", "remove", "slack:T111/Moss", *CONFIG)
        assert removed.out == "Removed slack:T111/Moss. Its editions are kept.\n"
        assert [each.owner for each in store.load_all_sets()] == ["slack:T222"]
    ran = papers("sets", "remove", "Moss", *CONFIG)
    assert (ran.code, "no set in the database is named 'Moss'" in ran.err) == (2, True)

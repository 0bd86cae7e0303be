"""`papers subscribers` as a person types it."""

import json
from pathlib import Path

import pytest

from bot.adapters.store import open_store
from tests.edges.cli.conftest import Papers

CONFIG = """
[arxiv]
categories = ["cs.CL"]

[[sets]]
name = "Grasping"
query = "grasp*"
"""
HEADER = "address,set,consent_at,consent_source\n"
ADA = "ada@lab.example"


@pytest.fixture
def configured(papers: Papers, tmp_path: Path) -> Papers:
    """Run commands in a folder with a configuration."""
    (tmp_path / "config.toml").write_text(CONFIG, encoding="utf-8")
    return papers


@pytest.fixture
def imported(configured: Papers, tmp_path: Path) -> Papers:
    """Have Ada and Bo subscribed."""
    write(tmp_path, f"{ADA},Grasping,2024-05-01,form\nbo@lab.example,Grasping,2024-05-01,form\n")
    assert configured("subscribers", "import", "list.csv").code == 0
    return configured


def write(folder: Path, rows: str, header: str = HEADER) -> None:
    (folder / "list.csv").write_text(header + rows, encoding="utf-8")


def test_a_list_is_taken_over_line_by_line(configured: Papers, tmp_path: Path) -> None:
    rows = f"{ADA},Grasping,2024-05-01,form\n{ADA},Grasping,2024-05-01,form\nnobody,Grasping\n"
    write(tmp_path, rows, "\ufeff" + HEADER)
    configured("subscribers", "suppress", "eve@lab.example")
    with (tmp_path / "list.csv").open("a", encoding="utf-8") as more:
        more.write("eve@lab.example,Grasping,2024-05-01,form\n")
    ran = configured("subscribers", "import", "list.csv")
    assert ran.code == 1
    lines = ran.out.splitlines()
    assert lines[0] == "line 2: ada@lab.example added"
    assert lines[1] == "line 3: ada@lab.example already there"
    assert lines[2].startswith("line 4: nobody refused: 'nobody' is not an e-mail address")
    assert lines[-2] == "line 5: eve@lab.example suppressed"
    assert lines[-1] == "4 lines: 1 added, 1 already there, 1 suppressed, 1 refused."
    again = json.loads(configured("subscribers", "import", "list.csv", "--json").out)
    assert [each["outcome"] for each in again] == [
        "already there", "already there", "refused", "suppressed"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"address,set\na@b.example,x\n", "list.csv lacks consent_at, consent_source: its first"),
        (b"", "list.csv lacks address, set, consent_at, consent_source"),
        (HEADER.encode() + b"\xff\xfe,x,y,z\n", "list.csv is no CSV file in UTF-8"),
        (HEADER.encode() + b"a" * 200_000, "list.csv is no CSV file in UTF-8"),
        (None, "list.csv cannot be read (No such file or directory): name a CSV file"),
    ],
)
def test_a_file_that_is_no_list_says_what_is_wrong(
    configured: Papers, tmp_path: Path, content: bytes | None, said: str
) -> None:
    if content is not None:
        (tmp_path / "list.csv").write_bytes(content)
    ran = configured("subscribers", "import", "list.csv")
    assert (ran.code, said in ran.err) == (2, True), ran.err


def test_subscribers_are_listed(imported: Papers) -> None:
    ran = imported("subscribers", "list")
    assert ran.code == 0
    assert ran.out.splitlines()[0].startswith("ada@lab.example: confirmed on 2024-05-01, ")
    assert "Grasping" in ran.out
    listed = json.loads(imported("subscribers", "list", "--json").out)
    assert [(each["address"], each["sets"]) for each in listed] == [
        (ADA, ["Grasping"]),
        ("bo@lab.example", ["Grasping"]),
    ]


def test_where_there_are_none_it_says_how_they_come(configured: Papers) -> None:
    ran = configured("subscribers", "list")
    assert (ran.code, ran.out.startswith("There are none: ")) == (1, True)


def test_who_left_is_listed_so(imported: Papers, tmp_path: Path) -> None:
    with open_store(f"sqlite:///{tmp_path / 'papers.db'}") as store:
        known = store.find_subscriber(ADA)
        assert known
        at = known.created_at
        store.leave_subscriber(known.id, at, 0, at=at, proof="")
    assert "ada@lab.example: left; no sets" in imported("subscribers", "list").out


def test_an_address_is_shown_with_all_that_is_kept(imported: Papers) -> None:
    data = json.loads(imported("subscribers", "show", "ADA@lab.example").out)
    assert data["subscriber"]["address"] == ADA
    assert data["consent"][0]["what"] == "imported"
    assert imported("subscribers", "show", "nobody@lab.example").code == 1
    assert imported("subscribers", "show", "nobody").code == 2


def test_an_address_is_suppressed_and_let_go(imported: Papers) -> None:
    ran = imported("subscribers", "suppress", "Ada@LAB.example")
    assert ran.out.startswith("Ada@lab.example gets no mail any more.")
    assert "Nothing was changed" in imported("subscribers", "suppress", ADA).out
    data = json.loads(imported("subscribers", "show", ADA).out)
    assert data["no_mail"]["reason"] == "the operator's wish"
    ran = imported("subscribers", "unsuppress", ADA)
    assert "for this reason: the operator's wish." in " ".join(ran.out.split())
    assert imported("subscribers", "unsuppress", ADA).code == 1


def test_links_are_renewed(imported: Papers, tmp_path: Path) -> None:
    def nonce() -> str:
        with open_store(f"sqlite:///{tmp_path / 'papers.db'}") as store:
            known = store.find_subscriber(ADA)
            assert known
            return known.nonce

    before = nonce()
    assert "lead nowhere any more" in imported("subscribers", "renew", ADA).out
    assert nonce() != before
    ran = imported("subscribers", "renew", "nobody@lab.example")
    assert (ran.code, "is no subscriber" in ran.err) == (2, True)


def test_erasing_removes_the_subscriber(imported: Papers) -> None:
    ran = imported("erase", ADA, "--yes")
    assert "a subscriber by mail with 1 line of consent" in " ".join(ran.out.split())
    assert ADA not in imported("subscribers", "list").out


def test_the_doctor_says_what_keeps_people_from_subscribing(
    configured: Papers, tmp_path: Path
) -> None:
    (tmp_path / "config.toml").write_text(f"{CONFIG}public = true\n", encoding="utf-8")
    ran = configured("doctor", "--offline")
    assert "subscribing: nobody can subscribe to public sets by mail: nothing sends" in ran.out

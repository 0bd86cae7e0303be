import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.papers import AnnounceType, ArxivId, age_key
from bot.errors import UserError
from tests.fakes.papers import make_paper


@pytest.mark.parametrize(
    ("written", "base", "version"),
    [
        ("2512.03874", "2512.03874", None),
        ("2512.03874v2", "2512.03874", 2),
        ("0704.0001v12", "0704.0001", 12),
        ("hep-th/9901001", "hep-th/9901001", None),
        ("math.GT/0309136v1", "math.GT/0309136", 1),
        (" arXiv:2512.03874v1\n", "2512.03874", 1),
        ("ARXIV:2512.03874", "2512.03874", None),
        ("oai:arXiv.org:cs/0112017", "cs/0112017", None),
        ("https://arxiv.org/abs/2512.03874", "2512.03874", None),
        ("http://www.arxiv.org/pdf/2512.03874v3.pdf", "2512.03874", 3),
        ("https://export.arxiv.org/html/2512.03874v3", "2512.03874", 3),
        ("arxiv.org/abs/hep-th/9901001", "hep-th/9901001", None),
    ],
)
def test_an_id_is_read_as_people_write_it(written: str, base: str, version: int | None) -> None:
    assert ArxivId.parse(written) == ArxivId(base, version)


@pytest.mark.parametrize(
    "written",
    [
        *("", "2512", "2512.123", "2512.123456", "2513.12345", "2500.12345", "2512.12345v0"),
        *("hep-th/99010011", "hep-th/9913001", "HEP-TH/9901001", "https://doi.org/2512.03874"),
        *("arXiv:arXiv:2512.03874", "2512.03874 2512.03875", "2512.03874v1v2", "２５１２.03874 x"),
    ],
)
def test_what_is_no_id_is_refused_with_an_example(written: str) -> None:
    with pytest.raises(UserError, match=r"write it like 2512\.03874 or hep-th/9901001") as caught:
        ArxivId.parse(written)
    assert repr(written) in str(caught.value)


def test_a_long_text_is_cited_in_part() -> None:
    with pytest.raises(UserError) as caught:
        ArxivId.parse("x" * 10_000)
    assert len(str(caught.value)) < 200


@given(st.text())
def test_any_text_is_an_id_or_is_refused(text: str) -> None:
    try:
        found = ArxivId.parse(text)
    except UserError:
        return
    assert ArxivId.parse(str(found)) == found


@given(st.from_regex(r"[0-9]{2}(0[1-9]|1[0-2])\.[0-9]{4,5}(v[1-9])?", fullmatch=True))
def test_an_id_is_written_as_it_was_read(written: str) -> None:
    assert str(ArxivId.parse(written)) == written


def test_ids_are_ordered_by_month_then_by_number() -> None:
    ids = [
        *("hep-th/9108001", "alg-geom/9202001", "hep-th/9901001", "math/9912001", "cs/0001001"),
        *("hep-th/0103001", "math.GT/0309136", "cs/0703001", "0704.0001", "0704.0002"),
        *("0912.0001", "1412.9999", "1501.00001", "2512.03874", "2601.00001", "9101.00001"),
    ]
    assert sorted(sorted(ids), key=age_key) == ids


def test_a_paper_knows_its_primary_category_and_its_page() -> None:
    paper = make_paper(7, categories=("cs.RO", "cs.CV"))
    assert paper.primary == "cs.RO"
    assert paper.url == "https://arxiv.org/abs/2512.00007"


def test_replacements_are_told_from_first_announcements() -> None:
    assert [kind.value for kind in AnnounceType if kind.is_replacement] == [
        "replace",
        "replace-cross",
    ]

import pytest

from tests.fakes.sites import NASTY, Site, find, links_of, text_of


def test_a_papers_page_says_why_it_is_here(site: Site) -> None:
    tree = site.page("/papers/2512.00001")
    assert find(tree, "h1") == ["Counting clouds"]
    text = text_of(tree)
    assert "Clouds: cloud (title) · Wednesday 3 December 2025, Thursday 4 December 2025" in text
    assert [row for row in find(tree, "tr") if row.startswith("v")] == [
        "v1Wednesday 3 December 2025new in cs.CV",
        "v2Thursday 4 December 2025replace in cs.RO",
    ]
    assert "@misc{example2025counting," in find(tree, "pre")[0]
    assert "https://arxiv.org/abs/2512.00001" in links_of(tree)


def test_a_paper_names_no_set_that_is_not_public(site: Site) -> None:
    assert "Secret" not in text_of(site.page("/papers/2512.00002"))


def test_a_hostile_papers_page_is_text(site: Site) -> None:
    tree = site.page("/papers/2512.00003")
    assert find(tree, "h1") == [" ".join(NASTY.split())]
    assert find(tree, "title") == [" ".join(NASTY.split())]


def test_a_paper_is_bibtex(site: Site) -> None:
    answer = site.get("/papers/2512.00001.bib")
    assert answer.text.startswith("@misc{example2025counting,")
    assert 'filename="2512.00001.bib"' in answer.headers["Content-Disposition"]


@pytest.mark.parametrize("path", ["2512.00001v1", "arXiv:2512.00001", "2512.00001.pdf"])
def test_other_ways_to_write_an_id_lead_to_the_page(site: Site, path: str) -> None:
    answer = site.get(f"/papers/{path}")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/papers/2512.00001")


@pytest.mark.parametrize("path", ["2512.09999", "hep-th/9901001", "x", "2512.09999.bib", "../etc"])
def test_a_paper_that_is_not_stored_is_missing(site: Site, path: str) -> None:
    assert find(site.page(f"/papers/{path}", 404), "h1") == ["Not here"]

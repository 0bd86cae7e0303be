import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.citing import find_ids
from bot.core.papers import ArxivId


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("", ()),
        ("https://arxiv.org/abs/2512.03874", ("2512.03874",)),
        ("<http://arxiv.org/abs/2512.03874v3|arxiv.org/abs/2512.03874v3>", ("2512.03874",)),
        ("https://www.arxiv.org/pdf/2512.03874.pdf#page=3", ("2512.03874",)),
        ("https://export.arxiv.org/html/2512.03874v1/#S1", ("2512.03874",)),
        ("HTTPS://ARXIV.ORG/ABS/2512.03874?context=cs.CV", ("2512.03874",)),
        ("https://arxiv.org/abs/hep-th/9901001", ("hep-th/9901001",)),
        ("https://arxiv.org/abs/math.GT/0309136v2", ("math.GT/0309136",)),
        ("https://www.alphaxiv.org/abs/2512.03874", ("2512.03874",)),
        ("https://ar5iv.labs.arxiv.org/html/2512.03874", ("2512.03874",)),
        ("https://ar5iv.org/abs/2512.03874", ("2512.03874",)),
        ("https://huggingface.co/papers/2512.03874", ("2512.03874",)),
        ("https://doi.org/10.48550/arXiv.2512.03874", ("2512.03874",)),
        ("as in arXiv:2512.03874, or arxiv: 0704.0001.", ("2512.03874", "0704.0001")),
        ("arxiv.org/abs/2512.00002 arxiv.org/abs/2512.00001 arXiv:2512.00002v9",
         ("2512.00002", "2512.00001")),
        # Nobody knows what these are.
        ("2512.03874", ()),
        ("https://notarxiv.org/abs/2512.03874", ()),
        ("https://evil.example/arxiv.org.evil.example/abs/2512.03874", ()),
        ("https://arxiv.org/list/cs.CV/2512.03874", ()),
        ("https://arxiv.org/abs/2512.038741", ()),
        ("https://arxiv.org/abs/2513.03874", ()),
        ("https://arxiv.org/abs/2512.038", ()),
        ("https://huggingface.co/datasets/2512.03874", ()),
    ],
)  # fmt: skip
def test_only_papers_that_a_text_surely_points_to_are_found(
    text: str, ids: tuple[str, ...]
) -> None:
    assert find_ids(text) == ids


@given(
    st.text()
    | st.lists(st.sampled_from(["arxiv.org/abs/", "2512.0", "3874", "v", "/"])).map("".join)
)
def test_whatever_is_found_is_an_id(text: str) -> None:
    for base in find_ids(text):
        assert ArxivId.parse(base) == ArxivId(base)

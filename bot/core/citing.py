"""Which papers a text of people surely points to; reads no page behind a link."""

import re

from bot.core.papers import BASE_ID

# arXiv's own pages and those that show a paper under its arXiv id; `arXiv:` is how papers are
# cited: https://info.arxiv.org/help/arxiv_identifier_for_services.html
_PLACES = (
    r"(?:\w+\.)?arxiv\.org/(?:abs|pdf|html|ps|format)/",
    r"(?:www\.)?alphaxiv\.org/(?:abs|pdf|html|overview)/",
    r"ar5iv\.(?:labs\.arxiv\.)?org/(?:abs|pdf|html)/",
    r"huggingface\.co/papers/",
    r"doi\.org/10\.48550/arxiv\.",
    r"arxiv:\s?",
)
_CITED = re.compile(
    # Archives are written in small letters, their classes in capitals.
    rf"(?<![\w.-])(?i:{'|'.join(_PLACES)})(?P<base>{BASE_ID})(?!\d)"
)


def find_ids(text: str) -> tuple[str, ...]:
    """Return the base ids of the papers that a text links to or cites, each once, in order.

    >>> find_ids("see https://arxiv.org/pdf/2512.03874v2.pdf and arXiv:hep-th/9901001.")
    ('2512.03874', 'hep-th/9901001')
    """
    return tuple(dict.fromkeys(found["base"] for found in _CITED.finditer(text)))

"""How much a mail shows: as much as its readers' programs show of it, and always its end."""

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.editions import Edition, Field, Item
from bot.core.papers import AnnounceType
from bot.render.email import Section
from bot.render.email.fitting import BUDGET, share
from tests.render.email.conftest import RECIPIENT, BuildEdition, BuildItem, Mail
from tests.render.email.test_digest import titles_in_html, titles_in_text

MailOf = Callable[..., Mail]
BuildMany = Callable[..., Edition]
WORDS = "A weather model counts the clouds that it sees from below, and waits. "


@pytest.fixture(scope="session")
def build_many(build_item: BuildItem, build_edition: BuildEdition) -> BuildMany:
    def build(papers: int, *, name: str = "Clouds", first: int = 0) -> Edition:
        kinds = list(AnnounceType)
        items: list[Item] = [
            build_item(
                f"2512.{first + number:05}",
                title=f"Paper {number:04}: Counting Clouds by a Weather Model of Average Length",
                abstract=WORDS * 20,
                authors=("Ada Example", "Bo Sample", "Cy Made-Up", "Dee Nobody", "Eve", "Flo"),
                categories=("cs.CV", "cs.LG"),
                kind=kinds[number * len(kinds) // papers],
                hits=[("cloud", Field.TITLE, "Clouds"), ("cloud", Field.ABSTRACT, "clouds")],
            )
            for number in range(papers)
        ]
        return build_edition(items, name=name)

    return build


def check_end(mail: Mail) -> None:
    assert len(mail.html.encode()) <= BUDGET
    # The way out and the receipt are there, whatever else is not.
    tail = mail.html[-3000:]
    assert RECIPIENT.unsubscribe_url in tail
    assert RECIPIENT.preferences_url in tail
    assert "12345 Town" in tail
    assert "376 read" in tail
    assert mail.html.rstrip().endswith("</html>")
    assert [url for _, url in titles_in_html(mail.html)] == [
        url for _, url in titles_in_text(mail.text)
    ]


def test_two_thousand_papers_are_as_many_titles_as_there_is_room_for(
    mail_of: MailOf, build_many: BuildMany
) -> None:
    url = "https://papers.lab.example/sets/Clouds/2025-12-04"
    mail = mail_of(Section(build_many(2000), url=url))
    check_end(mail)
    shown = len(titles_in_html(mail.html))
    assert shown > 200
    assert f"and {2000 - shown} more; all of them are on the web:\n{url}\n" in mail.text
    assert re.search(rf'and {2000 - shown} more: <a href="{url}"', mail.html)
    assert len(mail.html.encode()) > BUDGET - 4_500


def test_without_a_page_it_says_that_there_is_no_room(
    mail_of: MailOf, build_many: BuildMany
) -> None:
    mail = mail_of(build_many(2000))
    check_end(mail)
    assert re.search(r"and \d+ more, for which this mail has no room\.", mail.html)
    assert re.search(r"and \d+ more, for which this mail has no room\.\n", mail.text)


@pytest.mark.parametrize(
    ("papers", "abstract", "links", "why"),
    [(20, 500, True, True), (45, 250, True, True), (65, 100, False, True), (100, 0, False, True),
     (200, 0, False, False)],
)  # fmt: skip
def test_more_papers_show_less_of_each_and_all_of_them_alike(
    mail_of: MailOf,
    build_many: BuildMany,
    papers: int,
    abstract: int,
    *,
    links: bool,
    why: bool,
) -> None:
    mail = mail_of(build_many(papers))
    check_end(mail)
    assert len(titles_in_html(mail.html)) == papers
    shown = re.findall(r'<p class="abstract"[^>]*>(.*?)</p>', mail.html)
    lengths = {len(re.sub(r"<[^>]+>", "", each)) for each in shown}
    assert len(shown) == (papers if abstract else 0)
    assert len(lengths) <= 1
    assert all(length >= abstract for length in lengths)
    assert ("bibtex" in mail.html) is links
    assert ("Why: cloud" in mail.html) is why
    assert ("Why: cloud" in mail.text) is why


def test_sections_share_the_room(mail_of: MailOf, build_many: BuildMany) -> None:
    large, small = build_many(2000), build_many(20, name="Fog", first=50_000)
    other = build_many(1500, name="Sky", first=60_000)
    mail = mail_of(large, small, other)
    check_end(mail)
    urls = [url for _, url in titles_in_html(mail.html)]
    counts = [sum(f"2512.{at}" in url for url in urls) for at in ("0", "5", "6")]
    assert counts[1] == 20
    assert abs(counts[0] - counts[2]) <= 2
    assert mail.html.count("for which this mail has no room") == 2


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=40), st.integers(-100, 20_000))
def test_room_is_shared_fairly(needs: list[int], room: int) -> None:
    shares = share(needs, room)
    assert sum(shares) <= max(room, 0)
    assert all(0 <= got <= need for got, need in zip(shares, needs, strict=True))
    cut = [got for got, need in zip(shares, needs, strict=True) if got < need]
    if cut:
        # Nobody gives way while another has more than it.
        assert max(shares) - min(cut) <= len(needs)
        assert max(room, 0) - sum(shares) < len(needs)

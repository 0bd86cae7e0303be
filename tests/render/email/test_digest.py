"""Digest mails: what they show in both parts, how they go out, and the same bytes each time."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from types import MappingProxyType
from xml.etree.ElementTree import Element

import html5lib
import jinja2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from inline_snapshot import snapshot

from bot.core.editions import Edition, Field, Hit, Item
from bot.core.latex import to_text
from bot.core.weeks import Week
from bot.render.email import Composer, Letterhead, Recipient, Section, compose, date_of
from tests.render.email.conftest import (
    KEY,
    LETTERHEAD,
    RECIPIENT,
    BuildEdition,
    BuildItem,
    Mail,
    read,
)

MailOf = Callable[..., Mail]
ELEMENTS = {
    *("html", "head", "meta", "title", "style", "body", "div", "table", "tbody", "tr", "td"),
    *("h1", "h2", "h3", "p", "a", "span"),
}
ATTRIBUTES = {
    *("lang", "charset", "content", "name", "class", "style", "href", "role", "width", "height"),
    *("cellpadding", "cellspacing", "border", "align", "valign", "bgcolor", "aria-label"),
}


def parse(html: str) -> Element:
    """Parse strictly: a mail that a program would have to repair is an error."""
    parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
    tree: Element = parser.parse(html)
    return tree


def text_of(element: Element) -> str:
    return " ".join("".join(element.itertext()).split())


def titles_in_html(html: str) -> list[tuple[str, str]]:
    """List the papers that are shown, in their order: title and address."""
    found = []
    for element in parse(html).iter():
        shown = element.tag == "h3" or element.get("class") == "brief"
        if shown and (link := element.find("a")) is not None:
            found.append((text_of(link), link.get("href", "")))
    return found


def titles_in_text(text: str) -> list[tuple[str, str]]:
    found = []
    for block in text.split("\n\n"):
        *lines, last = block.strip("\n").split("\n")
        if re.fullmatch(r"https://arxiv\.org/abs/\S+", last):
            found.append((" ".join(lines), last))
    return found


def test_a_small_digest_to_the_byte(
    mail_of: MailOf, build_item: BuildItem, build_edition: BuildEdition
) -> None:
    item = build_item(
        title=r"Counting $\alpha$ Clouds & Fog",
        abstract="We count clouds. They are é many = much.",
        hits=[("cloud", Field.TITLE, "Clouds"), ("cloud", Field.ABSTRACT, "clouds")],
    )
    mail = mail_of(build_edition([item]))
    assert mail.data.decode("ascii").replace("\r\n", "\n") == snapshot("""\
From: "Lab papers" <digest@lab.example>
To: bo@example.org
Subject: 1 new: Clouds =?utf-8?q?=C2=B7?= 4 Dec
Date: Thu, 04 Dec 2025 05:00:00 +0000
Message-ID: <0123456789abcdef0123456789abcdef@lab.example>
List-Unsubscribe: <https://papers.lab.example/u/TOKEN>, <mailto:unsub+TOKEN@lab.example>
List-Unsubscribe-Post: List-Unsubscribe=One-Click
List-Id: "Clouds" <se45347b019.digest.lab.example>
List-Help: <https://papers.lab.example>
Feedback-ID: se45347b019:digest:papers-bot
Auto-Submitted: auto-generated
MIME-Version: 1.0
Content-Type: multipart/alternative;
 boundary="=_0123456789abcdef0123456789abcdef"

--=_0123456789abcdef0123456789abcdef
Content-Type: text/plain; charset="utf-8"
Content-Transfer-Encoding: quoted-printable

Clouds
Thursday 4 December 2025
1 of the 376 papers announced =C2=B7 1 new


New (1)

Counting =CE=B1 Clouds & Fog
Ada Example =C2=B7 cs.CV =C2=B7 new
Why: cloud (title)
We count *clouds*. They are =C3=A9 many =3D much.
https://arxiv.org/abs/2512.00001

--
376 announced in 2 categories, 376 read, 1 matched

You get this because you subscribed bo@example.org to Clouds.
Preferences: https://papers.lab.example/preferences/TOKEN
Unsubscribe: https://papers.lab.example/u/TOKEN
Example Lab, 1 Example Road, 12345 Town

--=_0123456789abcdef0123456789abcdef
Content-Type: text/html; charset="utf-8"
Content-Transfer-Encoding: quoted-printable

<!DOCTYPE html><html lang=3D"en"><head>
<meta charset=3D"utf-8">
<meta name=3D"viewport" content=3D"width=3Ddevice-width, initial-scale=3D1"=
>
<meta name=3D"color-scheme" content=3D"light dark">
<meta name=3D"supported-color-schemes" content=3D"light dark">
<title>1 new: Clouds =C2=B7 4 Dec</title>
<style>
:root { color-scheme: light dark; supported-color-schemes: light dark; }
a:hover, a:focus { text-decoration: underline !important; }
@media (max-width: 480px) {
  .page { padding: 20px 16px 32px !important; }
}
@media (prefers-color-scheme: dark) {
  body, .ground { background-color: #141414 !important; }
  .page { color: #e6e6e6 !important; }
  a { color: #8ab8f0 !important; }
  .quiet, .foot, .axis, .summary { color: #a6a6a6 !important; }
  .paper, .brief { border-color: #3a3a3a !important; }
  .hit { background-color: #403400 !important; }
  .bar { background-color: #4f7fb3 !important; }
  .button { background-color: #8ab8f0 !important; color: #141414 !important=
; }
}
</style>
</head>
<body style=3D"margin:0;padding:0;background-color:#ffffff">
<div class=3D"preheader" style=3D"display:none;max-height:0;overflow:hidden=
">Counting =CE=B1 Clouds &amp; Fog</div>
<table role=3D"presentation" width=3D"100%" cellpadding=3D"0" cellspacing=
=3D"0" border=3D"0">
<tbody><tr>
<td class=3D"ground" align=3D"center" style=3D"background-color:#ffffff">
<!--[if mso]><table role=3D"presentation" width=3D"600" cellpadding=3D"0" c=
ellspacing=3D"0" border=3D"0"><tr><td><![endif]-->
<table class=3D"column" role=3D"presentation" border=3D"0" cellpadding=3D"0=
" cellspacing=3D"0" style=3D"width:100%;max-width:600px;margin:0 auto">
<tbody><tr>
<td class=3D"page" style=3D"padding:32px 20px 48px;text-align:left;color:#1=
a1a1a;overflow-wrap:anywhere;font:16px/1.5 -apple-system, BlinkMacSystemFon=
t, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif">
<h1 style=3D"margin:0;font-size:26px;line-height:1.25;font-weight:700">Clou=
ds</h1>
<p style=3D"margin:4px 0 0">Thursday 4 December 2025</p>
<p class=3D"quiet" style=3D"margin:4px 0 0;font-size:14px;color:#5c5c5c">1 =
of the 376 papers announced =C2=B7 1 new</p>
<h2 style=3D"margin:40px 0 0;font-size:16px;font-weight:600">New (1)</h2>
<div class=3D"paper" style=3D"padding:24px 0;border-bottom:1px solid #dcdcd=
c">
<h3 style=3D"margin:0;font-size:18px;line-height:1.35;font-weight:600"><a h=
ref=3D"https://arxiv.org/abs/2512.00001" style=3D"color:#0b57a4;text-decora=
tion:none">Counting =CE=B1 <span class=3D"hit" style=3D"background-color:#f=
ff0b3">Clouds</span> &amp; Fog</a></h3>
<p class=3D"quiet" style=3D"margin:4px 0 0;font-size:14px;color:#5c5c5c">Ad=
a Example&nbsp;=C2=B7 cs.CV =C2=B7 new</p>
<p class=3D"small" style=3D"margin:4px 0 0;font-size:14px">Why: cloud (titl=
e)</p>
<p class=3D"abstract" style=3D"margin:8px 0 0">We count <span class=3D"hit"=
 style=3D"background-color:#fff0b3">clouds</span>. They are =C3=A9 many =3D=
 much.</p>
<p class=3D"links" style=3D"margin:8px 0 0;font-size:14px"><a href=3D"https=
://arxiv.org/abs/2512.00001" style=3D"color:#0b57a4;text-decoration:none">a=
bstract</a>&nbsp;=C2=B7 <a href=3D"https://arxiv.org/pdf/2512.00001" style=
=3D"color:#0b57a4;text-decoration:none">pdf</a>&nbsp;=C2=B7 <a href=3D"http=
s://arxiv.org/html/2512.00001" style=3D"color:#0b57a4;text-decoration:none"=
>html</a>&nbsp;=C2=B7 <a href=3D"https://papers.lab.example/papers/2512.000=
01.bib" style=3D"color:#0b57a4;text-decoration:none">bibtex</a></p>
</div>
<p class=3D"foot" style=3D"margin:24px 0 0;font-size:14px;color:#5c5c5c">37=
6 announced in 2 categories, 376 read, 1 matched.</p>

<p class=3D"foot" style=3D"margin:24px 0 0;font-size:14px;color:#5c5c5c">Yo=
u get this because you subscribed bo@example.org to Clouds.</p>
<p class=3D"quiet" style=3D"margin:4px 0 0;font-size:14px;color:#5c5c5c"><a=
 class=3D"plain" href=3D"https://papers.lab.example/preferences/TOKEN" styl=
e=3D"color:#0b57a4;text-decoration:underline">Preferences</a>&nbsp;=C2=B7 <=
a class=3D"plain" href=3D"https://papers.lab.example/u/TOKEN" style=3D"colo=
r:#0b57a4;text-decoration:underline">Unsubscribe</a></p>
<p class=3D"quiet" style=3D"margin:4px 0 0;font-size:14px;color:#5c5c5c">Ex=
ample Lab, 1 Example Road, 12345 Town</p>

</td>
</tr></tbody>
</table>
<!--[if mso]></td></tr></table><![endif]-->
</td>
</tr></tbody>
</table>


</body></html>
--=_0123456789abcdef0123456789abcdef--
""")


def test_both_parts_show_the_same_papers_in_the_same_order(
    mail_of: MailOf, edition: Edition
) -> None:
    mail = mail_of(edition)
    shown = titles_in_html(mail.html)
    assert len(shown) == 6
    in_text = titles_in_text(mail.text)
    assert [url for _, url in in_text] == [url for _, url in shown]
    for (title, _), (block, _) in zip(shown, in_text, strict=True):
        assert block.startswith(title)
    for part in (mail.text, mail.html):
        places = [part.index(f"{kind} (") for kind in ("New", "Cross-listed", "Replaced")]
        assert places == sorted(places)
    # Whatever the text says, the page says too, and nothing else but the links' words.
    words = set(re.findall(r"\w{3,}", text_of(parse(mail.html))))
    assert set(re.findall(r"\w{3,}", mail.text.replace("*", ""))) - words <= {
        *("https", "arxiv", "org", "abs", "papers", "lab", "example", "TOKEN", "preferences"),
        *re.findall(r"\d{4,}", mail.text),
    }


def test_hits_are_marked_in_both_parts(mail_of: MailOf, edition: Edition) -> None:
    mail = mail_of(edition)
    hits = [text_of(each) for each in parse(mail.html).iter("span")]
    assert hits[:4] == ["Clouds", "clouds", "weather model", "Weather Model"]
    assert "counts *clouds* well" in mail.text


def test_mathematics_reads_as_text(mail_of: MailOf, edition: Edition) -> None:
    for part in (mail_of(edition).text, mail_of(edition).html):
        assert "α-Mixing" in part
        assert r"\alpha" not in part


def test_lines_of_the_text_fit_a_terminal(mail_of: MailOf, edition: Edition) -> None:
    for line in mail_of(edition).text.split("\n"):
        assert len(line) <= 76 or "https://" in line


def test_a_paper_has_its_links(mail_of: MailOf, edition: Edition) -> None:
    tree = parse(mail_of(edition).html)
    links = {text_of(link): link.get("href") for link in tree.iter("a")}
    number = "2511.00102"
    assert {links[name] for name in ("abstract", "pdf", "html", "bibtex")} == {
        f"https://arxiv.org/abs/{number}",
        f"https://arxiv.org/pdf/{number}",
        f"https://arxiv.org/html/{number}",
        f"https://papers.lab.example/papers/{number}.bib",
    }


def test_without_pages_of_our_own_bibtex_is_arxivs(
    templates: jinja2.Environment, edition: Edition
) -> None:
    letterhead = Letterhead("digest@lab.example")
    data = compose([Section(edition)], RECIPIENT, letterhead, KEY, templates=templates)
    mail = read(data)
    assert 'href="https://arxiv.org/bibtex/2511.00102"' in mail.html
    assert mail.message["List-Help"] == "<mailto:digest@lab.example>"


def test_the_subject_says_how_many_of_what_and_when(
    mail_of: MailOf, edition: Edition, build_edition: BuildEdition
) -> None:
    assert mail_of(edition).message["Subject"] == "6 new: Clouds · 4 Dec"
    assert mail_of(build_edition([])).message["Subject"] == "nothing new: Clouds · 4 Dec"
    several = replace(edition, since=date(2025, 12, 1))
    assert mail_of(several).message["Subject"] == "6 new: Clouds · 1 Dec to 4 Dec"


def test_the_line_below_the_subject_names_the_best_papers(
    mail_of: MailOf, edition: Edition, build_edition: BuildEdition
) -> None:
    first = next(parse(mail_of(edition).html).iter("div"))
    assert first.get("class") == "preheader"
    assert "display:none" in first.get("style", "")
    assert text_of(first) == (
        "Counting Clouds from Below; Fog and Rain; Skies; Sheep <or> Clouds & *Stars*?; "
        "A Slow Look at the Sky"
    )
    assert "preheader" not in mail_of(build_edition([])).html.partition("<body")[2]


def test_it_says_why_it_comes_and_how_it_ends(mail_of: MailOf, edition: Edition) -> None:
    mail = mail_of(edition)
    for part in (mail.text, text_of(parse(mail.html))):
        for said in (
            "You get this because you subscribed bo@example.org to Clouds.",
            "Example Lab, 1 Example Road, 12345 Town",
            "376 announced in 2 categories, 376 read, 6 matched, 2 shown here before",
            "cs.LG: arXiv answered 503.",
        ):
            assert said in part
    links = {text_of(link): link.get("href") for link in parse(mail.html).iter("a")}
    assert links["Unsubscribe"] == RECIPIENT.unsubscribe_url
    assert links["Preferences"] == RECIPIENT.preferences_url
    assert mail.text.endswith(
        f"Preferences: {RECIPIENT.preferences_url}\n"
        f"Unsubscribe: {RECIPIENT.unsubscribe_url}\n"
        "Example Lab, 1 Example Road, 12345 Town\n"
    )


def test_headers_name_the_list_and_the_ways_out(mail_of: MailOf, edition: Edition) -> None:
    mail = mail_of(edition)
    lines = mail.data.decode("ascii").partition("\r\n\r\n")[0].split("\r\n")
    assert (
        "List-Unsubscribe: <https://papers.lab.example/u/TOKEN>, <mailto:unsub+TOKEN@lab.example>"
        in lines
    )
    assert "List-Unsubscribe-Post: List-Unsubscribe=One-Click" in lines
    name = "s8f6a1dd6ba"
    assert re.fullmatch(r'List-Id: "Clouds" <s\w{10}\.digest\.lab\.example>', lines[7]), name
    assert re.fullmatch(r"Feedback-ID: s\w{10}:digest:papers-bot", lines[9])
    assert "Auto-Submitted: auto-generated" in lines


@pytest.mark.parametrize(
    ("recipient", "headers", "link"),
    [
        (Recipient("bo@example.org"), {}, None),
        (
            Recipient("bo@example.org", unsubscribe_mailto="unsub+x@lab.example"),
            {"List-Unsubscribe": "<mailto:unsub+x@lab.example>"},
            "mailto:unsub+x@lab.example",
        ),
        (
            Recipient("bo@example.org", unsubscribe_url="https://lab.example/u/x"),
            {
                "List-Unsubscribe": "<https://lab.example/u/x>",
                "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            },
            "https://lab.example/u/x",
        ),
        (Recipient("bo@example.org", preferences_url="https://lab.example/p/x"), {}, None),
    ],
)
def test_what_there_is_no_link_for_is_left_out(
    mail_of: MailOf,
    edition: Edition,
    recipient: Recipient,
    headers: dict[str, str],
    link: str | None,
) -> None:
    mail = mail_of(edition, recipient=recipient)
    found = {
        name: value for name, value in mail.message.items() if name.startswith("List-Unsubscribe")
    }
    assert found == headers
    links = {text_of(each): each.get("href") for each in parse(mail.html).iter("a")}
    assert links.get("Unsubscribe") == link
    assert links.get("Preferences") == (recipient.preferences_url or None)
    assert ("Unsubscribe" in mail.text) is (link is not None)


def test_the_same_delivery_is_the_same_bytes(
    templates: jinja2.Environment, mail_of: MailOf, edition: Edition
) -> None:
    loaded_again = replace(
        edition,
        items=tuple(
            replace(item, kinds=MappingProxyType(dict(item.kinds))) for item in edition.items
        ),
    )
    first = mail_of(edition).data
    assert mail_of(loaded_again).data == first
    other = Composer(templates, LETTERHEAD)
    letter = other.write([Section(loaded_again)], RECIPIENT, KEY)
    assert letter.dated(date_of([edition])) == first
    assert compose([Section(edition)], RECIPIENT, LETTERHEAD, KEY, templates=templates) == first


def test_what_differs_anywhere_is_another_mail(mail_of: MailOf, edition: Edition) -> None:
    item, *rest = edition.items
    changes: list[Edition | Section] = [
        edition,
        replace(edition, day=edition.day + timedelta(days=1)),
        replace(edition, earlier=3),
        replace(edition, set=replace(edition.set, name="Fog")),
        replace(edition, items=(replace(item, hits=item.hits[:1]), *rest)),
        replace(edition, items=(replace(item, paper=replace(item.paper, title="New")), *rest)),
        replace(edition, items=tuple(rest)),
        Section(edition, url="https://papers.lab.example/sets/Clouds"),
        Section(edition, list_id="s1"),
        Section(edition, weeks=(Week(date(2025, 12, 1), 3),)),
    ]
    # All of them through one composer, which keeps what is alike, and once again.
    mails = [mail_of(each).data for each in changes]
    assert len(set(mails)) == len(changes)
    assert [mail_of(each).data for each in changes] == mails


def test_recipients_share_all_but_their_own_lines(mail_of: MailOf, edition: Edition) -> None:
    other = Recipient("cy@example.org", "Because.", "https://lab.example/u/2", "", "")
    ours, theirs = (
        mail_of(edition, recipient=each).data.split(b"\r\n") for each in (RECIPIENT, other)
    )
    assert len(set(theirs) - set(ours)) <= 10
    assert b"To: cy@example.org" in theirs
    for line in theirs:
        assert b"TOKEN" not in line


def test_several_sets_show_each_paper_once(
    mail_of: MailOf, edition: Edition, build_edition: BuildEdition
) -> None:
    shared = edition.items[1:3]
    other = build_edition([*shared], name="Weather")
    mail = mail_of(edition, other, replace(other, set=replace(other.set, name="Sky")))
    assert mail.message["Subject"] == "6 new: Clouds, Weather, Sky · 4 Dec"
    urls = [url for _, url in titles_in_html(mail.html)]
    assert len(urls) == len(set(urls)) == 6
    assert [url for _, url in titles_in_text(mail.text)] == urls
    again = [each for each in parse(mail.html).iter("p") if each.get("class") == "again"]
    assert [text_of(each) for each in again] == [
        "Here, too, and shown above: Counting Clouds from Below; Sheep <or> Clouds & *Stars*?."
    ] * 2
    assert mail.text.count("- Sheep <or> Clouds & *Stars*?\n") == 2
    assert [text_of(each) for each in parse(mail.html).iter("h1")] == ["Clouds", "Weather", "Sky"]
    assert mail.text.startswith(
        "6 papers in 3 sets: Clouds (6) · Weather (2) · Sky (2)\n\nClouds\n"
    )
    assert mail.message["List-Id"] == '"Lab papers" <all.digest.lab.example>'
    assert mail.message["Feedback-ID"] == "all:digest:papers-bot"
    assert mail.text.count("\n" + "-" * 76 + "\n") == 2


def test_of_many_papers_that_stand_above_some_are_named(
    mail_of: MailOf, build_item: BuildItem, build_edition: BuildEdition
) -> None:
    items = [build_item(f"2512.{number:05}", title=f"Paper {number}") for number in range(14)]
    mail = mail_of(build_edition(items), build_edition(items, name="Sky"))
    assert "; Paper 9; and 4 more." in text_of(parse(mail.html))
    assert "- Paper 9\n- and 4 more\n" in mail.text
    assert [url for _, url in titles_in_html(mail.html)] == [item.paper.url for item in items]


def test_a_subject_names_as_many_sets_as_it_has_room_for(
    mail_of: MailOf, build_edition: BuildEdition
) -> None:
    editions = [build_edition([], name=f"A set with a long name, number {at}") for at in range(9)]
    assert mail_of(*editions).message["Subject"] == (
        "nothing new: A set with a long name, number 0, A set with a long name, number 1, "
        "A set with a long name, number 2 and 6 more · 4 Dec"
    )


@pytest.mark.parametrize("number", [0, 41])
def test_a_mail_has_a_section_and_not_too_many(
    composer: Composer, build_edition: BuildEdition, number: int
) -> None:
    with pytest.raises(ValueError, match="do not make a mail: 1 to 40 do"):
        composer.write([Section(build_edition([]))] * number, RECIPIENT, KEY)


def test_a_weekly_digest_shows_what_each_week_brought(mail_of: MailOf, edition: Edition) -> None:
    weeks = tuple(Week(date(2025, 6, 9) + timedelta(weeks=at), at % 9) for at in range(26))
    mail = mail_of(Section(edition, weeks=weeks))
    tree = parse(mail.html)
    (chart,) = [each for each in tree.iter("table") if each.get("class") == "chart"]
    bars = [each for each in chart.iter("td") if each.get("class") == "week"]
    assert len(bars) == 26
    heights = [int(bar.get("height", "0")) for bar in chart.iter("td") if bar.get("class") == "bar"]
    assert heights[:8] == [6, 12, 18, 24, 30, 36, 42, 48]
    said = (
        "Papers a week in Clouds: 100 papers in 26 weeks; most, 8, in the week of Monday 4 August"
    )
    assert chart.get("aria-label", "").startswith(said)
    assert said in mail.text.replace("\n", " ")
    assert "9 Jun 2025 to 1 Dec 2025: 0 1 2 3 4 5 6 7 8 0 1 2" in mail.text.replace("\n", " ")
    assert "chart" not in mail_of(edition).html.partition("</style>")[2]


def test_an_editions_page_is_linked_where_there_is_one(mail_of: MailOf, edition: Edition) -> None:
    url = "https://papers.lab.example/sets/Clouds/2025-12-04"
    mail = mail_of(Section(edition, url=url))
    assert f"All of them on the web: {url}\n" in mail.text
    assert f'<a href="{url}"' in mail.html
    assert "on the web" not in mail_of(edition).text + mail_of(edition).html


def test_an_edition_without_papers_says_so(mail_of: MailOf, build_edition: BuildEdition) -> None:
    mail = mail_of(build_edition([]))
    assert "None of the 376 papers announced" in mail.text
    assert titles_in_html(mail.html) == []


def test_of_many_problems_some_are_told(mail_of: MailOf, build_edition: BuildEdition) -> None:
    problems = tuple(f"problem {number}: {'x' * 500}" for number in range(20))
    mail = mail_of(build_edition([], problems=problems))
    for part in (mail.text, mail.html):
        assert "problem 4" in part
        assert "problem 5" not in part
        assert "and 15 more of these" in part
        assert "x" * 300 not in part


@pytest.fixture(scope="session")
def nasty_mail(
    mail_of: MailOf, build_item: BuildItem, build_edition: BuildEdition
) -> Callable[[str], Mail]:
    def write(text: str) -> Mail:
        item = build_item(title=text, abstract=text, authors=(text, text), categories=(text,))
        whole = Hit(text, Field.ABSTRACT, 0, len(to_text(text)), text)
        edition = build_edition(
            [Item(item.paper, item.kind, (whole,))], name=text, problems=(text,)
        )
        return mail_of(edition, replace(edition, set=replace(edition.set, name=f"2{text}")))

    return write


HOSTILE = [
    "a\r\nBcc: eve@x.example", "a\0b", "</script><script>alert(1)</script>", "\u202eabc\u2066",
    "<!--sections-->", "<!--recipient-->", "--=_0123456789abcdef0123456789abcdef--", ".\r\n.\r\n",
    "{{ 7 * 7 }}{% raw %}", "jinja0s <!--jinja1s-->", "=?utf-8?q?x?=", "a" * 20_000, "<![endif]-->",
    "From nobody", "\ud800", "\x85\u2028", '" onmouseover="alert(1)', "javascript:alert(1)",
]  # fmt: skip


def check(mail: Mail, text: str) -> None:
    assert mail.message["Bcc"] is None
    assert len(mail.message.get_all("Subject", [])) == 1
    tree = parse(mail.html)
    for element in tree.iter():
        if isinstance(element.tag, str):
            assert element.tag in ELEMENTS, text
            assert set(element.attrib) <= ATTRIBUTES, text
    for link in tree.iter("a"):
        assert re.match(r"https://(arxiv\.org|papers\.lab\.example)/", link.get("href", "")), text
    for part in (mail.html, mail.text):
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]", part)
    assert len(mail.html) < 30_000
    # Nothing of a paper takes the reader's way out away.
    assert mail.html.count(RECIPIENT.unsubscribe_url) == 1
    assert mail.text.endswith("Example Lab, 1 Example Road, 12345 Town\n")


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: repr(text)[:30])
def test_hostile_text_stays_text(nasty_mail: Callable[[str], Mail], text: str) -> None:
    check(nasty_mail(text), text)


def test_nasty_text_stays_text(nasty_mail: Callable[[str], Mail], nasty: tuple[str, ...]) -> None:
    for text in nasty:
        check(nasty_mail(text), text)


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=60))
def test_any_text_stays_text(nasty_mail: Callable[[str], Mail], text: str) -> None:
    check(nasty_mail(text), text)


@pytest.mark.parametrize(
    "recipient",
    [
        Recipient("bo@example.org\r\nBcc: eve@x.example"),
        Recipient("bo"),
        Recipient("bo@example.org", unsubscribe_url="https://x.example/>, <mailto:eve@x.example"),
        Recipient("bo@example.org", unsubscribe_mailto="a@x.example\r\nBcc: eve@x.example"),
    ],
)
def test_no_recipient_adds_a_header(
    composer: Composer, edition: Edition, recipient: Recipient
) -> None:
    with pytest.raises(ValueError, match="is no"):
        composer.write([Section(edition)], recipient, KEY)


def test_a_recipients_words_stay_text(mail_of: MailOf, edition: Edition) -> None:
    words = "<script>alert(1)</script> & <!--sections-->"
    mail = mail_of(edition, recipient=Recipient("bo@example.org", words, preferences_url='"><x>'))
    tree = parse(mail.html)
    assert words in text_of(tree)
    assert "script" not in {element.tag for element in tree.iter()}

"""arXiv's catch-up pages and OAI-PMH answers as its software makes them, of made-up papers."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from html import escape

from bot.core.papers import AnnounceType, Entry, Paper

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_SECTIONS = {
    "New": (AnnounceType.NEW,),
    "Cross": (AnnounceType.CROSS,),
    "Replacement": (AnnounceType.REPLACE, AnnounceType.REPLACE_CROSS),
}
_PER_PAGE = 2000


def write_page(
    entries: Sequence[Entry],
    day: date,
    *,
    number: int = 1,
    per_page: int = _PER_PAGE,
    with_html: bool = True,
) -> bytes:
    """Write one page of a day's entries; `with_html`: each has a link that names its version."""
    when = f"{_DAYS[day.weekday()]}, {day.day:02d} {_MONTHS[day.month - 1]} {day.year}"
    skip = (number - 1) * per_page
    ordered = [
        (name, entry)
        for name, kinds in _SECTIONS.items()
        for entry in entries
        if entry.kind in kinds
    ]
    shown = ordered[skip : skip + per_page]
    total = f"Total of {len(ordered)} entries for {when}"
    sections = []
    place = skip
    for name in _SECTIONS:
        here = [entry for section, entry in shown if section == name]
        if not here:
            continue
        count = sum(section == name for section, _ in ordered)
        words = "showing" if len(here) == count else "showing first"
        if number > 1:
            words = "continued, showing last"
        terms = "".join(
            _write_entry(entry, place + index, with_html=with_html)
            for index, entry in enumerate(here, start=1)
        )
        place += len(here)
        sections.append(
            f"<dl id='articles'>\n<h3>{name} submissions ({words} {len(here)} of {count} entries)"
            f"</h3>\n{terms}</dl>"
        )
    if not sections:
        further = "further " if number > 1 else ""
        sections = [f"<br><div><p>No {further}updates for {when}. There was either no …</p></div>"]
    return f"""<!DOCTYPE html>
<html lang="en"><head><script>1 < 2</script><title></title></head>
<body><header><a href="https://arxiv.org/login">Log in</a></header>
<div id='content-inner'><div id='dlpage'>
<h1>Catchup results for Clouds on {when}</h1>
<ul><li><a href="#item1">New submissions</a></li></ul>
<div>{total}</div>
{"".join(sections)}
<div></div>{total}
</div></div><footer><p>We acknowledge nobody.</p></footer></body></html>""".encode()


def _write_entry(entry: Entry, place: int, *, with_html: bool) -> str:
    paper = entry.paper
    base = paper.base_id
    mark = ""
    if entry.kind is AnnounceType.CROSS:
        mark = f"(cross-list from {paper.primary})"
    elif entry.kind.is_replacement:
        mark = "(replaced)"
    formats = f'<a href="/pdf/{base}" title="Download PDF" id="pdf-{base}">pdf</a>'
    if with_html:
        formats += f', <a href="https://arxiv.org/html/{base}v{paper.version}">html</a>'
    names = ", ".join(
        f'<a href="https://arxiv.org/search/cs?searchtype=author&amp;query=X,+Y">{escape(name)}</a>'
        for name in paper.authors
    )
    subjects = "; ".join(f"Subject {code} ({code})" for code in paper.categories)
    fields = "".join(
        f"<div class='list-{name}'><span class='descriptor'>{label}:</span>\n {text}\n</div>\n"
        for name, label, text in (
            ("title mathjax", "Title", escape(paper.title)),
            ("comments mathjax", "Comments", escape(paper.comments)),
            ("journal-ref", "Journal-ref", escape(paper.journal_ref)),
            ("subjects", "Subjects", subjects),
        )
        if text
    )
    return f"""<dt><a name='item{place}'>[{place}]</a>
<a href ="/abs/{base}" title="Abstract" id="{base}">
  arXiv:{base}
</a> {mark} [{formats}]</dt>
<dd><div class='meta'>
<div class='list-authors'>{names}</div>
{fields}<p class='mathjax'>
  {hide_links(escape(paper.abstract))}
</p></div></dd>
"""


def hide_links(text: str) -> str:
    """Turn addresses into links that say "this https URL", as arXiv does."""
    words = text.split(" ")
    for index, word in enumerate(words):
        if word.startswith("https://"):
            words[index] = f'<a href="{word}" class="link-external">this https URL</a>'
        elif word.endswith(".example"):
            words[index] = f'<a href="http://{word}" class="link-external">this http URL</a>'
    return " ".join(words)


def write_records(
    records: Iterable[tuple[Paper, datetime, date]], resume: str | None = None
) -> bytes:
    """Write an answer to ListRecords; each record is a paper, its submission, its last change."""
    more = "" if resume is None else f"<resumptionToken expires='x'>{resume}</resumptionToken>"
    each = "".join(_write_record(*record) for record in records)
    return _write_oai(f"<ListRecords>{each}{more}</ListRecords>")


def write_oai_error(code: str, words: str = "It is so.") -> bytes:
    """Write an error, which comes with status 200."""
    return _write_oai(f"<error code='{code}'>{words}</error>")


def _write_oai(content: str) -> bytes:
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/">
<responseDate>2025-12-04T06:00:00Z</responseDate><request verb="ListRecords">https://x</request>
{content}
</OAI-PMH>""".encode()


def _write_record(paper: Paper, submitted: datetime, changed: date) -> str:
    when = (
        f"{_DAYS[submitted.weekday()]}, {submitted.day:02d} {_MONTHS[submitted.month - 1]} "
        f"{submitted:%Y %H:%M:%S} GMT"
    )
    versions = "".join(
        f'<version version="v{number}"><date>{when}</date><size>1kb</size></version>'
        for number in range(1, paper.version + 1)
    )
    return f"""<record><header><identifier>oai:arXiv.org:{paper.base_id}</identifier>
<datestamp>{changed}</datestamp><setSpec>cs:cs:CV</setSpec></header><metadata>
<arXivRaw xmlns="http://arxiv.org/OAI/arXivRaw/"><id>{paper.base_id}</id>
<submitter>Ada Example</submitter>{versions}
<title>{escape(paper.title)}</title><authors>{escape(" and ".join(paper.authors))}</authors>
<categories>{" ".join(paper.categories)}</categories><comments>{escape(paper.comments)}</comments>
<doi>{escape(paper.doi)}</doi><abstract>
  {escape(paper.abstract)}
</abstract></arXivRaw></metadata></record>"""


def write_versions(versions: dict[str, int]) -> bytes:
    """Write the query API's answer for these papers."""
    entries = "".join(
        f"<entry><id>http://arxiv.org/abs/{base}v{version}</id><title>x</title></entry>"
        for base, version in versions.items()
    )
    return (
        '<feed xmlns="http://www.w3.org/2005/Atom"><title>arXiv Query: id_list=…</title>'
        f"<id>http://arxiv.org/api/x</id>{entries}</feed>"
    ).encode()

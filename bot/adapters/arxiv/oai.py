"""arXiv's OAI-PMH: records of papers as they are now, with when each was submitted.

It tells when a record was last changed, not what was announced on which day. The protocol:
https://www.openarchives.org/OAI/openarchivesprotocol.html; arXiv's side of it:
https://info.arxiv.org/help/oa/index.html and https://github.com/arXiv/oaipmh
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import quote as percent_encoded

from lxml import etree

from bot.adapters.arxiv.bodies import shown_url
from bot.adapters.arxiv.feeds import suggestion
from bot.adapters.arxiv.names import parse_names
from bot.adapters.arxiv.trees import parse_tree, read_text
from bot.core import taxonomy
from bot.core.papers import ArxivId, Paper
from bot.errors import SourceError, UserError

OAI = "https://oaipmh.arxiv.org/oai"

# No current record is older, and some 90,000 are of this day.
EARLIEST = date(2005, 9, 16)

_MOST_RESTARTS = 5
# Each answer holds 2000 records and there are three million papers.
_MOST_ANSWERS = 3000
_CHANGED = "arXiv changed its OAI-PMH"
_YEARS = range(1986, 2200)

_OAI = "{http://www.openarchives.org/OAI/2.0/}"
_RAW = "{http://arxiv.org/OAI/arXivRaw/}"
_PHYSICS = frozenset(
    {
        "astro-ph", "cond-mat", "gr-qc", "hep-ex", "hep-lat", "hep-ph", "hep-th", "math-ph",
        "nlin", "nucl-ex", "nucl-th", "physics", "quant-ph",
    }
)  # fmt: skip
_VERSION = re.compile(r"v([1-9]\d{0,3})")
# "A. One, B. Two (X and Y Inst.) and C. Three": brackets are passed over.
_AND = re.compile(r"\([^()]*\)|\{[^{}]*\}|(?:,\s*)?\band\b\s")


@dataclass(frozen=True, slots=True)
class Record:
    """A paper as it is now, when its first version was submitted, when the record was changed."""

    paper: Paper
    submitted: datetime
    changed: date


@dataclass(frozen=True, slots=True)
class Records:
    """One answer's records; `token` asks for the next ones ("": there are none)."""

    records: tuple[Record, ...]
    token: str = ""
    unread: int = 0


class TokenError(SourceError):
    """A resumption token is no longer good: they live until midnight UTC."""


def name_set(category: str) -> str:
    """Name a category's or archive's set, as arXiv's ListSets does; "" for an unknown one.

    >>> name_set("cs.CV"), name_set("hep-th"), name_set("cs.SY"), name_set("math")
    ('cs:cs:CV', 'physics:hep-th', 'eess:eess:SY', 'math:math')
    """
    if not taxonomy.is_known(category):
        return ""
    archive, _, subject = taxonomy.canonical(category).partition(".")
    group = "physics" if archive in _PHYSICS else archive
    return f"{group}:{archive}:{subject}" if subject else f"{group}:{archive}"


def harvest(
    category: str, since: date, fetch: Callable[[str], bytes], *, url: str = OAI
) -> Iterator[Records]:
    """Yield every record of a category that was changed on `since` (UTC) or later.

    `fetch` gets one address after another. Where a token runs out it begins again at the last day
    that came, so a record may come twice. Raise SourceError where an answer is unusable.
    """
    chosen = name_set(category)
    if not chosen:
        raise SourceError(shown_url(url), f"has no set of {category}.{suggestion(category)}")
    done = since = max(since, EARLIEST)
    in_order = True
    restarts = 0
    address = _build_url(url, chosen, since)
    for _ in range(_MOST_ANSWERS):
        try:
            answer = parse_records(fetch(address), url=shown_url(address))
        except TokenError as error:
            restarts += 1
            if restarts > _MOST_RESTARTS:
                reason = f"{error.reason}, as {_MOST_RESTARTS} times before; try again later"
                raise SourceError(shown_url(url), reason) from error
            address = _build_url(url, chosen, done if in_order else since)
            continue
        yield answer
        for record in answer.records:
            in_order = in_order and record.changed >= done
            done = max(done, record.changed)
        if not answer.token:
            return
        address = f"{url}?verb=ListRecords&resumptionToken={percent_encoded(answer.token, safe='')}"
    raise SourceError(
        shown_url(url), f"has no end: {_MOST_ANSWERS} answers, and still a resumption token"
    )


def parse_records(body: bytes, *, url: str) -> Records:
    """Read an answer to ListRecords in the format arXivRaw; raise SourceError where it is none.

    Errors come with status 200; that there are no such records is none. Raise TokenError where the
    token is no longer good. Records that cannot be read are counted.
    """
    root = parse_tree(body, url=url)
    if root.tag != f"{_OAI}OAI-PMH":
        raise SourceError(url, "is XML, but not an answer of OAI-PMH: its root is another")
    for error in root.iter(f"{_OAI}error"):
        code, words = error.get("code") or "", " ".join((error.text or "").split())
        if code == "noRecordsMatch":
            return Records(())
        fault = TokenError if code == "badResumptionToken" else SourceError
        raise fault(url, f"answered {code[:40]}: {words[:300]}")
    listed = root.find(f"{_OAI}ListRecords")
    if listed is None:
        raise SourceError(url, f"answered neither records nor an error: {_CHANGED}")
    records: list[Record] = []
    unread = 0
    for each in listed.iterfind(f"{_OAI}record"):
        header = each.find(f"{_OAI}header")
        if header is not None and header.get("status") == "deleted":
            continue
        try:
            records.append(_read_record(each))
        except (UserError, ValueError):
            unread += 1
    if unread and not records:
        raise SourceError(url, f"has no record that can be read ({unread} came): {_CHANGED}")
    return Records(tuple(records), read_text(listed, f"{_OAI}resumptionToken"), unread)


def _read_record(record: etree._Element) -> Record:
    """Build a record; raise UserError or ValueError where something is missing."""
    raw = record.find(f"{_OAI}metadata/{_RAW}arXivRaw")
    if raw is None:
        msg = "no arXivRaw"
        raise ValueError(msg)
    versions = dict(_read_version(each) for each in raw.iterfind(f"{_RAW}version"))
    title = read_text(raw, f"{_RAW}title")
    categories = tuple(dict.fromkeys(read_text(raw, f"{_RAW}categories").split()))
    if not title or not categories or 1 not in versions:
        msg = "no title, no category or no first version"
        raise ValueError(msg)
    paper = Paper(
        base_id=ArxivId.parse(read_text(raw, f"{_RAW}id")).base,
        version=max(versions),
        title=title,
        authors=parse_names(_AND.sub(_split, read_text(raw, f"{_RAW}authors"))),
        abstract=read_text(raw, f"{_RAW}abstract"),
        categories=categories,
        comments=read_text(raw, f"{_RAW}comments"),
        doi=read_text(raw, f"{_RAW}doi"),
        journal_ref=read_text(raw, f"{_RAW}journal-ref"),
    )
    changed = date.fromisoformat(read_text(record, f"{_OAI}header/{_OAI}datestamp")[:10])
    return Record(paper, versions[1], changed)


def _read_version(version: etree._Element) -> tuple[int, datetime]:
    number = _VERSION.fullmatch(version.get("version") or "")
    submitted = parsedate_to_datetime(read_text(version, f"{_RAW}date"))
    if number is None or submitted.year not in _YEARS:
        msg = "no version's number, or no likely time"
        raise ValueError(msg)
    return int(number[1]), submitted if submitted.tzinfo else submitted.replace(tzinfo=UTC)


def _split(found: re.Match[str]) -> str:
    return found[0] if found[0][0] in "({" else ", "


def _build_url(url: str, chosen: str, since: date) -> str:
    return f"{url}?verb=ListRecords&metadataPrefix=arXivRaw&set={chosen}&from={since}"

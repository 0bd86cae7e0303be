"""The public pages of the site as HTML, made of what was read; serves and reads nothing."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

from bot.core.answers import Trial
from bot.core.archive import FoundPaper, PaperRecord, SetLine, SetRecord
from bot.core.days import say_day, say_days
from bot.core.editions import Edition, Item
from bot.core.keyword_sets import KeywordSet
from bot.core.latex import to_text
from bot.core.papers import AnnounceType
from bot.errors import QueryError, UserError
from bot.render import chart
from bot.render.bibtex import render_bibtex
from bot.render.feeds import FORMS
from bot.render.filtering import Filter, filter_edition
from bot.render.paths import Paths
from bot.render.segments import Segments, one_line, shorten
from bot.render.view import PaperView, build_edition_view, build_paper_view, evidence, say_why
from bot.render.wording import say_query, say_reach

if TYPE_CHECKING:
    import jinja2

_ABSTRACT: Final = 600
_BEST: Final = 3
_LABELS = {"atom": "Atom", "rss": "RSS", "json": "JSON Feed"}
# What no HTML may hold:
# https://html.spec.whatwg.org/multipage/parsing.html#preprocessing-the-input-stream
_UNFIT = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef"
    + "".join(chr(plane * 0x10000 + last) for plane in range(17) for last in (0xFFFE, 0xFFFF))
    + "]"
)
# How often mails may come, as the form of a set's page asks.
RHYTHMS = (("daily", "Every announcement"), ("weekdays", "On weekdays"), ("weekly", "Weekly"))


@dataclass(frozen=True, slots=True)
class Frame:
    """What every page has: addresses, the stylesheet's name, whom to ask."""

    paths: Paths
    style: str
    contact: str = ""


class Pages:
    """Writes pages, each as one text."""

    def __init__(self, templates: "jinja2.Environment", frame: Frame) -> None:
        """Write them with these templates."""
        self._templates = templates
        self._frame = frame
        self._paths = frame.paths

    def index(
        self, lines: Sequence[SetLine], load: Callable[[int], Edition], *, heading: str = "papers"
    ) -> str:
        """Write the list of sets; `load` gives an edition by its number."""
        sets = []
        for line in lines:
            issue = line.issue
            best = build_edition_view(load(issue.id)).papers[:_BEST] if issue else ()
            sets.append(
                {
                    "name": line.keyword_set.name,
                    "query": say_query(line.keyword_set),
                    "day": issue.day if issue else None,
                    "day_words": say_days(issue.since, issue.day) if issue else "",
                    "papers": issue.papers if issue else 0,
                    "lately": line.lately,
                    "best": best,
                }
            )
        return self._write("index.html", place="sets", sets=sets, heading=heading)

    def set_page(
        self,
        record: SetRecord,
        *,
        public: bool,
        before: date | None = None,
        subscribe_token: str = "",
    ) -> str:
        """Write a set's page; only a public set has feeds and a form to subscribe."""
        keyword_set = record.keyword_set
        return self._write(
            "set.html",
            hidden=not public,
            set={
                "name": keyword_set.name,
                "query": say_query(keyword_set),
                "reach": say_reach(keyword_set),
                "as_query": write_query(keyword_set),
            },
            chart=chart.build_chart(record.weeks, keyword_set.name),
            width=chart.WIDTH,
            height=chart.HEIGHT,
            issues=[
                {
                    "day": issue.day,
                    "words": say_days(issue.since, issue.day),
                    "papers": issue.papers,
                }
                for issue in record.issues
            ],
            older=record.issues[-1].day if record.more else None,
            before=before,
            feeds=self._feeds(lambda form: self._paths.feed(keyword_set.name, form))
            if public
            else (),
            subscribe_token=subscribe_token,
            rhythms=RHYTHMS,
        )

    def edition(
        self,
        edition: Edition,
        wanted: Filter,
        *,
        public: bool,
        neighbours: tuple[date | None, date | None] = (None, None),
        token: str = "",
    ) -> str:
        """Write an edition, or a part of it; `token`: for a reader who knows no other page of it.

        `neighbours` are the days of the editions before and after.
        """
        name = edition.set.name
        shown = filter_edition(edition, wanted, self._paths, token)
        return self._write(
            "edition.html",
            hidden=not public or bool(wanted),
            edition=build_edition_view(edition),
            name=name,
            day=edition.day,
            set_link=not token,
            kinds=shown.kinds,
            categories=shown.categories,
            groups=shown.groups,
            page=shown.page,
            pages=shown.pages,
            turn=shown.turn,
            shown=_shorten,
            evidence=evidence,
            earlier=neighbours[0],
            later=neighbours[1],
            say_day=say_day,
            bibtex="" if token else self._paths.edition_bibtex(name, edition.day),
            here=self._paths.read(token) if token else self._paths.edition(name, edition.day),
        )

    def paper(self, record: PaperRecord) -> str:
        """Write a paper's page; hits of all sets that the reader sees are marked."""
        paper = record.paper
        hits = tuple(dict.fromkeys(hit for each in record.standings for hit in each.marks))
        view = build_paper_view(Item(paper, AnnounceType.NEW, hits))
        facts = (
            ("Comments", one_line(to_text(paper.comments))),
            ("Journal", one_line(to_text(paper.journal_ref))),
            ("DOI", one_line(paper.doi)),
        )
        announced: dict[int, list[str]] = {}
        for each in record.sightings:
            kind = f"{each.kind} in {one_line(each.category)}"
            announced.setdefault(each.version, []).append(kind)
        return self._write(
            "paper.html",
            paper=view,
            id=paper.base_id,
            facts=[(name, value) for name, value in facts if value],
            standings=[
                {
                    "name": each.keyword_set.name,
                    "why": say_why(each.hits),
                    "days": each.days,
                }
                for each in record.standings
            ],
            versions=[
                {
                    "version": each.version,
                    "day": each.day,
                    "announced": ", ".join(announced.get(each.version, ["not announced"])),
                }
                for each in record.seen
            ],
            say_day=say_day,
            bibtex=render_bibtex(paper),
        )

    def search(
        self, words: str, found: Sequence[FoundPaper], limit: int, *, problem: str = ""
    ) -> str:
        """Write the search, with what it found and what is wrong with what was asked."""
        papers = [build_paper_view(Item(e.paper, AnnounceType.NEW, e.hits)) for e in found]
        return self._write(
            "search.html",
            place="search",
            hidden=bool(words),
            words=one_line(words),
            papers=papers,
            days=[say_day(each.first_day) for each in found],
            limit=limit,
            problem=problem,
            shown=_shorten,
            evidence=evidence,
            feeds=self._feeds(lambda form: self._paths.search_feed(words, form)) if words else (),
        )

    def trial(self, query: str, trial: Trial | None, problem: UserError | None = None) -> str:
        """Write the page that tries a query, with what came of it."""
        place = problem.position if isinstance(problem, QueryError) else 0
        return self._write(
            "try.html",
            place="try",
            hidden=bool(query),
            query=query,
            problem=str(problem) if problem else "",
            fault=place if place <= len(query) + 1 else 0,
            trial=trial,
            rate=_say_rate(trial) if trial else "",
            papers=[build_paper_view(item) for item in trial.samples] if trial else [],
            shown=_shorten,
            evidence=evidence,
            say_day=say_day,
            feeds=self._feeds(lambda form: self._paths.trial_feed(query, form)) if query else (),
        )

    def message(self, heading: str, sentence: str, link: tuple[str, str] | None = None) -> str:
        """Write a page that says one thing, and where to go on."""
        return self._write(
            "message.html", hidden=True, heading=heading, sentence=sentence, link=link
        )

    def _feeds(self, path: Callable[[str], str]) -> tuple[tuple[str, str, str], ...]:
        return tuple((_LABELS[form], path(form), kind) for form, (_, kind) in FORMS.items())

    def _write(
        self, template: str, *, place: str = "", hidden: bool = False, **values: object
    ) -> str:
        page = self._templates.get_template(f"web/{template}").render(
            frame=self._frame, paths=self._paths, hidden=hidden, place=place, **values
        )
        return make_fit(page)


def make_fit(page: str) -> str:
    """Replace what no HTML may hold."""
    return _UNFIT.sub("\ufffd", page)


def write_query(keyword_set: KeywordSet) -> str:
    """Write what a set looks for as a query to start from; the whole of it where that is one."""
    if keyword_set.query:
        wanted = one_line(keyword_set.query)
    else:
        wanted = " OR ".join(
            " AND ".join(map(_write_term, parts))
            if len(parts) == 1 or len(keyword_set.keywords) == 1
            else f"({' AND '.join(map(_write_term, parts))})"
            for parts in keyword_set.keywords
        )
    if not keyword_set.exclude:
        return wanted
    left_out = "".join(f" AND NOT {_write_term(each)}" for each in keyword_set.exclude)
    return f"({wanted}){left_out}"


def _write_term(keyword: str) -> str:
    text = one_line(keyword)
    return f'"{text}"' if " " in text and not text.startswith('"') else text


def _shorten(paper: PaperView) -> Segments:
    return shorten(paper.abstract, _ABSTRACT)


def _say_rate(trial: Trial) -> str:
    rate = trial.matched / max(trial.days, 1)
    return f"{rate:.0f}" if rate >= 1 or not rate else f"{rate:.1f}"

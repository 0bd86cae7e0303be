"""Digest mails: an edition, or several, for one recipient; what is alike is made once, not sent."""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, time
from functools import lru_cache
from threading import Lock
from typing import Final

import jinja2

from bot.core.editions import Edition
from bot.core.records import MOST_TOGETHER
from bot.render.email.fitting import BUDGET, divide, fit
from bot.render.email.headers import (
    bracket,
    fold_headers,
    write_address,
    write_phrase,
    write_sender,
)
from bot.render.email.inlining import add_inlining
from bot.render.email.letterhead import Letterhead, Recipient, Section
from bot.render.email.mime import Letter, build_letter, encode
from bot.render.email.pieces import SectionPieces
from bot.render.segments import clip, one_line, plain
from bot.render.templates import wrapped
from bot.render.view import count

# Midnight in US Eastern time, when an announcement's day begins; it names no other moment.
DAY_BEGINS: Final = time(5, tzinfo=UTC)

_MOST_EDITIONS: Final = 128
_MOST_DRAFTS: Final = 128
_LONGEST_NAMES: Final = 120
_PREHEADER: Final = 140
_RECIPIENTS_ROOM: Final = 3_000
_SECTIONS, _RECIPIENT = "<!--sections-->", "<!--recipient-->"


@dataclass(frozen=True, slots=True)
class _Known:
    """A section as a cache's key: an edition that was loaded twice is one and the same."""

    section: Section

    def __hash__(self) -> int:
        """Look at little: equality looks at all, and comparing costs less than hashing."""
        edition = self.section.edition
        return hash((edition.set.name, edition.day, len(edition.items), self.section.url))


@dataclass(frozen=True, slots=True)
class _Draft:
    """Whatever all recipients of some sections get alike."""

    sender: bytes
    subject: bytes
    lists: bytes
    text: bytes
    html: bytes
    end: bytes


class Composer:
    """Writes digest mails; threads may share it."""

    def __init__(
        self,
        templates: jinja2.Environment,
        letterhead: Letterhead,
        floor: AbstractContextManager[object] | None = None,
    ) -> None:
        """`templates` are those of `render.templates.build_environment`.

        `floor` is a lock that whoever computes for long in this process holds meanwhile.
        """
        self._templates = add_inlining(templates)
        self._letterhead = letterhead
        self._footers: tuple[jinja2.Template, jinja2.Template] = (
            self._templates.get_template("email/footer.txt"),
            self._templates.get_template("email/footer.html"),
        )
        self._postal = one_line(letterhead.postal)
        # An edition is rendered once, and so is what some recipients get alike.
        self._pieces = lru_cache(_MOST_EDITIONS)(self._cut_up)
        self._draft = lru_cache(_MOST_DRAFTS)(self._write)
        # Threads that compose at once only take the interpreter from each other, again and again,
        # and make the same draft several times.
        self._floor = floor or Lock()

    def write(self, sections: Sequence[Section], recipient: Recipient, key: str) -> Letter:
        """Write one mail with a section an edition, without its date.

        A paper of several sections is shown in the first of them and named in the others. `key` is
        the delivery's. Raise ValueError for an address, link or key that cannot stand in a mail.
        """
        if not 0 < len(sections) <= MOST_TOGETHER:
            msg = f"{len(sections)} sections do not make a mail: 1 to {MOST_TOGETHER} do"
            raise ValueError(msg)
        with self._floor:
            return self._write_to(tuple(map(_Known, sections)), recipient, key)

    def _write_to(self, known: tuple[_Known, ...], recipient: Recipient, key: str) -> Letter:
        draft = self._draft(known)
        said = {"recipient": recipient, "postal": self._postal}
        text, html = (footer.render(said) for footer in self._footers)
        to = fold_headers([("To", write_address(recipient.address))])
        return build_letter(
            draft.sender + to + draft.subject,
            fold_headers(_name_ways_out(recipient)) + draft.lists,
            key=key,
            domain=self._letterhead.domain,
            text=(draft.text, encode(text)),
            html=(draft.html, encode(html), draft.end),
        )

    def _cut_up(self, known: _Known) -> SectionPieces:
        return SectionPieces(known.section, self._templates, self._letterhead.base_url)

    def _write(self, known: tuple[_Known, ...]) -> _Draft:
        parts = divide([self._pieces(each) for each in known])
        pieces = [part.pieces for part in parts]
        shown = {base_id for each in pieces for base_id in each.ids}
        facts = {
            "papers": len(shown),
            "names": _join_names([each.set_name for each in pieces]),
            "day": pieces[0].day_brief,
        }
        subject = self._templates.get_template("email/digest.subject.txt").render(facts).strip()
        summary = _summarise(pieces, len(shown))
        page = self._templates.get_template("email/digest.html").render(
            subject=subject, preheader=_tease(pieces), summary=summary
        )
        begin, _, rest = page.partition(_SECTIONS)
        middle, _, end = rest.partition(_RECIPIENT)
        room = BUDGET - len(page.encode()) - _RECIPIENTS_ROOM
        fragments = fit(parts, room)
        sender = write_sender(self._letterhead.from_name, self._letterhead.from_address)
        return _Draft(
            sender=fold_headers([("From", sender)]),
            subject=fold_headers([("Subject", subject)]),
            lists=self._name_list([each.section for each in known]),
            text=b"".join([encode(_begin_text(summary)), *(each.text for each in fragments)]),
            html=b"".join([encode(begin), *(each.html for each in fragments), encode(middle)]),
            end=encode(end),
        )

    def _name_list(self, sections: Sequence[Section]) -> bytes:
        """Name the list that a mail belongs to; several sets together are one of their own."""
        names = {section.list_name for section in sections}
        name = names.pop() if len(names) == 1 else "all"
        words = self._letterhead.from_name if name == "all" else sections[0].edition.set.name
        host = self._letterhead.domain
        return fold_headers(
            [
                ("List-Id", f"{write_phrase(one_line(words))} <{name}.digest.{host}>"),
                ("List-Help", bracket(self._letterhead.help)),
                ("Feedback-ID", f"{name}:digest:papers-bot"),
                ("Auto-Submitted", "auto-generated"),
            ]
        )


def compose(
    sections: Sequence[Section],
    recipient: Recipient,
    letterhead: Letterhead,
    key: str,
    *,
    templates: jinja2.Environment,
    date: datetime | None = None,
) -> bytes:
    """Write one mail as bytes; whoever writes many keeps a Composer instead.

    Without a date it is that of the newest edition.
    """
    letter = Composer(templates, letterhead).write(sections, recipient, key)
    return letter.dated(date or date_of(section.edition for section in sections))


def date_of(editions: Iterable[Edition]) -> datetime:
    """Return when the newest edition's day began."""
    return datetime.combine(max(edition.day for edition in editions), DAY_BEGINS)


def _name_ways_out(recipient: Recipient) -> list[tuple[str, str]]:
    """Write how to unsubscribe, with one click where there is an address for it (RFC 8058)."""
    ways = []
    if recipient.unsubscribe_url:
        ways.append(bracket(recipient.unsubscribe_url))
    if recipient.unsubscribe_mailto:
        ways.append(bracket(f"mailto:{recipient.unsubscribe_mailto}"))
    headers = [("List-Unsubscribe", ", ".join(ways))] if ways else []
    if recipient.unsubscribe_url:
        headers.append(("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))
    return headers


def _summarise(pieces: Sequence[SectionPieces], papers: int) -> str:
    if len(pieces) == 1:
        return ""
    sets = " · ".join(f"{each.set_name} ({len(each.papers)})" for each in pieces)
    return f"{count(papers, 'paper')} in {len(pieces)} sets: {sets}"


def _begin_text(summary: str) -> str:
    return f"{wrapped(summary)}\n\n" if summary else ""


def _tease(pieces: Sequence[SectionPieces]) -> str:
    """Name the best papers by what stands before their titles' colons."""
    titles = [plain(paper.title).partition(": ")[0] for each in pieces for paper in each.best]
    return clip("; ".join(dict.fromkeys(filter(None, titles))), _PREHEADER)


def _join_names(names: Sequence[str]) -> str:
    """Name the sets, as many as a subject has room for."""
    shown = [names[0]]
    for name in names[1:]:
        if len(", ".join([*shown, name])) > _LONGEST_NAMES:
            break
        shown.append(name)
    left_out = len(names) - len(shown)
    return ", ".join(shown) + (f" and {left_out} more" if left_out else "")

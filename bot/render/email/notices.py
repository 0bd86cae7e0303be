"""Mails that are no digests: confirm, see your subscriptions, sign in, a domain that refuses us."""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import ClassVar, TypeAlias

import jinja2

from bot.render.email.headers import bracket, fold_headers, write_address, write_sender
from bot.render.email.inlining import add_inlining
from bot.render.email.letterhead import Letterhead
from bot.render.email.mime import Letter, build_letter, encode
from bot.render.segments import one_line


@dataclass(frozen=True, slots=True)
class Confirm:
    """Asks whether the address's owner wants a subscription; `schedule` is in words."""

    set_name: str
    schedule: str
    url: str
    hours: int = 72
    template: ClassVar[str] = "confirm"


@dataclass(frozen=True, slots=True)
class Preferences:
    """Tells a subscriber, who asked again, where the subscriptions are changed."""

    set_name: str
    url: str
    template: ClassVar[str] = "preferences"


@dataclass(frozen=True, slots=True)
class SignIn:
    """Lets an operator in, once."""

    url: str
    minutes: int = 15
    template: ClassVar[str] = "sign-in"


@dataclass(frozen=True, slots=True)
class Blocked:
    """Tells the operator of a domain that refuses us; `until` is in words, `url` may be ""."""

    domain: str
    reason: str
    until: str
    url: str = ""
    template: ClassVar[str] = "blocked"


Notice: TypeAlias = Confirm | Preferences | SignIn | Blocked


class NoticeWriter:
    """Writes notices; threads may share it."""

    def __init__(self, templates: jinja2.Environment, letterhead: Letterhead) -> None:
        """`templates` are those of `render.templates.build_environment`."""
        self._templates = add_inlining(templates)
        self._letterhead = letterhead

    def write(self, notice: Notice, address: str, key: str) -> Letter:
        """Write one, without its date; raise ValueError for what cannot stand in a mail.

        `key` names it: the same key and notice give the same bytes.
        """
        letterhead = self._letterhead
        own = letterhead.notice_address or letterhead.from_address
        facts = {
            **{each.name: _shown(getattr(notice, each.name)) for each in fields(notice)},
            "address": one_line(address),
            "sender": _say_sender(letterhead),
            "postal": one_line(letterhead.postal),
            "preheader": "",
        }
        if notice.url or not isinstance(notice, Blocked):
            bracket(notice.url)
        name = f"email/{notice.template}"
        subject = self._templates.get_template(f"{name}.subject.txt").render(facts).strip()
        facts["subject"] = subject
        text, html = (
            self._templates.get_template(f"{name}.{form}").render(facts) for form in ("txt", "html")
        )
        return build_letter(
            fold_headers(
                [
                    ("From", write_sender(letterhead.from_name, own)),
                    ("To", write_address(address)),
                    ("Subject", subject),
                ]
            ),
            fold_headers([("Auto-Submitted", "auto-generated")]),
            key=key,
            domain=own.rpartition("@")[2],
            text=[encode(text)],
            html=[encode(html)],
        )


def compose_notice(
    notice: Notice,
    address: str,
    letterhead: Letterhead,
    key: str,
    *,
    templates: jinja2.Environment,
    date: datetime,
) -> bytes:
    """Write one notice as bytes; whoever writes many keeps a NoticeWriter instead."""
    return NoticeWriter(templates, letterhead).write(notice, address, key).dated(date)


def _shown(value: object) -> object:
    return one_line(value) if isinstance(value, str) else value


def _say_sender(letterhead: Letterhead) -> str:
    """Say whose mail this is and whom to ask."""
    where = f" at {letterhead.base_url}" if letterhead.base_url else ""
    asked = f"; questions: {letterhead.contact}" if letterhead.contact else ""
    return f"{one_line(letterhead.from_name) or 'papers-bot'}{where}{asked}"

"""Gather once what health page, metrics and doctor all read, and judge it; mend nothing."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from bot.core.bounces import DomainPause
from bot.core.figures import Backlog, Pause
from bot.core.findings import Finding, Health
from bot.errors import StoreError
from bot.flows.checking import (
    Reading,
    ReceiptStore,
    judge_categories,
    read_categories,
)

CLOCK, WORKER, WEB = "clock", "worker", "web"

# Every process shows a sign of life every 15 seconds or so.
SILENCE = timedelta(minutes=2)
# Whatever is due leaves within a minute or two, so that is longer than a busy evening takes.
LONGEST_WAIT = timedelta(minutes=15)

_STARTED_BY = {CLOCK: "papers clock", WORKER: "papers worker", WEB: "papers web"}
_MOST_PAUSES = 5


class FactStore(ReceiptStore, Protocol):
    """What gathering needs to read."""

    def load_heartbeats(self) -> tuple[tuple[str, str, datetime], ...]:
        """Return process, role and last sign of life of every process, newest first."""
        ...

    def load_backlog(self, now: datetime) -> Backlog:
        """Count what may be claimed now, what is in doubt, and what failed in the last week."""
        ...

    def load_pauses(self) -> tuple[Pause, ...]:
        """Load the subscriptions that were paused for a reason, oldest first."""
        ...

    def load_domain_pauses(self) -> tuple[DomainPause, ...]:
        """Load the domains that get no mail for a while, or did not and took none since."""
        ...


@dataclass(frozen=True, slots=True)
class Facts:
    """How things are: `fault` is what the database said where it could not be read.

    `heartbeats` holds the last sign of life of each role; `categories` are those that are
    followed, `readings` how each is read (none: nothing was announced yet). `domains` are those
    that get no mail now.
    """

    fault: str = ""
    heartbeats: Mapping[str, datetime] = field(default_factory=dict)
    categories: tuple[str, ...] = ()
    readings: tuple[Reading, ...] = ()
    backlog: Backlog = field(default_factory=Backlog)
    pauses: tuple[Pause, ...] = ()
    domains: tuple[DomainPause, ...] = ()


def gather(store: FactStore, categories: Sequence[str], now: datetime) -> Facts:
    """Read all that there is to judge; where the database fails, that is the only fact."""
    try:
        heartbeats: dict[str, datetime] = {}
        for _, role, at in store.load_heartbeats():
            heartbeats[role] = max(at, heartbeats.get(role, at))
        return Facts(
            heartbeats=heartbeats,
            categories=tuple(categories),
            readings=read_categories(store, categories, now) if categories else (),
            backlog=store.load_backlog(now),
            pauses=store.load_pauses(),
            domains=tuple(each for each in store.load_domain_pauses() if each.until > now),
        )
    except StoreError as error:
        return Facts(fault=str(error))


def judge(facts: Facts, now: datetime, *, names: bool = True) -> tuple[Finding, ...]:
    """Say of each fact whether it is fine or what to do; `names`: who is subscribed may be told.

    Without any sign of life nothing is meant to be running, so what waits is no fault then.
    """
    if facts.fault:
        return (Finding("database", Health.BAD, facts.fault),)
    return (
        Finding("database", Health.FINE, "it answers"),
        *_judge_roles(facts.heartbeats, now),
        *_judge_deliveries(facts, now),
        *(_judge_pauses(facts.pauses) if names else _count_pauses(facts.pauses)),
        *(_judge_domains(facts.domains, now) if names else _count_domains(facts.domains)),
        *_judge_announcements(facts, now),
    )


def say_span(span: timedelta) -> str:
    """Say how long something took, roughly: "12 s", "3 min", "5 h", "2 days".

    >>> say_span(timedelta(minutes=3, seconds=20))
    '3 min'
    """
    seconds = max(0, int(span.total_seconds()))
    for unit, length in (("days", 86_400), ("h", 3600), ("min", 60)):
        # Two days rather than one, which is better said in hours.
        if seconds >= length * (2 if unit == "days" else 1):
            return f"{seconds // length} {unit}"
    return f"{seconds} s"


def _judge_roles(heartbeats: Mapping[str, datetime], now: datetime) -> Iterator[Finding]:
    if heartbeats and CLOCK not in heartbeats:
        message = "none was heard of for a day: start `papers run`, or `papers clock`"
        yield Finding(CLOCK, Health.BAD, message)
    for role in sorted(heartbeats):
        age = now - heartbeats[role]
        if age < -SILENCE:
            message = (
                f"its last sign of life is {say_span(-age)} ahead of this machine's time: "
                "set the machines' clocks, best by NTP"
            )
            yield Finding(role, Health.DOUBTFUL, message)
        elif age > SILENCE:
            # Without a clock nothing is read or planned; what else is missing shows by what waits.
            health = Health.BAD if role == CLOCK else Health.DOUBTFUL
            started = f"`{_STARTED_BY[role]}`" if role in _STARTED_BY else "its command"
            message = (
                f"last heard of {say_span(age)} ago: look into its log, and start it again by "
                f"`papers run` or {started}"
            )
            yield Finding(role, health, message)
        else:
            heard = "last tick" if role == CLOCK else "last heard of"
            yield Finding(role, Health.FINE, f"{heard} {say_span(age)} ago")


def _judge_deliveries(facts: Facts, now: datetime) -> Iterator[Finding]:
    backlog = facts.backlog
    if facts.heartbeats:
        waits = now - backlog.since if backlog.since else timedelta(0)
        due = f"{backlog.due} due" + (f", the oldest for {say_span(waits)}" if backlog.due else "")
        if waits > LONGEST_WAIT:
            advice = "see that `papers run` or `papers worker` runs, and what its log says"
            yield Finding("deliveries", Health.DOUBTFUL, f"{due}: {advice}")
        else:
            yield Finding("deliveries", Health.FINE, due)
    if backlog.in_doubt:
        number = f"{backlog.in_doubt} may have arrived"
        if facts.heartbeats:
            message = f"{number}: each is looked for before it is sent again"
            yield Finding("in doubt", Health.FINE, message)
        else:
            message = f"{number}: `papers send` looks for each before it sends it again"
            yield Finding("in doubt", Health.DOUBTFUL, message)
    if backlog.failed:
        message = (
            f"{backlog.failed} in the last 7 days: `papers deliveries list --state failed` says "
            "why, and `papers deliveries retry ID` tries one again"
        )
        yield Finding("failed deliveries", Health.DOUBTFUL, message)


def _judge_pauses(pauses: Sequence[Pause]) -> Iterator[Finding]:
    for pause in pauses[:_MOST_PAUSES]:
        message = (
            f"{pause.set_name} to {pause.destination} is paused: {pause.reason.rstrip('. ')}; "
            f"when that is mended, `papers subscriptions resume {pause.id}`"
        )
        yield Finding(f"subscription {pause.id}", Health.DOUBTFUL, message)
    if len(pauses) > _MOST_PAUSES:
        message = f"{len(pauses) - _MOST_PAUSES} more are paused: `papers subscriptions` lists them"
        yield Finding("subscriptions", Health.DOUBTFUL, message)


def _count_pauses(pauses: Sequence[Pause]) -> Iterator[Finding]:
    if pauses:
        paused = "1 is paused" if len(pauses) == 1 else f"{len(pauses)} are paused"
        message = f"{paused}: `papers subscriptions` says why"
        yield Finding("subscriptions", Health.DOUBTFUL, message)


def _judge_domains(domains: Sequence[DomainPause], now: datetime) -> Iterator[Finding]:
    for pause in domains[:_MOST_PAUSES]:
        who = pause.domain or "the mail relay"
        message = (
            f"{who} is left alone since {say_span(now - pause.since)} ago, for "
            f"{say_span(pause.until - now)} more: {pause.reason.rstrip('. ')}"
        )
        resume = f"; when that is mended, `papers bounces --resume {pause.domain}`"
        message += resume if pause.domain else "; see [mail] relay"
        yield Finding(f"mail to {who}", Health.DOUBTFUL, message)
    if len(domains) > _MOST_PAUSES:
        message = f"{len(domains) - _MOST_PAUSES} more get none for a while: see `papers bounces`"
        yield Finding("mail to domains", Health.DOUBTFUL, message)


def _count_domains(domains: Sequence[DomainPause]) -> Iterator[Finding]:
    if domains:
        some = "1 domain gets" if len(domains) == 1 else f"{len(domains)} domains get"
        message = f"{some} none for a while: `papers doctor` says why"
        yield Finding("mail to domains", Health.DOUBTFUL, message)


def _judge_announcements(facts: Facts, now: datetime) -> tuple[Finding, ...]:
    if facts.categories:
        return judge_categories(facts.readings, now)
    message = 'no categories are followed: add [arxiv] categories = ["cs.CL"] to the configuration'
    return (Finding("categories", Health.BAD, message),)

"""What a set would have brought, and why a paper matched or not, as Slack shows it."""

from collections.abc import Sequence
from typing import Final

from bot.core.answers import Explanation, Trial, Verdict
from bot.core.commands import NAME
from bot.core.days import say_day, say_day_briefly
from bot.core.editions import Hit
from bot.core.papers import Paper
from bot.core.records import Showing, Sighting
from bot.render.segments import clip, one_line
from bot.render.slack.elements import (
    MOST_VALUE,
    Block,
    Part,
    actions,
    bold,
    bullets,
    button,
    code,
    italic,
    paragraph,
    rich,
    say,
    section,
)
from bot.render.slack.limits import fit, respond
from bot.render.slack.papers import build_line, link_paper
from bot.render.slack.wording import (
    LAST_DAYS,
    name_destination,
    name_set,
    say_rate,
    write_command,
)
from bot.render.view import KINDS, build_paper_view, count

_QUERY: Final = 300
_WORDS: Final = 80
_MOST_KEYWORDS: Final = 8
_MOST_DAYS: Final = 31
_MOST_HITS: Final = 8
_BARS: Final = "▁▂▃▄▅▆▇█"
_OPERATORS: Final = frozenset(("and", "or", "not"))


def build_trial(query: str, trial: Trial, *, command: str = NAME) -> dict[str, object]:
    """Say what a query would have matched, before anyone subscribes to it."""
    shown = clip(one_line(query), _QUERY)
    parts: list[Part] = [code(shown), f" would have matched {say_trial(trial)}"]
    if not trial.matched and _OPERATORS & set(query.split()):
        parts.append(" Operators are written in capitals: AND, OR, NOT.")
    rows = []
    if trial.matched:
        rows += show_trial(trial, with_days=True)
    if trial.matched and shown == query:
        typed = write_command(f"subscribe {shown}", command)
        rows.append(paragraph(typed, " subscribes the channel where it is typed."))
    if len(query) <= MOST_VALUE:
        rows.append(actions(button("Make a keyword set of it", "set_new", one_line(query))))
    return respond(
        say(*parts), fit([paragraph(*parts)], [[row] for row in rows], lambda _left_out: [])
    )


def say_trial(trial: Trial) -> str:
    """Say the sum: "31 papers a day over the last 30 days: 412 of 9120 on 20 days."."""
    if not trial.days:
        return "nothing: no announcement is stored yet to try it on."
    days = count(trial.days, "announcement day")
    whole = f"{trial.matched} of {count(trial.read, 'paper')} on {days}"
    return f"{say_rate(trial)} {LAST_DAYS}: {whole}."


def show_trial(trial: Trial, *, with_days: bool = False) -> list[Block]:
    """Show what brought the papers of a trial that matched some, and the newest of them."""
    keywords = _say_keywords(trial)
    heading = paragraph(*_show_days(trial), f"\n{keywords}") if with_days else paragraph(keywords)
    newest = [rich(bullets([build_line(build_paper_view(item))])) for item in trial.samples]
    return [heading, *([paragraph("The newest:"), *newest] if newest else [])]


def build_explanation(told: Explanation) -> dict[str, object]:
    """Say why a paper matched each set or not, and what became of its deliveries."""
    title = link_paper(told.paper, strong=True)
    matching = [each.set_name for each in told.verdicts if each.matched]
    sets = ", ".join(map(name_set, matching)) or "no set"
    return respond(f"{say(title)}: {say(f'it matches {sets}')}", show_explanation(told))


def show_explanation(told: Explanation) -> list[Block]:
    """Show a paper's announcements, its verdicts and its deliveries, as many as a message holds."""
    rows = [
        *((show_verdict(each),) for each in told.verdicts),
        *((paragraph(*_say_showing(each)),) for each in told.showings),
    ]
    if not told.verdicts:
        rows.insert(0, (paragraph("There is no keyword set here to compare it with."),))

    def after(left_out: int) -> list[Block]:
        return [paragraph(italic(f"and {left_out} more."))] if left_out else []

    return fit([_show_sightings(told.paper, told.sightings)], rows, after)


def show_verdict(verdict: Verdict) -> Block:
    """Show one set's verdict, down to the keyword and the words."""
    heading = section(
        bold(name_set(verdict.set_name)), " matches" if verdict.matched else " does not match"
    )
    lines = [
        *map(_say_hit, verdict.hits),
        *(f"{_clip(keyword)}: nowhere in the paper" for keyword in verdict.missing),
        *(f"left out by {_say_hit(hit)}" for hit in verdict.excluded),
        *map(one_line, verdict.notes),
    ]
    if len(lines) > _MOST_HITS:
        # What keeps a paper out is told last, and is what people ask for.
        kept = lines[: _MOST_HITS - 2], lines[-1:]
        lines = [*kept[0], f"and {len(lines) - _MOST_HITS + 1} more", *kept[1]]
    return rich(
        heading, *([bullets(section(clip(line, _QUERY)) for line in lines)] if lines else [])
    )


def _say_keywords(trial: Trial) -> str:
    shown = trial.keywords[:_MOST_KEYWORDS]
    if not shown:
        return "No keyword of its own brought them."
    brought = [
        f"{_clip(keyword)} {'' if at else 'brought '}{n}" for at, (keyword, n) in enumerate(shown)
    ]
    left_out = len(trial.keywords) - len(shown)
    rest = f" and {count(left_out, 'more keyword')}" if left_out else ""
    return f"{', '.join(brought)}{rest}."


def _show_days(trial: Trial) -> Sequence[Part]:
    """Draw the newest days on which something matched, with the most of them in words."""
    days = trial.per_day[-_MOST_DAYS:]
    most = max(number for _, number in days)
    bars = "".join(_BARS[(len(_BARS) - 1) * number // most] for _, number in days)
    busiest = next(day for day, number in days if number == most)
    first, last = say_day_briefly(days[0][0]), say_day_briefly(days[-1][0])
    return (code(bars), f" {first} to {last}; most on {say_day(busiest)}: {most}.")


def _show_sightings(paper: Paper, sightings: Sequence[Sighting]) -> Block:
    lines = [
        f"{say_day(each.day)}: {KINDS[each.kind]} in {_clip(each.category)}, v{each.version}"
        for each in sightings
    ]
    if len(lines) > _MOST_HITS:
        lines[_MOST_HITS - 1 :] = [f"and {len(lines) - _MOST_HITS + 1} more announcements"]
    return rich(
        section(link_paper(paper, strong=True)),
        *([bullets(map(section, lines))] if lines else [section("Not announced here.")]),
    )


def _say_showing(showing: Showing) -> Sequence[Part]:
    edition = f", {say_day(showing.day)}: "
    name = bold(name_set(showing.set_name))
    if showing.destination is None:
        return (name, edition, "it went nowhere.")
    detail = f": {_clip(showing.detail)}" if showing.detail else ""
    return (
        name,
        edition,
        f"{showing.state} to ",
        name_destination(showing.destination),
        f"{detail}.",
    )


def _say_hit(hit: Hit) -> str:
    return f"{_clip(hit.keyword)}: “{_clip(hit.words)}” in the {hit.field}"


def _clip(text: str) -> str:
    return clip(one_line(text), _WORDS)

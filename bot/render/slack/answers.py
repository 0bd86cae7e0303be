"""Answers to `/papers` and to clicks, but for those about subscriptions, trials and reasons."""

from collections.abc import Sequence
from typing import Final

from bot.core.commands import NAME, usage_lines
from bot.core.days import say_day
from bot.core.desk import Found, Kept, Listed, Preview, Saved, Today
from bot.core.editions import Edition
from bot.core.papers import Paper
from bot.errors import BotError, CommandError, QueryError
from bot.render.segments import clip, one_line
from bot.render.slack.elements import (
    Block,
    Part,
    actions,
    bold,
    bullets,
    button,
    code,
    italic,
    paragraph,
    preformatted,
    rich,
    say,
    section,
)
from bot.render.slack.limits import fit, respond
from bot.render.slack.papers import (
    ALONE,
    build_head,
    build_line,
    build_menu,
    link_paper,
    view_paper,
)
from bot.render.slack.subscriptions import (
    build_row,
    name_subscription,
    say_left_out,
    suggest_subscribing,
)
from bot.render.slack.wording import name_set, say_moment, write_command
from bot.render.view import EditionView, build_edition_view, count

Response = dict[str, object]

_SENTENCE: Final = 800
_WORDS: Final = 200
_BEST: Final = 5
_ROW: Final = 5
_MOST_TITLES: Final = 5
# A reader sees this much on either side of a fault.
_REACH: Final = 30


def build_help(listed: Sequence[Listed], *, command: str = NAME) -> Response:
    """Say what can be typed, then list the subscriptions that the person sees."""
    opening = "each day’s arXiv papers, filtered by keyword sets."
    usages = [section(code(typed), f" {does}") for typed, does in usage_lines(command)]
    before = [
        rich(section(bold(command), f": {opening}"), bullets(usages)),
        actions(button("New keyword set", "set_new")),
        paragraph(bold("Subscriptions")) if listed else paragraph(*suggest_subscribing(command)),
    ]
    rows = [build_row(each, with_buttons=False) for each in listed]

    def after(left_out: int) -> list[Block]:
        typed = write_command("list", command)
        return [paragraph(f"{say_left_out(listed, left_out)} ", typed)] if left_out else []

    return respond(say(f"{command}: {opening}"), fit(before, rows, after))


def build_error(error: BotError) -> Response:
    """Say what cannot be done, to its person alone; what was typed is shown up to the fault."""
    sentence = _clean(str(error))
    blocks = [paragraph(sentence)]
    if isinstance(error, QueryError | CommandError):
        typed = error.query if isinstance(error, QueryError) else error.command
        blocks.append(rich(preformatted(_point(typed, error.position))))
    return respond(say(sentence), blocks)


def build_notice(*parts: Part) -> Response:
    """Say something to one person, texts of at most 800 characters each."""
    shown = [clip(part, _SENTENCE) if isinstance(part, str) else part for part in parts]
    return respond(say(*shown), [paragraph(*shown)])


def build_today(today: Today, *, command: str = NAME) -> Response:
    """Say what the newest stored day brings: one set's papers, or the best five of each set."""
    if today.day is None:
        return build_notice("Nothing is stored yet: come back after arXiv’s next announcement.")
    if not today.editions:
        return build_notice(
            f"{say_day(today.day)} is read, but there is no keyword set yet. ",
            *suggest_subscribing(command),
        )
    if len(today.editions) == 1:
        return respond(*_show_edition(today.editions[0], ()))
    views = [*map(build_edition_view, today.editions)]
    rows = [(_summarise(view, command),) for view in views]

    def after(left_out: int) -> list[Block]:
        typed = write_command('today "set"', command)
        left = f"and {count(left_out, 'more set')}: "
        return [paragraph(left, typed, " shows one.")] if left_out else []

    said = "\n".join(say(f"{name_set(view.set_name)}: {view.counts}") for view in views)
    return respond(said, fit([paragraph(bold(say_day(today.day)))], rows, after))


def build_preview(preview: Preview) -> Response:
    """Show what a subscription's next digest would hold."""
    each = preview.subscription
    lead: tuple[Part, ...] = (f"Preview of {each.id} · ", *name_subscription(each), ": ")
    if preview.due is None:
        lead = (*lead, "nothing waits for it; this is what the newest stored day would bring.")
    else:
        lead = (*lead, f"it leaves {say_moment(preview.due, each.schedule.timezone)}.")
    return respond(*_show_edition(preview.edition, lead))


def build_found(found: Found) -> Response:
    """Show what a search found, a menu beside each paper."""
    words = clip(one_line(found.words), _WORDS)
    if not found.papers:
        stored = count(found.stored, "stored paper")
        return build_notice(f"None of {stored} holds all of these words: ", code(words))
    heading: tuple[Part, ...] = (f"{count(len(found.papers), 'paper')} for ", code(words))
    rows = []
    for each in found.papers:
        view = view_paper(each.paper)
        menu = build_menu(each.paper.base_id, ALONE)
        rows.append([build_head(view, menu, beside=f"announced {say_day(each.first_day)}")])
    return respond(say(*heading), fit([paragraph(*heading)], rows, _count_papers))


def build_saved(saved: Sequence[Saved], *, total: int = 0) -> Response:
    """Show what a person saved, newest first; `total` counts all where these are fewer."""
    if not saved:
        return build_notice("You have saved no papers yet: Save is in the menu beside each paper.")
    total = max(total, len(saved))
    heading = f"{count(total, 'saved paper')}"
    rows = [build_saved_row(each) for each in saved]

    def after(left_out: int) -> list[Block]:
        return _count_papers(left_out + total - len(saved))

    return respond(say(heading), fit([paragraph(bold(heading))], rows, after))


def build_saved_row(saved: Saved) -> tuple[Block, ...]:
    """Show a saved paper with a button that lets it go."""
    let_go = button("Remove", "unsave", saved.paper.base_id)
    beside = f"saved {say_day(saved.at.date())}"
    return (build_head(view_paper(saved.paper), let_go, beside=beside),)


def build_kept(kept: Kept, *, command: str = NAME) -> Response:
    """Say which papers are saved now, which were before, and which are not known."""
    parts: list[Part] = []
    if kept.saved:
        typed = write_command("saved", command)
        parts += ["Saved ", *_name_papers(kept.saved), ". ", typed, " lists what you saved."]
    if kept.already:
        parts += [" " * bool(parts), "Saved before: ", *_name_papers(kept.already), "."]
    if kept.unknown:
        ids = ", ".join(map(one_line, kept.unknown[:_MOST_TITLES]))
        are = "is" if len(kept.unknown) == 1 else "are"
        more = (
            f"{_say_more(len(kept.unknown))} {are} not stored: only followed categories are read."
        )
        parts += [" " * bool(parts), clip(ids, _WORDS), more]
    return build_notice(*parts or ("There is no link to an arXiv paper in it.",))


def build_unsaved(paper: Paper, *, was_saved: bool = True) -> Response:
    """Say that a paper is no longer saved."""
    said = " is no longer saved." if was_saved else " was not saved."
    return build_notice(link_paper(paper), said)


def build_unwanted(paper: Paper, *, again: bool = False) -> Response:
    """Say that it was noted that a paper is not for whoever reads here."""
    noted = "was marked before" if again else "is marked"
    return build_notice(
        link_paper(paper),
        f" {noted} as not for us. It stays in the thread; Change set leaves out more like it.",
    )


def _show_edition(edition: Edition, lead: Sequence[Part]) -> tuple[str, list[Block]]:
    """Show one edition's counts and its papers, some lines a block."""
    view = build_edition_view(edition)
    papers = view.papers
    counts = view.counts if papers else f"nothing new; {edition.receipt.read} read"
    heading: tuple[Part, ...] = (bold(name_set(view.set_name)), f" · {view.day}\n{counts}")
    before = [paragraph(*lead)] if lead else []
    rows = [
        [rich(bullets(map(build_line, papers[start : start + _ROW])))]
        for start in range(0, len(papers), _ROW)
    ]

    def after(left_out: int) -> list[Block]:
        return _count_papers(len(papers) - (len(rows) - left_out) * _ROW)

    return say(*lead, " " * bool(lead), *heading), fit([*before, paragraph(*heading)], rows, after)


def _summarise(view: EditionView, command: str) -> Block:
    """Show one set's counts and its best papers."""
    name = name_set(view.set_name)
    heading = section(bold(name), f" · {view.counts}")
    best = [bullets(map(build_line, view.best))] if view.papers else []
    left_out = len(view.papers) - _BEST
    typed = write_command(f"today {name}", command)
    more = [section(f"and {left_out} more: ", typed)] if left_out > 0 else []
    return rich(heading, *best, *more)


def _count_papers(left_out: int) -> list[Block]:
    return [paragraph(italic(f"and {count(left_out, 'more paper')}."))] if left_out > 0 else []


def _name_papers(papers: Sequence[Paper]) -> list[Part]:
    parts: list[Part] = []
    for paper in papers[:_MOST_TITLES]:
        parts += [", " * bool(parts), link_paper(paper)]
    return [*parts, _say_more(len(papers))]


def _say_more(total: int) -> str:
    return f" and {total - _MOST_TITLES} more" if total > _MOST_TITLES else ""


def _point(typed: str, position: int) -> str:
    """Show what stands around a fault, and below it where it is; each character keeps its place."""
    shown = "".join(char if char.isprintable() else " " for char in typed)
    at = min(max(position - 1, 0), len(shown))
    start = max(at - _REACH, 0)
    lead = "…" if start else ""
    tail = "…" if at + _REACH < len(shown) else ""
    line = f"{lead}{shown[start : at + _REACH]}{tail}"
    return f"{line}\n{' ' * (len(lead) + at - start)}^ {position}"


def _clean(text: str) -> str:
    return clip(one_line(text), _SENTENCE) or "That cannot be done."

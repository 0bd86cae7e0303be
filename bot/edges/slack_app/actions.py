"""What buttons and menus do: each calls one flow with the id that it names, which may be forged."""

from collections.abc import Hashable, Mapping
from datetime import timedelta
from typing import Final

from bot.edges.slack_app.asked import Clicked
from bot.edges.slack_app.deeds import Deed, Kind, do_deed, tell_done
from bot.edges.slack_app.editing import build_editor, build_schedule_editor, preview_form
from bot.edges.slack_app.surface import Payload, Surface
from bot.errors import UserError
from bot.flows import previewing, saving, slack_subscribing
from bot.flows.subscribing_to import Wish
from bot.render.slack import answers, paper_modal, trials

_MUTED: Final = timedelta(days=7)
# What a query has at most, so that a forged button asks for no more than a real one.
_LONGEST_QUERY: Final = 2_000
# Inputs of the editor, and its button, which show its preview anew.
_INPUTS: Final = frozenset({"value", "category_options", "set_preview"})


def is_known(clicked: Clicked) -> bool:
    """Whether an element is for anything; those of other versions of this program may not be."""
    return clicked.action in _INPUTS or _find_deed(clicked) is not None


def act(surface: Surface, clicked: Clicked) -> None:
    """Do what an element is for."""
    if clicked.action in _INPUTS:
        preview_form(surface, clicked)
    elif found := _find_deed(clicked):
        do_deed(surface, clicked, *found)


def find_slot(clicked: Clicked) -> Hashable:
    """Name those clicks of a person of which only the newest counts: previews of one form."""
    if clicked.action in _INPUTS and clicked.view is not None:
        return "preview", clicked.view.id
    return None


def _find_deed(clicked: Clicked) -> tuple[Deed, str] | None:
    """Find what is to be done, and with which id."""
    deeds, name, value = _DEEDS, clicked.action, clicked.value
    if name == "paper":
        deeds = _PAPER
        name, _, value = value.partition(":")
    deed = deeds.get(name)
    return (deed, value) if deed else None


def _read_id(value: str) -> int:
    """Read a subscription's number."""
    if not (value.isascii() and value.isdigit() and len(value) < len(str(2**31))):
        msg = "there is no such subscription here: `list` shows those that there are"
        raise UserError(msg)
    return int(value)


def _mute(surface: Surface, clicked: Clicked, value: str) -> Payload:
    until = surface.now() + _MUTED
    desk, person = surface.desk(clicked.asker), clicked.asker.person
    done = slack_subscribing.mute(desk, person, _read_id(value), until)
    return tell_done(surface, clicked.asker, done)


def _pause(surface: Surface, clicked: Clicked, value: str) -> Payload:
    desk, person = surface.desk(clicked.asker), clicked.asker.person
    return tell_done(surface, clicked.asker, slack_subscribing.pause(desk, person, _read_id(value)))


def _resume(surface: Surface, clicked: Clicked, value: str) -> Payload:
    desk, person = surface.desk(clicked.asker), clicked.asker.person
    done = slack_subscribing.resume(desk, person, _read_id(value))
    return tell_done(surface, clicked.asker, done)


def _remove(surface: Surface, clicked: Clicked, value: str) -> Payload:
    desk, person = surface.desk(clicked.asker), clicked.asker.person
    done = slack_subscribing.remove(desk, person, _read_id(value), surface.now())
    return tell_done(surface, clicked.asker, done)


def _subscribe(surface: Surface, clicked: Clicked, value: str) -> Payload:
    asker = clicked.asker
    channel = surface.find_conversation(asker)
    done = slack_subscribing.subscribe_set(
        surface.desk(asker, personal=True),
        asker.person,
        channel,
        value,
        wish=Wish(),
        now=surface.now(),
    )
    return tell_done(surface, asker, done)


def _preview(surface: Surface, clicked: Clicked, value: str) -> Payload:
    desk, person = surface.desk(clicked.asker), clicked.asker.person
    return answers.build_preview(previewing.preview(desk, person, _read_id(value)))


def _try(surface: Surface, clicked: Clicked, value: str) -> Payload:
    query = value[:_LONGEST_QUERY]
    trial = previewing.try_query(surface.desk(clicked.asker), query)
    return trials.build_trial(query, trial, command=surface.command)


def _save(surface: Surface, clicked: Clicked, value: str) -> Payload:
    desk, person = surface.desk(clicked.asker), clicked.asker.person
    kept = saving.save_papers(desk, person, [value], surface.now())
    return answers.build_kept(kept, command=surface.command)


def _unsave(surface: Surface, clicked: Clicked, value: str) -> Payload:
    desk, person = surface.desk(clicked.asker), clicked.asker.person
    paper, was_saved = saving.unsave_paper(desk, person, value)
    return answers.build_unsaved(paper, was_saved=was_saved)


def _not_for_us(surface: Surface, clicked: Clicked, value: str) -> Payload:
    asker = clicked.asker
    paper, again = saving.not_for_us(
        surface.desk(asker), asker.person, asker.channel, value, surface.now()
    )
    return answers.build_unwanted(paper, again=again)


def _abstract(surface: Surface, clicked: Clicked, value: str) -> Payload:
    paper = previewing.show_paper(surface.desk(clicked.asker), value)
    return paper_modal.build_abstract_modal(paper)


def _bibtex(surface: Surface, clicked: Clicked, value: str) -> Payload:
    return paper_modal.build_bibtex_modal(previewing.show_paper(surface.desk(clicked.asker), value))


def _why(surface: Surface, clicked: Clicked, value: str) -> Payload:
    desk, person = surface.desk(clicked.asker), clicked.asker.person
    return paper_modal.build_why_modal(previewing.explain_for(desk, person, value))


def _edit_set(surface: Surface, clicked: Clicked, value: str) -> Payload:
    return build_editor(surface, clicked.asker, value)


def _make_set(surface: Surface, clicked: Clicked, value: str) -> Payload:
    return build_editor(surface, clicked.asker, "", query=value[:_LONGEST_QUERY])


def _edit_schedule(surface: Surface, clicked: Clicked, value: str) -> Payload:
    return build_schedule_editor(surface, clicked.asker, _read_id(value))


_DEEDS: Final[Mapping[str, Deed]] = {
    "mute": Deed(Kind.CHANGE, _mute),
    "subscription_pause": Deed(Kind.CHANGE, _pause),
    "subscription_resume": Deed(Kind.CHANGE, _resume),
    "subscription_remove": Deed(Kind.CHANGE, _remove),
    "subscribe_set": Deed(Kind.CHANGE, _subscribe),
    "unsave": Deed(Kind.CHANGE, _unsave),
    "subscription_preview": Deed(Kind.ANSWER, _preview),
    "try_query": Deed(Kind.ANSWER, _try),
    "set_new": Deed(Kind.MODAL, _make_set),
    "set_edit": Deed(Kind.MODAL, _edit_set),
    "subscription_edit": Deed(Kind.MODAL, _edit_schedule),
}
_PAPER: Final[Mapping[str, Deed]] = {
    "save": Deed(Kind.CHANGE, _save),
    "not_for_us": Deed(Kind.CHANGE, _not_for_us),
    "abstract": Deed(Kind.MODAL, _abstract),
    "bibtex": Deed(Kind.MODAL, _bibtex),
    "why": Deed(Kind.MODAL, _why),
}

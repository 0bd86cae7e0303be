"""The forms: filled in, tried while they are typed into, and saved when they are sent off."""

from dataclasses import replace

from bot.core.desk import EditorForm, ScheduleForm
from bot.edges.slack_app.asked import Asker, Clicked
from bot.edges.slack_app.deeds import tell_done, to_modal
from bot.edges.slack_app.forms import parse_editor
from bot.edges.slack_app.surface import Payload, Surface
from bot.edges.slack_app.views import Opened
from bot.errors import Fault, FormError, RefusedError
from bot.flows import slack_editor, slack_subscribing
from bot.render.slack.elements import bold, paragraph
from bot.render.slack.modals import build_set_editor
from bot.render.slack.schedules import build_subscription_editor
from bot.render.slack.wording import name_set


def build_editor(surface: Surface, asker: Asker, value: str, *, query: str = "") -> Payload:
    """Fill in the editor of the set that a button names, or of a new one."""
    desk = surface.desk(asker, personal=True)
    form = slack_editor.open_editor(desk, asker.person, value, query=query, channel=asker.channel)
    return build_set_editor(form)


def build_schedule_editor(surface: Surface, asker: Asker, number: int) -> Payload:
    """Fill in the editor of a subscription's schedule."""
    form = slack_subscribing.open_schedule(surface.desk(asker), asker.person, number, asker.channel)
    return build_subscription_editor(form)


def build_any_editor(surface: Surface, asker: Asker, number: int) -> Payload:
    """Fill in the editor of a subscription's set; of its schedule alone where that is another's."""
    try:
        return build_editor(surface, asker, str(number))
    except RefusedError:
        return build_schedule_editor(surface, asker, number)


def preview_form(surface: Surface, clicked: Clicked) -> None:
    """Show what the editor would match as it is filled in now, or what is wrong with it."""
    view, asker = clicked.view, clicked.asker
    if view is None or view.callback != "set_editor":
        return
    form = parse_editor(view)
    try:
        trial = slack_editor.try_form(surface.desk(asker), asker.person, form)
        shown = build_set_editor(form, trial)
    except FormError as error:
        shown = build_set_editor(form, None, error.faults)
    surface.views.update(asker.person.team, Opened(view.id, view.hash), shown)


def save_editor(surface: Surface, asker: Asker, form: EditorForm) -> Payload:
    """Keep a set as its editor says; return the view that says what was done."""
    saved = slack_editor.save_set(surface.desk(asker), asker.person, form, surface.now())
    told = [tell_done(surface, asker, done) for done in saved.done]
    name = bold(name_set(saved.keyword_set.name))
    blocks = [paragraph("Saved ", name, "."), *(block for each in told for block in each["blocks"])]
    return to_modal({"blocks": blocks})


def save_schedule(surface: Surface, asker: Asker, form: ScheduleForm) -> Payload:
    """Change when a subscription's digests come; return the view that says so."""
    done = slack_subscribing.save_schedule(surface.desk(asker), asker.person, form, surface.now())
    return to_modal(tell_done(surface, asker, done))


def show_editor(
    _surface: Surface, _asker: Asker, form: EditorForm, faults: tuple[Fault, ...]
) -> Payload:
    """Show the editor again with what is wrong with it."""
    return build_set_editor(form, None, faults)


def show_schedule(
    surface: Surface, asker: Asker, form: ScheduleForm, faults: tuple[Fault, ...]
) -> Payload:
    """Show the schedule's editor again with what is wrong with it."""
    known = slack_subscribing.open_schedule(surface.desk(asker), asker.person, form.subscription_id)
    shown = replace(form, set_name=known.set_name, place=known.place)
    return build_subscription_editor(shown, faults)

"""What `/papers ...` is answered: each command calls one flow."""

from bot.core import commands as core
from bot.core.command_parsing import parse_command
from bot.edges.slack_app.asked import Typed
from bot.edges.slack_app.deeds import show_modal, tell_done
from bot.edges.slack_app.editing import build_any_editor
from bot.edges.slack_app.surface import Payload, Surface
from bot.flows import previewing, saving, slack_home, slack_subscribing
from bot.flows.subscribing_to import Wish
from bot.render.slack import answers, subscriptions, trials


def answer(surface: Surface, typed: Typed) -> None:
    """Answer a command; what changes something is said to all in its conversation."""
    asker = typed.asker
    command = parse_command(typed.text, surface.command)
    if isinstance(command, core.Edit):
        show_modal(surface, asker, lambda: build_any_editor(surface, asker, command.id))
    elif surface.is_new(asker):
        if isinstance(command, core.Subscribe | core.Pause | core.Resume | core.Remove):
            said = _change(surface, typed, command)
        else:
            said = _show(surface, typed, command)
        surface.answer(asker, said)


def _show(surface: Surface, typed: Typed, command: core.Command) -> Payload:
    """Build the answer to a command that changes nothing."""
    asker, name, now = typed.asker, surface.command, surface.now()
    desk, person = surface.desk(asker), asker.person
    match command:
        case core.Today(set_name):
            today = previewing.show_today(desk, person, set_name)
            said = answers.build_today(today, command=name)
        case core.Search(words):
            said = answers.build_found(previewing.search(desk, words))
        case core.Try(query):
            said = trials.build_trial(query, previewing.try_query(desk, query), command=name)
        case core.List():
            listed = slack_home.list_subscriptions(desk, person, now)
            said = subscriptions.build_list(listed, command=name)
        case core.Preview(number):
            said = answers.build_preview(previewing.preview(desk, person, number))
        case core.Why(arxiv_id):
            said = trials.build_explanation(previewing.explain_for(desk, person, arxiv_id))
        case core.Saved():
            saved, total = saving.saved_papers(desk, person)
            said = answers.build_saved(saved, total=total)
        case _:
            listed = slack_home.list_subscriptions(desk, person, now, channel=asker.channel)
            said = answers.build_help(listed, command=name)
    return said


def _change(
    surface: Surface,
    typed: Typed,
    command: core.Subscribe | core.Pause | core.Resume | core.Remove,
) -> Payload:
    """Change a subscription, and say so to all in its conversation."""
    asker, person, now = typed.asker, typed.asker.person, surface.now()
    desk = surface.desk(asker, personal=isinstance(command, core.Subscribe))
    match command:
        case core.Subscribe():
            done = slack_subscribing.subscribe_place(
                desk,
                person,
                surface.find_conversation(asker),
                command.what,
                wish=Wish(at=command.at, on=command.on, timezone=command.timezone),
                now=now,
                quoted=command.quoted,
                called=typed.called,
            )
        case core.Pause(number):
            done = slack_subscribing.pause(desk, person, number)
        case core.Resume(number):
            done = slack_subscribing.resume(desk, person, number)
        case core.Remove(number):
            done = slack_subscribing.remove(desk, person, number, now)
    return tell_done(surface, asker, done)

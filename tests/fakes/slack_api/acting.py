"""What a person does in Slack, and what comes of it: typing, clicking, submitting, sharing."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from tests.fakes.slack_api import forms
from tests.fakes.slack_api.delivering import HONEST, Forgery, Kind
from tests.fakes.slack_api.elements import check_options
from tests.fakes.slack_api.interactions import Deliver, Interaction
from tests.fakes.slack_api.limits import RefusalError, check_message, check_view
from tests.fakes.slack_api.messages import show_response
from tests.fakes.slack_api.model import Channel, Json, Message, ResponseUrl, View
from tests.fakes.slack_api.payloads import (
    address,
    build_action,
    build_command,
    build_event,
    build_interaction,
    build_typed,
    describe_message,
    describe_view,
    escape_typed,
)
from tests.fakes.slack_api.teams import Team, User
from tests.fakes.slack_api.world import World


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of a workspace at a keyboard; every deed is delivered and its ack waited for."""

    world: World
    team: Team
    user: User
    deliver: Deliver

    @property
    def id(self) -> str:
        return self.user.id

    @property
    def home(self) -> View | None:
        """The Home that was published for this person."""
        return self.world.homes.get((self.team.id, self.user.id))

    def command(self, typed: str, channel: Channel | str, forge: Forgery = HONEST) -> Interaction:
        """Type a slash command, as "/papers list", in a channel."""
        place = self._place(channel)
        url = self.world.new_response_url(self.team, place, self.user.id)
        payload = build_command(self.world, self.user, place, typed, url)
        done = self._do("slash_commands", payload, forge, url)
        if done.ack.ok and (done.ack.payload or done.ack.text):
            answer = done.ack.payload or {"text": done.ack.text}
            self.world.recording.response(answer)
            check_message(answer)
            with self.world.bell:
                show_response(self.world, url, answer)
                self.world.bell.notify_all()
        return done

    def click(
        self,
        target: Message | View,
        action_id: str,
        value: Any = None,  # noqa: ANN401 - whatever may be chosen
        *,
        block_id: str = "",
        forge: Forgery = HONEST,
    ) -> Interaction:
        """Click a button, or choose `value` in a menu, of a message or view as it stands now.

        Where there are several with that action_id, `value` (a button's, or an option's) or
        `block_id` says which.
        """
        with self.world.lock:
            block, element = forms.find_element(target.blocks, action_id, value, block_id)
            made = forms.make_value(element, value)
            url = None
            if isinstance(target, View):
                assert target.open, "this view is closed"
                if element["type"] not in {"button", "overflow"}:
                    target.state.setdefault(block["block_id"], {})[action_id] = made
                trigger = self.world.new_trigger(self.team, self.user.id, inside=target)
                where = describe_view(target)
            else:
                assert not target.deleted, "this message is gone"
                assert target.only_for in {"", self.user.id}, "this is for somebody else's eyes"
                trigger = self.world.new_trigger(self.team, self.user.id)
                url = self.world.new_response_url(
                    self.team, target.channel, self.user.id, original=target
                )
                where = {
                    **describe_message(target),
                    "response_url": address(self.world, url),
                }
            shared = build_interaction(self.world, self.team, self.user, "block_actions", trigger)
            payload = {**shared, **where, "actions": [build_action(block, element, made)]}
        return self._do("interactive", payload, forge, url)

    def fill(self, view: View, block_id: str, value: object) -> Interaction | None:
        """Put something into one input; delivered where the input dispatches its actions."""
        block, element = next(
            (block, element)
            for block, element in forms.iterate_elements(view.blocks)
            if block["block_id"] == block_id
        )
        if block["type"] == "input" and not block.get("dispatch_action"):
            made = forms.make_value(element, value)
            view.state.setdefault(block_id, {})[element["action_id"]] = made
            return None
        return self.click(view, element["action_id"], value, block_id=block_id)

    def submit(
        self, view: View, values: Mapping[str, object] | None = None, forge: Forgery = HONEST
    ) -> Interaction:
        """Fill in a modal's inputs by block_id, submit it, and do as the app's ack says."""
        with self.world.lock:
            assert view.open, "this view is closed"
            view.state = forms.fill(view.blocks, view.state, values or {})
            trigger = self.world.new_trigger(self.team, self.user.id, inside=view)
            shared = build_interaction(self.world, self.team, self.user, "view_submission", trigger)
            payload = {**shared, "view": view.show(), "response_urls": []}
        done = self._do("interactive", payload, forge)
        if done.ack.ok:
            self._follow(done, view)
        return done

    def close(self, view: View, *, forge: Forgery = HONEST) -> Interaction | None:
        """Close a modal; delivered where it wants to know."""
        view.open = False
        if not view.body.get("notify_on_close"):
            return None
        trigger = self.world.new_trigger(self.team, self.user.id)
        shared = build_interaction(self.world, self.team, self.user, "view_closed", trigger)
        del shared["trigger_id"]
        payload = {**shared, "view": view.show(), "is_cleared": False}
        return self._do("interactive", payload, forge)

    def suggest(
        self,
        target: Message | View,
        action_id: str,
        typed: str,
        *,
        block_id: str = "",
        forge: Forgery = HONEST,
    ) -> list[Json]:
        """Type into an external select and give the options that the app offers."""
        block, element = forms.find_element(target.blocks, action_id, None, block_id)
        assert element["type"].endswith("external_select"), f"{action_id} offers nothing"
        trigger = self.world.new_trigger(self.team, self.user.id)
        shared = build_interaction(self.world, self.team, self.user, "block_suggestion", trigger)
        del shared["trigger_id"]
        where = describe_view(target) if isinstance(target, View) else describe_message(target)
        payload = {
            **shared,
            **where,
            "action_id": action_id,
            "block_id": block["block_id"],
            "value": typed,
        }
        ack = self._do("interactive", payload, forge).ack
        assert ack.ok, f"no suggestions came: {ack}"
        answer = ack.payload or {}
        groups = answer.get("option_groups", [])
        options: list[Json] = [
            *answer.get("options", []),
            *(option for group in groups for option in group["options"]),
        ]
        faults = list(check_options(options, "/options", 100)) if options else []
        assert not faults, f"Slack would not show these suggestions: {faults}"
        return options

    def open_home(self, *, tab: str = "home", forge: Forgery = HONEST) -> Interaction:
        """Open the app's Home (or its messages)."""
        event: Json = {
            "type": "app_home_opened",
            "user": self.user.id,
            "channel": self.team.direct(self.user.id).id,
            "tab": tab,
        }
        if self.home is not None:
            event["view"] = self.home.show()
        return self._event(event, forge)

    def message_shortcut(
        self, message: Message, callback_id: str, *, forge: Forgery = HONEST
    ) -> Interaction:
        """Choose a shortcut in a message's menu."""
        trigger = self.world.new_trigger(self.team, self.user.id)
        url = self.world.new_response_url(self.team, message.channel, self.user.id)
        shared = build_interaction(self.world, self.team, self.user, "message_action", trigger)
        payload = {
            **shared,
            "callback_id": callback_id,
            "channel": {"id": message.channel.id, "name": message.channel.name},
            "message_ts": message.ts,
            "message": message.show(),
            "response_url": address(self.world, url),
            "action_ts": message.ts,
        }
        return self._do("interactive", payload, forge, url)

    def say(self, channel: Channel | str, text: str, thread_ts: str = "") -> Message:
        """Say something; the app is not told, but may read it in the history."""
        place = self._place(channel)
        escaped = escape_typed(self.team, text)
        return self.world.say(place, self.user, escaped, build_typed(text), thread_ts)

    def share_link(
        self, channel: Channel | str, *urls: str, thread_ts: str = "", forge: Forgery = HONEST
    ) -> tuple[Message, Interaction]:
        """Post links to a site that the app unfurls."""
        place = self._place(channel)
        message = self.say(place, " ".join(urls), thread_ts)
        event: Json = {
            "type": "link_shared",
            "user": self.user.id,
            "channel": place.id,
            "message_ts": message.ts,
            "links": [{"url": url, "domain": urlsplit(url).hostname} for url in urls],
            "source": "conversations_history",
            "unfurl_id": f"{place.id}/{message.ts}",
            "is_bot_user_member": self.team.bot.id in place.members,
        }
        if thread_ts:
            event["thread_ts"] = thread_ts
        return message, self._event(event, forge)

    def authorize(self, scopes: str = "") -> str:
        """Allow the app on its OAuth page; give the code that the redirect carries."""
        code = self.world.next_id("code-")
        granted = scopes or ",".join(sorted(self.team.scopes))
        self.world.codes[code] = (self.team, self.user.id, granted)
        return code

    def _place(self, channel: Channel | str) -> Channel:
        return self.team.channel(channel) if isinstance(channel, str) else channel

    def _event(self, event: Json, forge: Forgery) -> Interaction:
        return self._do("events_api", build_event(self.world, self.team, event), forge)

    def _do(
        self, kind: Kind, payload: Json, forge: Forgery, url: ResponseUrl | None = None
    ) -> Interaction:
        sent = forge.forge(payload)
        ack = self.deliver(kind, sent, forge, 0, "")
        trigger = self.world.triggers.get(str(payload.get("trigger_id", "")))
        return Interaction(self.world, kind, sent, ack, self.deliver, trigger, url)

    def _follow(self, done: Interaction, view: View) -> None:
        """Do with a submitted view as the app's acknowledgement says."""
        answer = done.ack.payload or {}
        action = answer.get("response_action", "")
        with self.world.bell:
            if action == "errors":
                done.errors = answer["errors"]
                names = {block["block_id"] for block in view.blocks if block["type"] == "input"}
                assert done.errors, "errors without an error"
                assert done.errors.keys() <= names, f"{done.errors} is of no input: {names}"
            elif action in {"update", "push"}:
                self._show(done, view, action, answer["view"])
            elif action == "clear":
                for each in self.world.views.values():
                    if (each.root or each) is (view.root or view):
                        each.open = False
            else:
                assert not action, f"there is no response_action {action}"
                view.open = False
            self.world.bell.notify_all()

    def _show(self, done: Interaction, view: View, action: str, body: Json) -> None:
        self.world.recording.view(body)
        try:
            check_view(body, ("modal",))
        except RefusalError as error:
            message = f"Slack would not show this view: {error.more}"
            raise AssertionError(message) from error
        assert done.trigger
        if action == "update":
            self.world.change_view(view, body)
            done.trigger.view = view
            return
        pushed = self.world.new_view(self.team, self.user.id, body)
        pushed.root, pushed.previous = view.root or view, view
        done.trigger.view = pushed

"""A small Bolt app with a listener of each kind, to try the fake of Slack on."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

from slack_bolt import Ack, App, Respond
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_bolt.adapter.wsgi import SlackRequestHandler
from slack_sdk import WebClient

from tests.fakes.slack_api import SlackApi, Team
from tests.fakes.slack_api.model import Json

MENU = [{"text": {"type": "plain_text", "text": name}, "value": name} for name in ("save", "why")]
ACTIONS = [
    {"type": "button", "action_id": "go", "value": "7", "text": MENU[0]["text"]},
    {"type": "overflow", "action_id": "paper", "options": MENU},
]
EDITOR = {
    "type": "modal",
    "callback_id": "editor",
    "private_metadata": "7",
    "title": {"type": "plain_text", "text": "A set"},
    "submit": {"type": "plain_text", "text": "Save"},
    "blocks": [
        {
            "type": "input",
            "block_id": "name",
            "label": {"type": "plain_text", "text": "Name"},
            "element": {"type": "plain_text_input", "action_id": "value", "max_length": 20},
        },
        {
            "type": "input",
            "block_id": "categories",
            "optional": True,
            "dispatch_action": True,
            "label": {"type": "plain_text", "text": "Categories"},
            "element": {
                "type": "multi_external_select",
                "action_id": "category_options",
                "min_query_length": 1,
            },
        },
    ],
}


class Bot:
    """The app, and what its listeners heard."""

    def __init__(self, slack: SlackApi, team: Team) -> None:
        self.heard: list[tuple[str, Any]] = []
        self.app = App(
            client=WebClient(team.token, base_url=slack.url),
            signing_secret=slack.app.signing_secret,
            token_verification_enabled=False,
        )
        self.app.command("/papers")(self.command)
        self.app.action("go")(self.go)
        self.app.action("paper")(self.choose)
        self.app.action("category_options")(self.choose)
        self.app.options("category_options")(self.suggest)
        self.app.view("editor")(self.submit)
        self.app.shortcut("save_papers")(self.shortcut)
        for event in ("app_home_opened", "link_shared", "app_uninstalled", "tokens_revoked"):
            self.app.event(event)(self.event)

    def command(self, ack: Ack, respond: Respond, command: Json) -> None:
        ack()
        self.heard.append(("command", command["text"]))
        respond(text="hello", blocks=[{"type": "actions", "elements": ACTIONS}])

    def go(self, ack: Ack, client: WebClient, body: Json, action: Json) -> None:
        ack()
        self.heard.append(("go", action["value"]))
        client.views_open(trigger_id=body["trigger_id"], view=EDITOR)

    def choose(self, ack: Ack, action: Json) -> None:
        ack()
        self.heard.append((action["action_id"], action))

    def suggest(self, ack: Ack, payload: Json) -> None:
        ack(options=[{"text": MENU[0]["text"], "value": f"{payload['value']}.CV"}])

    def submit(self, ack: Ack, view: Json) -> None:
        values = view["state"]["values"]
        self.heard.append((view["private_metadata"], values))
        name = values["name"]["value"]["value"]
        if name == "taken":
            ack(response_action="errors", errors={"name": "there is one"})
        elif name == "more":
            ack(response_action="update", view={**EDITOR, "callback_id": "changed"})
        else:
            ack()

    def shortcut(self, ack: Ack, shortcut: Json, respond: Respond) -> None:
        ack()
        self.heard.append(("shortcut", shortcut["message"]["text"]))
        respond("saved")

    def event(self, event: Json, body: Json, client: WebClient) -> None:
        self.heard.append((event["type"], body["team_id"]))
        if event["type"] == "link_shared":
            card = {"blocks": [{"type": "section", "text": MENU[0]["text"]}]}
            client.chat_unfurl(
                channel=event["channel"],
                ts=event["message_ts"],
                unfurls={event["links"][0]["url"]: card},
            )


@contextmanager
def connected(slack: SlackApi, bot: Bot) -> Iterator[None]:
    handler = SocketModeHandler(bot.app, slack.app.app_token, ping_interval=1)
    handler.client.connect()
    try:
        slack.wait_connected()
        yield
    finally:
        slack.sockets.drop()  # or its client waits for another three seconds
        handler.client.close()


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


@contextmanager
def served(slack: SlackApi, bot: Bot) -> Iterator[None]:
    handler: Any = SlackRequestHandler(bot.app, path="/slack/events")
    with make_server("127.0.0.1", 0, handler, handler_class=_Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        slack.events_url = f"http://127.0.0.1:{server.server_port}/slack/events"
        try:
            yield
        finally:
            server.shutdown()
            thread.join()

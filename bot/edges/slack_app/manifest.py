"""The app's manifest: what Slack has to know to create the app as this program expects it."""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from bot.adapters.slack.checking import NEEDED

# What is not NEEDED lets people subscribe public channels without inviting the app.
SCOPES = tuple(sorted({*NEEDED, "chat:write.public"}))
EVENTS = ("app_home_opened", "app_uninstalled", "link_shared", "tokens_revoked")
DOMAINS = ("arxiv.org",)
SAVE_PAPERS, NEW_SET = "save_papers", "new_set"
EVENTS_PATH, INSTALL_PATH, REDIRECT_PATH = (
    "/slack/events",
    "/slack/install",
    "/slack/oauth_redirect",
)
CREATE_URL = "https://api.slack.com/apps"

Manifest = Mapping[str, Any]


def build_manifest(
    command: str,
    *,
    base_url: str = "",
    http: bool = False,
    oauth: bool = False,
    rotate: bool = False,
) -> Manifest:
    """Build the manifest: for Socket Mode, or for HTTP at `base_url`.

    `oauth`: other workspaces may install the app, by way of `base_url`. `rotate`: tokens expire
    and are replaced, which cannot be undone in Slack.
    """
    base = base_url.rstrip("/")
    url = {"url": base + EVENTS_PATH} if http else {}
    request_url = {"request_url": base + EVENTS_PATH} if http else {}
    options_url = {"message_menu_options_url": base + EVENTS_PATH} if http else {}
    redirect = {"redirect_urls": [base + REDIRECT_PATH]} if oauth else {}
    return {
        "display_information": {
            "name": "papers",
            "description": "Each day's arXiv papers that match your keywords, as a digest",
            "background_color": "#0b57a4",
        },
        "features": {
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": False,
            },
            "bot_user": {"display_name": "papers", "always_online": True},
            "shortcuts": [
                {
                    "name": "New keyword set",
                    "type": "global",
                    "callback_id": NEW_SET,
                    "description": "Save a search of new papers and choose where its digests go",
                },
                {
                    "name": "Save papers",
                    "type": "message",
                    "callback_id": SAVE_PAPERS,
                    "description": "Save papers in this message",
                },
            ],
            "slash_commands": [
                {
                    "command": command,
                    **url,
                    "description": "Follow new papers, search them, try a query",
                    "usage_hint": "help | today | search words | try query | subscribe query",
                    "should_escape": True,
                }
            ],
            "unfurl_domains": list(DOMAINS),
        },
        "oauth_config": {**redirect, "scopes": {"bot": list(SCOPES)}},
        "settings": {
            "event_subscriptions": {**request_url, "bot_events": list(EVENTS)},
            "interactivity": {"is_enabled": True, **request_url, **options_url},
            "org_deploy_enabled": False,
            "socket_mode_enabled": not http,
            "token_rotation_enabled": rotate,
        },
    }


def build_link(manifest: Manifest) -> str:
    """Build the link that opens Slack's page for a new app, the manifest filled in.

    https://docs.slack.dev/app-manifests/configuring-apps-with-app-manifests/#sharing
    """
    return f"{CREATE_URL}?{urlencode({'new_app': '1', 'manifest_yaml': write_yaml(manifest)})}"


def write_json(manifest: Manifest) -> str:
    """Write a manifest as JSON."""
    return json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"


def write_yaml(manifest: Manifest) -> str:
    """Write a manifest as YAML, each text quoted as JSON quotes it, which YAML 1.2 reads."""
    return "".join(f"{line}\n" for line in _list_lines(manifest))


def _list_lines(node: Manifest | Sequence[Any]) -> list[str]:
    lines: list[str] = []
    if isinstance(node, Mapping):
        for name, value in node.items():
            if isinstance(value, Mapping | list):
                lines += [f"{name}:", *(f"  {line}" for line in _list_lines(value))]
            else:
                lines.append(f"{name}: {json.dumps(value, ensure_ascii=False)}")
        return lines
    for item in node:
        if isinstance(item, Mapping):
            first, *rest = _list_lines(item)
            lines += [f"- {first}", *(f"  {line}" for line in rest)]
        else:
            lines.append(f"- {json.dumps(item, ensure_ascii=False)}")
    return lines

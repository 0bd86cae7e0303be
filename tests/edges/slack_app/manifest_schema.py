"""What Slack takes as a manifest, as far as this app's has it; written after its reference.

https://docs.slack.dev/reference/app-manifest, and the limits that Slack's page for new apps names.
"""

from typing import Any, Final

Schema = dict[str, Any]


def _text(least: int, most: int, pattern: str = "") -> Schema:
    schema: Schema = {"type": "string", "minLength": least, "maxLength": most}
    return schema | ({"pattern": pattern} if pattern else {})


def _list(item: Schema, least: int, most: int) -> Schema:
    return {
        "type": "array",
        "items": item,
        "minItems": least,
        "maxItems": most,
        "uniqueItems": True,
    }


def _object(required: str = "", **fields: Schema) -> Schema:
    return {
        "type": "object",
        "properties": fields,
        "required": required.split(),
        "additionalProperties": False,
    }


_FLAG: Final[Schema] = {"type": "boolean"}
_URL: Final = _text(8, 3500, "^https?://")
_NAME: Final = _text(1, 50)
_CALLBACK: Final = _text(1, 255)

MANIFEST: Final = _object(
    "display_information",
    display_information=_object(
        "name",
        name=_text(1, 35),
        description=_text(1, 140),
        long_description=_text(175, 4000),
        background_color=_text(4, 7, "^#([0-9a-fA-F]{3}){1,2}$"),
    ),
    features=_object(
        app_home=_object(
            home_tab_enabled=_FLAG,
            messages_tab_enabled=_FLAG,
            messages_tab_read_only_enabled=_FLAG,
        ),
        bot_user=_object("display_name", display_name=_text(1, 80), always_online=_FLAG),
        shortcuts=_list(
            _object(
                "name type callback_id description",
                name=_text(1, 24),
                type={"enum": ["message", "global"]},
                callback_id=_CALLBACK,
                description=_text(1, 150),
            ),
            1,
            10,
        ),
        slash_commands=_list(
            _object(
                "command description",
                command=_text(2, 32, "^/"),
                url=_text(8, 3000, "^https?://"),
                description=_text(1, 2000),
                usage_hint=_text(1, 1000),
                should_escape=_FLAG,
            ),
            1,
            50,
        ),
        unfurl_domains=_list(_text(1, 255, r"^(?![.\-])[-a-z0-9.]+[a-z0-9]$"), 1, 5),
    ),
    oauth_config=_object(
        redirect_urls=_list(_text(1, 2500), 0, 1000),
        scopes=_object(
            bot=_list(_NAME, 0, 255),
            user=_list(_NAME, 0, 255),
            bot_optional=_list(_NAME, 0, 255),
        ),
    ),
    settings=_object(
        event_subscriptions=_object(
            request_url=_URL, bot_events=_list(_NAME, 0, 100), user_events=_list(_NAME, 0, 100)
        ),
        interactivity=_object(
            "is_enabled", is_enabled=_FLAG, request_url=_URL, message_menu_options_url=_URL
        ),
        org_deploy_enabled=_FLAG,
        socket_mode_enabled=_FLAG,
        token_rotation_enabled=_FLAG,
    ),
)

"""What a form offers while somebody types into it; asks nobody, so it is answered at once."""

from collections.abc import Mapping
from typing import Any
from zoneinfo import available_timezones

from bot.edges.slack_app.surface import Surface
from bot.render.slack.modals import build_category_options, build_timezone_options


def suggest(surface: Surface, action: str, typed: str) -> Mapping[str, Any]:
    """Find the choices of an element that hold what was typed; none where it is not known."""
    if action == "category_options":
        return build_category_options(typed, surface.app.settings.categories)
    if action == "timezone_options":
        return build_timezone_options(typed, available_timezones())
    return {"options": []}

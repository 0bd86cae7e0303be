"""What Slack's menus start: saving the papers that a message names, and a new keyword set."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from bot.core.citing import find_ids
from bot.edges.slack_app.asked import Picked
from bot.edges.slack_app.deeds import show_modal
from bot.edges.slack_app.editing import build_editor
from bot.edges.slack_app.manifest import NEW_SET, SAVE_PAPERS
from bot.edges.slack_app.surface import Surface
from bot.flows.saving import save_papers
from bot.render.slack.answers import build_kept

# No message holds more papers; a forged one might.
_MOST_SAVED: Final = 100
_MOST_TEXT: Final = 100_000
_PARTS: Final = ("text", "blocks", "attachments")


def _save_papers(surface: Surface, picked: Picked) -> None:
    if not surface.is_new(picked.asker):
        return
    text = "\n".join(_list_texts([picked.message.get(part) for part in _PARTS]))
    ids = find_ids(text[:_MOST_TEXT])[:_MOST_SAVED]
    if not ids:
        surface.tell(picked.asker, "There is no arXiv link in this message, so nothing was saved.")
        return
    desk, person = surface.desk(picked.asker), picked.asker.person
    kept = save_papers(desk, person, ids, surface.now())
    surface.answer(picked.asker, build_kept(kept, command=surface.command))


def _make_set(surface: Surface, picked: Picked) -> None:
    show_modal(surface, picked.asker, lambda: build_editor(surface, picked.asker, ""))


def _list_texts(node: object) -> Iterator[str]:
    """Yield every text of a message in order, links of its blocks and attachments included."""
    nodes = [node]
    while nodes:
        node = nodes.pop()
        if isinstance(node, str):
            yield node
        elif isinstance(node, Mapping):
            nodes += reversed(list(node.values()))
        elif isinstance(node, list):
            nodes += reversed(node)


SHORTCUTS: Final[Mapping[str, Callable[[Surface, Picked], None]]] = {
    SAVE_PAPERS: _save_papers,
    NEW_SET: _make_set,
}

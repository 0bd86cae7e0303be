"""What Slack tells that nobody asked for: Home was opened, a link shared, the app taken out."""

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from bot.adapters.slack.errors import SlackError
from bot.core.citing import find_ids
from bot.edges.slack_app.asked import Told, get, get_text
from bot.edges.slack_app.deeds import publish_home
from bot.edges.slack_app.surface import Surface
from bot.errors import UserError
from bot.flows.leaving import leave_workspace
from bot.flows.previewing import show_paper
from bot.render.slack.cards import build_card

if TYPE_CHECKING:
    from bot.adapters.slack.installations import Installations

_MOST_CARDS: Final = 5
_REASON: Final = (
    "the app was taken out of the workspace, or its token revoked: once it is installed again,"
    " resume this"
)


def hear(surface: Surface, told: Told) -> None:
    """Do once what an event asks for; one that fails is heard when Slack tells it again."""
    act = _ACTS.get(get_text(told.event, "type"))
    if act is None:
        return
    name, store = f"slack event {told.id}", surface.app.store
    try:
        if store.see_event(name, surface.now()):
            act(surface, told)
    except Exception:
        store.forget_event(name)
        raise


def _open_home(surface: Surface, told: Told) -> None:
    person = told.asker.person
    # Of who looks in through a shared channel Slack says nothing here.
    if get_text(told.event, "tab") in ("", "home") and surface.viewers.is_colleague(person):
        publish_home(surface, told.asker)


def _share_link(surface: Surface, told: Told) -> None:
    """Unfold links to papers that are stored, the first five of them."""
    asker, event = told.asker, told.event
    team = asker.person.team
    if event.get("bot_id") or asker.person.user == surface.clients.identify(team).user:
        return
    desk = surface.desk(asker)
    cards: dict[str, object] = {}
    for url, arxiv_id in _list_papers(event):
        try:
            cards[url] = build_card(show_paper(desk, arxiv_id))
        except UserError:
            continue
        if len(cards) == _MOST_CARDS:
            break
    if not cards:
        return
    # While a message is written it has neither channel nor name:
    # https://docs.slack.dev/messaging/unfurling-links-in-messages
    unfurl_id, source = get_text(event, "unfurl_id"), get_text(event, "source")
    where: dict[str, Any] = (
        {"unfurl_id": unfurl_id, "source": source}
        if unfurl_id and source
        else {"channel": get_text(event, "channel"), "ts": get_text(event, "message_ts")}
    )
    try:
        surface.clients.call(team, "chat.unfurl", unfurls=cards, **where)
    except SlackError as error:
        # The message is gone, or somebody wants no previews there.
        surface.log.info("not unfolded", where=team, problem=str(error))


def _list_papers(event: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Yield the links to arXiv's papers, each once, with the papers' ids."""
    links = event.get("links")
    urls = (get_text(link, "url") for link in (links if isinstance(links, list) else ()))
    for url in dict.fromkeys(urls):
        if ids := find_ids(url):
            yield url, ids[0]


def _leave(surface: Surface, told: Told) -> None:
    _end(surface, told, for_good=True)


def _revoke(surface: Surface, told: Told) -> None:
    # People save what they find for longer than a token lives.
    if get(told.event, "tokens", "bot"):
        _end(surface, told, for_good=False)


def _end(surface: Surface, told: Told, *, for_good: bool) -> None:
    team, installations = told.asker.person.team, surface.app.slack.installations
    if installations is not None and _is_back(surface, installations, told):
        return
    paused = leave_workspace(
        surface.app.store,
        installations,
        team,
        is_home=surface.is_home(team),
        reason=_REASON,
        for_good=for_good,
    )
    surface.clients.forget(team)
    surface.log.warning("left", where=team, what=_REASON, subscriptions=len(paused))


def _is_back(surface: Surface, installations: "Installations", told: Told) -> bool:
    """Whether the app was installed again since, and Slack tells this late."""
    team = told.asker.person.team
    try:
        found = installations.find_installation(
            enterprise_id=surface.app.store.find_enterprise(team), team_id=team
        )
    except SlackError:
        # There is no key for its tokens, so nobody misses them.
        return False
    # Events are told in whole seconds.
    return found is not None and 0 < told.at < found.installed_at - 1


_ACTS: Final[Mapping[str, Callable[[Surface, Told], None]]] = {
    "app_home_opened": _open_home,
    "app_uninstalled": _leave,
    "link_shared": _share_link,
    "tokens_revoked": _revoke,
}
EVENTS: Final = tuple(_ACTS)

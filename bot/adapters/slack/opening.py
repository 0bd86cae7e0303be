"""All of Slack that one program needs, put together from its configuration; asks nothing yet."""

from dataclasses import dataclass

from bot.adapters.slack.client import SlackClients
from bot.adapters.slack.history import PaperReader
from bot.adapters.slack.installations import Installations
from bot.adapters.slack.messenger import Messenger
from bot.adapters.slack.people import People
from bot.adapters.slack.places import Places
from bot.adapters.slack.rates import Rates
from bot.adapters.slack.sender import FindPage, SlackSender
from bot.adapters.slack.states import States
from bot.adapters.slack.viewers import Viewers
from bot.adapters.store import Store
from bot.config import Settings


@dataclass(frozen=True, slots=True)
class Slack:
    """Whatever asks Slack; `installations` and `states` are None where one workspace is all."""

    clients: SlackClients
    places: Places
    people: People
    messenger: Messenger
    sender: SlackSender
    viewers: Viewers
    installations: Installations | None = None
    states: States | None = None


def open_slack(settings: Settings, store: Store, find_page: FindPage) -> Slack:
    """Put everything together; who may ask for what shows when it is asked for.

    `find_page` says where a digest is read.
    """
    slack = settings.slack
    installations = None
    if slack.is_shared:
        installations = Installations(
            store,
            client_id=slack.client_id,
            client_secret=slack.client_secret,
            keys=slack.encryption_keys,
            api_url=slack.api_url,
        )
    clients = SlackClients(
        Rates(store, slack.posts_per_minute),
        api_url=slack.api_url,
        home_token=slack.bot_token,
        tokens=installations,
    )
    places = Places(clients)
    reader = PaperReader(clients, store)
    return Slack(
        clients,
        places,
        People(clients),
        Messenger(clients),
        SlackSender(clients, places, reader, store, find_page),
        Viewers(clients),
        installations,
        States(store) if slack.is_shared else None,
    )

"""The whole store: what the flows need to remember, on one database."""

from bot.adapters.store.announcements import Announcements
from bot.adapters.store.archive import Archive
from bot.adapters.store.bounces import Bounces
from bot.adapters.store.deliveries import Deliveries
from bot.adapters.store.editions import Editions
from bot.adapters.store.erasing import Erasing
from bot.adapters.store.held import Holdings
from bot.adapters.store.ledger import Ledger
from bot.adapters.store.measures import Measures
from bot.adapters.store.papers import Papers
from bot.adapters.store.parts import Parts
from bot.adapters.store.processes import Processes
from bot.adapters.store.retention import Retention
from bot.adapters.store.sets import Sets
from bot.adapters.store.slack_notes import SlackNotes
from bot.adapters.store.subscribers import Subscribers
from bot.adapters.store.subscriptions import Subscriptions
from bot.adapters.store.suppressions import Suppressions
from bot.adapters.store.throttle import Slots
from bot.adapters.store.workspaces import Workspaces


class Store(
    Announcements,
    Papers,
    Editions,
    Deliveries,
    Parts,
    Ledger,
    Subscriptions,
    Subscribers,
    Suppressions,
    Holdings,
    Sets,
    Slots,
    Processes,
    Retention,
    Erasing,
    Measures,
    SlackNotes,
    Archive,
    Workspaces,
    Bounces,
):
    """Papers, announcements, editions, deliveries, subscriptions, keyword sets and much more.

    Made by `open_store`. Every method is one transaction (an iterator: one a batch), may be called
    from any thread, and raises StoreError where the database fails.
    """

"""The whole store: what the flows need to remember, on one database."""

from bot.adapters.store.announcements import Announcements
from bot.adapters.store.deliveries import Deliveries
from bot.adapters.store.editions import Editions
from bot.adapters.store.papers import Papers
from bot.adapters.store.sets import Sets
from bot.adapters.store.throttle import Slots


class Store(Announcements, Papers, Editions, Deliveries, Sets, Slots):
    """Papers, announcements, editions, deliveries, keyword sets and slots; made by `open_store`.

    Every method is one transaction (an iterator: one a batch), may be called from any thread, and
    raises StoreError where the database fails.
    """

"""The database: SQLite or PostgreSQL behind one `Store`; it decides nothing about papers."""

from bot.adapters.store.opening import open_store
from bot.adapters.store.store import Store
from bot.adapters.store.throttle import SharedThrottle

__all__ = ["SharedThrottle", "Store", "open_store"]

"""The facts of a wired App, for whichever edge shows them."""

from datetime import datetime

from bot.app import App
from bot.errors import StoreError, UserError
from bot.flows.measuring import Facts, gather


def gather_facts(app: App, now: datetime) -> Facts:
    """Gather the facts, even where the database cannot be opened or nothing is followed."""
    try:
        return gather(app.store, _followed(app), now)
    except StoreError as error:
        return Facts(fault=str(error))


def _followed(app: App) -> tuple[str, ...]:
    try:
        return app.categories
    except UserError:
        return ()

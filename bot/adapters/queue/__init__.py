"""Deliveries as jobs of Procrastinate, PostgreSQL's task queue: for more than one machine.

The ledger stays the truth. A job only names a delivery: it may be lost, come late or run twice,
and nothing here sends anything. Procrastinate itself is imported only by who needs it, so that
start-up stays light and a process that runs no worker can do without.
"""

from bot.adapters.queue.jobs import attach, enqueue, sweep
from bot.adapters.queue.schema import ensure_schema
from bot.adapters.queue.working import run_worker

__all__ = ["attach", "enqueue", "ensure_schema", "run_worker", "sweep"]

"""Every payload that came, one JSON line each, for the shared check of Slack payloads."""

import json
import os
import threading
from pathlib import Path
from typing import Final

from tests.fakes.slack_api.model import Json
from tests.fakes.slack_api.schema import SHARED

FOLDER: Final = "PAPERS_SLACK_PAYLOADS"
_ADDRESSING: Final = frozenset({"token", "ts", "user", "as_user"})
"""Arguments that say where to, and are no part of the message."""


class Recording:
    """Keeps what the shared check says of each payload; writes to PAPERS_SLACK_PAYLOADS."""

    def __init__(self, *, record: bool, check: bool) -> None:
        self._record = record
        self._check = check
        self._lock = threading.Lock()
        self.faults: list[str] = []
        """What the shared check would say of the payloads so far; empty where all is well."""

    def message(self, arguments: Json) -> None:
        payload = {
            name: value
            for name, value in arguments.items()
            if name not in _ADDRESSING and value is not None
        }
        self._keep("message", payload)

    def response(self, payload: Json) -> None:
        if payload.get("delete_original") and not payload.get("text"):
            return
        self._keep("response", {name: each for name, each in payload.items() if each is not None})

    def view(self, view: Json) -> None:
        self._keep("view", {"view": view})

    def unfurls(self, channel: str, unfurls: Json) -> None:
        for url, card in unfurls.items():
            if isinstance(card, dict) and card.get("blocks"):
                self._keep("message", {"channel": channel, "text": url, "blocks": card["blocks"]})

    def _keep(self, kind: str, payload: Json) -> None:
        if not self._record:
            return
        if self._check:
            found = [f"{kind}: {fault}" for fault in SHARED.faults(kind, payload)]
            with self._lock:
                self.faults += found
        folder = os.environ.get(FOLDER)
        if folder:
            line = json.dumps({"kind": kind, "payload": payload}, ensure_ascii=False)
            path = Path(folder) / f"payloads-{os.getpid()}.jsonl"
            with self._lock:
                path.parent.mkdir(parents=True, exist_ok=True)
                with path.open("a", encoding="utf-8") as file:
                    file.write(line + "\n")

"""Consent in memory: mails are kept in a list, and tokens are sealed as real ones are."""

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from bot.adapters.seals import Seals
from bot.core.schedule import parse_timezone
from bot.core.subscribers import Choices, Chosen, SetChoice, Wanted
from bot.errors import MissingError, UserError

if TYPE_CHECKING:
    from bot.edges.web.consent import Consent

SETS = ("Clouds", "a/b & <b>c</b>?")


@dataclass(slots=True)
class MemoryConsent:
    """`mails` are addresses with the tokens they were sent; `known` what is chosen by address."""

    seals: Seals = field(default_factory=lambda: Seals("k" * 32))
    mails: list[tuple[str, str]] = field(default_factory=list)
    known: dict[str, Choices] = field(default_factory=dict)
    sources: list[str] = field(default_factory=list)

    def ask(self, address: str, set_name: str, on: str, *, source: str) -> None:
        if "@" not in address or not address.isprintable():
            msg = f"{address[:40]!r} is not an e-mail address: write it like ada@lab.example"
            raise UserError(msg)
        self.sources.append(source)
        self.mails.append((address, self.seals.seal("confirm", address, set_name, on)))

    def show_wish(self, token: str) -> Wanted:
        address, name, _ = map(str, self.seals.unseal("confirm", token))
        return Wanted(address, (name,))

    def confirm(self, token: str) -> Wanted:
        address, name, on = map(str, self.seals.unseal("confirm", token))
        before = self.known.get(address, Choices(address, ()))
        had = {each.name for each in before.sets if each.subscribed} | {name}
        self.known[address] = replace(before, sets=_choose(had), on=on)
        return Wanted(address, (name,), self.seals.seal("preferences", address))

    def show_choices(self, token: str) -> Choices:
        return self._find(token)

    def choose(self, token: str, chosen: Chosen) -> None:
        before = self._find(token)
        self.known[before.address] = replace(
            before,
            sets=_choose(set(chosen.sets)),
            on=chosen.on,
            at=chosen.at,
            timezone=parse_timezone(chosen.timezone),
            bundled=chosen.bundled,
            until=chosen.until,
        )

    def export(self, token: str) -> str:
        return json.dumps({"address": self._find(token).address})

    def erase(self, token: str) -> None:
        del self.known[self._find(token).address]

    def show_leaving(self, token: str) -> Wanted:
        address, name = map(str, self.seals.unseal("unsubscribe", token))
        return Wanted(address, (name,), self.seals.seal("preferences", address))

    def leave(self, token: str) -> None:
        try:
            address, name = map(str, self.seals.unseal("unsubscribe", token))
        except MissingError:
            address, name = self._find(token).address, ""
        before = self.known.get(address)
        if before is not None:
            left = {each.name for each in before.sets if each.subscribed and each.name != name}
            self.known[address] = replace(before, sets=_choose(left if name else set()))

    def _find(self, token: str) -> Choices:
        (address,) = map(str, self.seals.unseal("preferences", token))
        if address not in self.known:
            msg = "nothing is kept of this address any more: subscribe again"
            raise MissingError(msg)
        return self.known[address]


def _choose(names: set[str]) -> tuple[SetChoice, ...]:
    return tuple(SetChoice(name, name in names, "what it looks for") for name in SETS)


if TYPE_CHECKING:
    _CONSENT: Consent = MemoryConsent()

"""Take over a list of people who agreed elsewhere, each with the proof of it; mails nobody."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Protocol

from bot.core.addresses import Address, parse_address
from bot.core.keyword_sets import KeywordSet, SetKey
from bot.core.schedule import Schedule
from bot.core.subscribers import ImportLine, ImportOutcome, ImportRow
from bot.errors import UserError
from bot.flows.reading import find_set

_LONGEST_PROOF = 500


class ImportStore(Protocol):
    """What is kept of subscribers."""

    def import_subscriber(
        self,
        address: Address,
        key: SetKey,
        schedule: Schedule,
        nonce: str,
        /,
        *,
        agreed_at: datetime,
        at: datetime,
        proof: str,
    ) -> ImportOutcome:
        """Subscribe an address that agreed elsewhere; doing it twice changes nothing more.

        Refused for a person who left the set, or all, since then.
        """
        ...


def import_subscribers(
    rows: Iterable[ImportRow],
    store: ImportStore,
    sets: Sequence[KeywordSet],
    *,
    timezone: str,
    new_nonce: Callable[[], str],
    now: datetime,
) -> Iterator[ImportLine]:
    """Subscribe each line's address to its set; yield what became of the line.

    One that cannot be read keeps no other one from being taken.
    """
    for row in rows:
        try:
            address = parse_address(row.address)
            keyword_set = find_set(sets, row.set_name.strip())
            agreed_at = _read_moment(row.consent_at, now)
            proof = _read_proof(row.consent_source)
        except UserError as error:
            shown = "".join(sign if sign.isprintable() else "?" for sign in row.address[:80])
            yield ImportLine(row.line, shown, ImportOutcome.REFUSED, str(error))
            continue
        outcome = store.import_subscriber(
            address,
            keyword_set.key,
            Schedule(timezone=timezone),
            new_nonce(),
            agreed_at=agreed_at,
            at=now,
            proof=f"{proof} (imported {now:%Y-%m-%d})",
        )
        said = ""
        if outcome is ImportOutcome.REFUSED:
            said = f"this person left after {agreed_at:%Y-%m-%d}: only they can subscribe again"
        yield ImportLine(row.line, address.text, outcome, said)


def _read_moment(text: str, now: datetime) -> datetime:
    written = text.strip()
    try:
        moment = datetime.fromisoformat(written)
        at = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        msg = f"consent_at {written[:40]!r} is not a day: say when they agreed, like 2025-12-04"
        raise UserError(msg) from error
    if at > now:
        msg = f"consent_at {written[:40]} is in the future: say when they agreed"
        raise UserError(msg)
    return at


def _read_proof(text: str) -> str:
    written = " ".join(text.split())
    if not written.isprintable() or not 0 < len(written) <= _LONGEST_PROOF:
        msg = (
            "consent_source is empty, too long or unreadable: say where they agreed, like"
            ' "paper form, reading group"'
        )
        raise UserError(msg)
    return written

"""Digests in Slack: a message in the channel, the papers in its thread, each posted once."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Protocol

from bot.adapters.slack.client import SlackClients
from bot.adapters.slack.draft import Draft
from bot.adapters.slack.errors import SlackError
from bot.adapters.slack.failures import PEOPLES, SHUT_OUT, Scene, Step, to_delivery_error
from bot.adapters.slack.history import Memory, PaperReader
from bot.adapters.slack.places import Places
from bot.adapters.slack.thread import Thread
from bot.core.desk import write_ref
from bot.core.editions import Destination, Edition
from bot.core.keyword_sets import KeywordSet, SetKey
from bot.core.records import Sent
from bot.core.slack_names import SlackPlace, parse_place
from bot.core.subscriptions import Subscription
from bot.core.trail import Trail
from bot.errors import DeliveryError
from bot.render.slack.digest import Message, build_digest

# Where a digest of a set is read by whoever gets it; "": nowhere.
FindPage = Callable[[SetKey, Edition], str]


def _find_none(_key: SetKey, _edition: Edition) -> str:
    return ""


class SenderMemory(Memory, Protocol):
    """What sending needs to remember."""

    def load_discussed(self, place: SlackPlace, base_ids: Collection[str]) -> Mapping[str, str]:
        """Load in which messages these papers were spoken of; those that were not are left out."""
        ...

    def subscription_of(self, delivery_key: str) -> Subscription | None:
        """Load the subscription for which a delivery was planned, removed or not."""
        ...


class SlackSender:
    """Posts editions; whatever ends an attempt, the next one goes on where that was."""

    def __init__(
        self,
        clients: SlackClients,
        places: Places,
        reader: PaperReader,
        memory: SenderMemory,
        find_page: FindPage = _find_none,
    ) -> None:
        """`reader` finds out what people spoke of already; `find_page` gives an edition's."""
        self._clients = clients
        self._places = places
        self._reader = reader
        self._memory = memory
        self._find_page = find_page

    def send(self, edition: Edition, destination: Destination, key: str, trail: Trail, /) -> Sent:
        """Post what is not there yet, in order; raise DeliveryError.

        What may be there is looked for first, by the metadata that each message carries.
        """
        subscription = self._memory.subscription_of(key)
        # Until something may be there, what is known now counts.
        draft = _read_draft(trail) if trail.parts else self._draft(edition, destination)
        messages = self._build(edition, key, draft, subscription)
        cut = tuple(message.papers for message in messages)
        if not trail.parts:
            draft = replace(draft, cut=cut)
            trail.fix(draft.write())
        thread = Thread(
            self._clients,
            draft.place,
            key,
            trail,
            lambda error, step: self._tell(error, step, draft.place),
        )
        thread.settle_doubts()
        self._remember(draft, trail)
        for part, number in draft.number(cut, _arrived(trail)):
            if not thread.find(part):
                ts = thread.post(part, messages[number])
                papers = messages[number].papers
                self._memory.save_discussed(draft.place, dict.fromkeys(papers, ts))
        return Sent(self._name(draft.place, thread.parent))

    def find(
        self,
        edition: Edition,  # noqa: ARG002 - the draft says all
        destination: Destination,  # noqa: ARG002 - the same
        key: str,  # noqa: ARG002 - the trail is that of this key
        trail: Trail,
        /,
    ) -> Sent | None:
        """Say whether every message is known to be there; what may be, `send` looks for."""
        if not trail.parts:
            return None
        draft = _read_draft(trail)
        if not set(range(1, len(draft.cut) + 1)) <= set(_arrived(trail)):
            return None
        self._remember(draft, trail)
        return Sent(self._name(draft.place, trail.parts[1].reference))

    def _draft(self, edition: Edition, destination: Destination) -> Draft:
        """Find out where an edition goes and what was said of it there; it is not cut yet."""
        place = parse_place(destination.address)
        try:
            place = self._places.resolve(place)
            self._reader.read(place)
            return Draft(place, self._find_here(place, edition), ())
        except SlackError as error:
            raise self._tell(error, Step.READING, place) from error

    def _find_here(self, place: SlackPlace, edition: Edition) -> Mapping[str, str]:
        """Return links to where papers of an edition were spoken of; new versions are new."""
        base_ids = [item.paper.base_id for item in edition.items if not item.kind.is_replacement]
        known = self._memory.load_discussed(place, base_ids)
        links = self._places.find_links(place, sorted(set(known.values())))
        return {base_id: links[ts] for base_id, ts in known.items()}

    def _build(
        self, edition: Edition, key: str, draft: Draft, subscription: Subscription | None
    ) -> tuple[Message, ...]:
        ref = page = ""
        if subscription is not None:
            page = self._find_page(subscription.set_key, edition)
            ref = write_ref(KeywordSet(subscription.set_name, owner=subscription.set_owner))
        return build_digest(
            edition,
            key=key,
            page=page,
            here=draft.here,
            set_ref=ref,
            subscription_id=subscription.id if subscription is not None else 0,
        )

    def _remember(self, draft: Draft, trail: Trail) -> None:
        """Remember where papers are shown that an earlier attempt posted, before it ended."""
        for part in trail.parts.values():
            if part.reference and part.number <= len(draft.cut):
                papers = draft.cut[part.number - 1]
                self._memory.save_discussed(draft.place, dict.fromkeys(papers, part.reference))

    def _name(self, place: SlackPlace, ts: str) -> str:
        try:
            return self._places.link(place, ts)
        except SlackError:
            return f"{place} {ts}"

    def _tell(self, error: SlackError, step: Step, place: SlackPlace) -> DeliveryError:
        """Say what a trouble of Slack's means for a delivery to this place."""
        if error.trouble not in PEOPLES:
            return to_delivery_error(error, step, Scene(str(place), place.team))
        app, workspace = "papers", place.team
        try:
            identity = self._clients.identify(place.team)
        except SlackError:
            pass
        else:
            app, workspace = identity.name or app, identity.workspace or identity.team
        scene = Scene(
            # Who shut us out tells no name.
            place=str(place) if error.trouble in SHUT_OUT else self._places.name(place),
            workspace=workspace,
            app=app,
            is_direct=place.is_direct,
            is_home=self._clients.is_home(place.team),
        )
        return to_delivery_error(error, step, scene)


def _read_draft(trail: Trail) -> Draft:
    """Read what an earlier attempt fixed before it posted anything."""
    draft = Draft.read(trail.draft)
    if draft is None:
        message = "another version of papers-bot began it: let that one finish it"
        raise DeliveryError(message, unknown=True)
    return draft


def _arrived(trail: Trail) -> list[int]:
    return [part.number for part in trail.parts.values() if part.reference]

"""What came of something that a person did: the app's acknowledgement, answers and views."""

from collections.abc import Callable
from dataclasses import dataclass, field

from tests.fakes.slack_api.delivering import HONEST, Ack, Forgery, Kind
from tests.fakes.slack_api.model import Json, Message, ResponseUrl, Trigger, View
from tests.fakes.slack_api.world import World

Deliver = Callable[[Kind, Json, Forgery, int, str], Ack]


@dataclass(slots=True, eq=False)
class Interaction:
    """Something that a person did, how the app acknowledged it, and what came of it.

    `errors`: what the app said of a submitted view's inputs, by block_id. `payload` is what was
    sent, forged where it was.
    """

    world: World
    kind: Kind
    payload: Json
    ack: Ack
    deliver: Deliver
    trigger: Trigger | None = None
    url: ResponseUrl | None = None
    errors: Json = field(default_factory=dict)

    @property
    def responses(self) -> list[Json]:
        """What was posted to the response URL so far."""
        return self.url.payloads if self.url else []

    @property
    def messages(self) -> list[Message]:
        """What of that is to be seen, as messages that can be clicked."""
        return self.url.messages if self.url else []

    def wait_response(self, number: int = 1, seconds: float = 10.0) -> Json:
        """Wait until so many responses came and give the last of them."""
        self.world.wait(lambda: len(self.responses) >= number, seconds)
        return self.responses[number - 1]

    def wait_message(self, number: int = 1, seconds: float = 10.0) -> Message:
        self.world.wait(lambda: len(self.messages) >= number, seconds)
        return self.messages[number - 1]

    def wait_view(self, seconds: float = 10.0) -> View:
        """Wait for the view that is opened with this trigger."""
        trigger = self.trigger
        assert trigger
        self.world.wait(lambda: trigger.view, seconds)
        assert trigger.view
        return trigger.view

    def again(self, attempt: int = 1, reason: str = "http_timeout") -> Ack:
        """Deliver the same once more, as Slack does with what was not acknowledged."""
        return self.deliver(self.kind, self.payload, HONEST, attempt, reason)

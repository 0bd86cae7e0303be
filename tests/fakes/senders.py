"""A destination that does as a test tells it, and remembers what reached it."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from bot.core.editions import Destination, Edition
from bot.core.records import CannotTell, Enclosed, Sent

if TYPE_CHECKING:
    from bot.flows.passage import Sender, TogetherSender

Script = Exception | CannotTell | None


class LoneSender:
    """Sends and finds by script, one step a call; with no steps left it sends, and finds truly.

    An error among `sends` is raised before anything arrives, after it where `arrives_anyway`.
    `meanwhile` is called before it leaves, `afterwards` right after it said so.
    """

    def __init__(
        self,
        sends: Sequence[Exception | None] = (),
        finds: Sequence[Script] = (),
        *,
        arrives_anyway: bool = False,
        meanwhile: Callable[[], None] = lambda: None,
        afterwards: Callable[[], None] = lambda: None,
    ) -> None:
        self.sends = list(sends)
        self.finds = list(finds)
        self.arrives_anyway = arrives_anyway
        self.meanwhile = meanwhile
        self.afterwards = afterwards
        self.arrived: list[tuple[str, Destination, Edition]] = []
        self.calls: list[str] = []

    @property
    def keys(self) -> list[str]:
        return [key for key, _, _ in self.arrived]

    def send(
        self, edition: Edition, destination: Destination, key: str, leave: Callable[[], None]
    ) -> Sent:
        self.calls.append("send")
        self.meanwhile()
        leave()
        self.afterwards()
        error = self.sends.pop(0) if self.sends else None
        if error is None or self.arrives_anyway:
            self.arrived.append((key, destination, edition))
        if error is not None:
            raise error
        return Sent(f"sent {key}")

    def find(
        self,
        edition: Edition,  # noqa: ARG002 - the key says all
        destination: Destination,  # noqa: ARG002
        key: str,
        trail: object = None,  # noqa: ARG002
    ) -> Sent | CannotTell | None:
        self.calls.append("find")
        step = self.finds.pop(0) if self.finds else None
        if isinstance(step, Exception):
            raise step
        return step or (Sent(f"found {key}") if key in self.keys else None)


class RecordingSender(LoneSender):
    """The same, and takes several sets at once: each arrives under its own key."""

    def send_together(
        self,
        enclosed: Sequence[Enclosed],
        destination: Destination,
        key: str,
        leave: Callable[[], None],
    ) -> Sent:
        own = next(each for each in enclosed if each.key == key)
        sent = self.send(own.edition, destination, key, leave)
        self.arrived += [
            (each.key, destination, each.edition) for each in enclosed if each is not own
        ]
        return sent


if TYPE_CHECKING:
    _SENDER: Sender = LoneSender()
    _TOGETHER: TogetherSender = RecordingSender()

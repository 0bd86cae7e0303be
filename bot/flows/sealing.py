"""What flows need to write texts that nobody else could have written; each link has its flow."""

from typing import Protocol


class Sealer(Protocol):
    """Seals texts and opens those that it sealed itself."""

    def seal(self, kind: str, *parts: str | int) -> str:
        """Write parts as a text for a URL."""
        ...

    def unseal(self, kind: str, token: str) -> tuple[str | int, ...]:
        """Read the parts of a text of this kind; raise MissingError for what we did not write."""
        ...

"""A log that keeps what it is told."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bot.edges.logs import Log


class RecordingLog:
    """Each line is an event with its fields; `levels` says how loud each was."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, dict[str, Any]]] = []
        self.levels: list[str] = []

    def info(self, event: str, /, **fields: Any) -> None:  # noqa: ANN401 - whatever is logged
        self._keep("info", event, fields)

    def warning(self, event: str, /, **fields: Any) -> None:  # noqa: ANN401
        self._keep("warning", event, fields)

    def error(self, event: str, /, **fields: Any) -> None:  # noqa: ANN401
        self._keep("error", event, fields)

    def _keep(self, level: str, event: str, fields: dict[str, Any]) -> None:
        self.levels.append(level)
        self.lines.append((event, fields))


if TYPE_CHECKING:
    _LOG: Log = RecordingLog()

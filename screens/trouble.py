"""What is wrong with the config, in full, with its lines."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import Binding
from textual.widget import Widget

from app.snapshot import Status
from screens.dialog import Dialog, Words


class Trouble(Dialog[None]):
    """Every problem of the edit that is not in force, and what waits for the next start."""

    BINDINGS: ClassVar[list[Binding]] = [  # pyright: ignore[reportIncompatibleVariableOverride]
        Binding("enter", "dismiss(None)", show=False)
    ]

    def __init__(self, status: Status) -> None:
        super().__init__("what is wrong", "esc closes")
        self._lines = [
            *(status.config_error or "").splitlines(),
            *status.config_warnings,
            *(f"{key} takes effect at the next start" for key in status.restart_keys),
        ]
        if not status.log_healthy:
            self._lines.append(
                f"the request log cannot be written; {status.log_rows_lost} lines are lost"
            )
        self.box.styles.width = "90%"

    def body(self) -> Iterable[Widget]:
        yield Words(["", *self._lines, ""])

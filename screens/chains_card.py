"""What `enter` opens on an entry: its card."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar

from textual.binding import Binding
from textual.widget import Widget

from screens.dialog import Dialog, Words
from screens.line import Line

_WIDTH = 70
"""Cells inside the dialog."""


class EntryPage(Dialog[None]):
    """An entry's card in a dialog, for terminals where it has no place of its own."""

    BINDINGS: ClassVar[list[Binding]] = [  # pyright: ignore[reportIncompatibleVariableOverride]
        Binding("enter,q", "dismiss(None)", show=False)
    ]
    DEFAULT_CSS: ClassVar[str] = "EntryPage Box { width: 74; }"

    def __init__(self, entry: str, paint: Callable[[int, int], Sequence[Line]]) -> None:
        super().__init__(entry, "esc closes")
        lines = [Line("panel", line.runs) for line in paint(1, _WIDTH)]
        self._lines = [Line("panel"), *lines, Line("panel")]

    def body(self) -> Iterable[Widget]:
        yield Words(self._lines)

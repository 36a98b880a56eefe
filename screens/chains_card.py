"""What `enter` opens on an entry: its card, or what may take the place of a model that is gone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar

from textual.binding import Binding
from textual.widget import Widget

from screens.dialog import Dialog, Words
from screens.line import Line, fit
from screens.listing import Listing, Row
from screens.themes import Role

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


class Choices(Listing):
    """A few texts to choose from."""

    GROUND: ClassVar[Role] = "panel"

    def __init__(self, texts: Sequence[str]) -> None:
        super().__init__()
        self._texts = texts
        self.styles.height = max(1, len(texts))

    def rows(self, width: int, height: int) -> Sequence[Row]:
        rows: list[Row] = []
        for text in self._texts:
            line = Line("cursor" if text == self.cursor else "panel")
            line.put(2, fit(text, width - 3, self.stage.symbols.cut))
            rows.append(Row(line, text))
        return rows


class Nearest(Dialog[str]):
    """Listed models that are most like one which is gone; gives the chosen one."""

    BINDINGS: ClassVar[list[Binding]] = [  # pyright: ignore[reportIncompatibleVariableOverride]
        Binding("enter", "take", show=False)
    ]
    DEFAULT_CSS: ClassVar[str] = "Nearest Box { width: 70; }"

    def __init__(self, entry: str, ids: Sequence[str]) -> None:
        super().__init__("model gone", "enter replaces it in every chain · esc closes")
        self._says = Words(["", f"{entry} is listed no more. Nearest:", ""])
        self._choices = Choices(ids)

    def body(self) -> Iterable[Widget]:
        yield self._says
        yield self._choices
        yield Words([""])

    def on_mount(self) -> None:
        self._choices.focus()

    def action_take(self) -> None:
        self.dismiss(self._choices.cursor)

    def on_listing_chosen(self, event: Listing.Chosen) -> None:
        self.dismiss(event.key)

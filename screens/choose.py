"""A short list to choose from, narrowed by typing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding
from textual.widget import Widget

from screens.dialog import Dialog
from screens.field import Field
from screens.line import Line, fit
from screens.listing import Listing, Row

_MOST_ROWS = 14


@dataclass(frozen=True, slots=True)
class Choice:
    """`key` is what the answer is, `note` stands muted at the right."""

    key: str
    text: str
    note: str = ""


class Choose(Dialog[str]):
    """Answers with a choice's key, None if it was closed."""

    BINDINGS: ClassVar[list[Binding]] = [  # pyright: ignore[reportIncompatibleVariableOverride]
        Binding("up", "move(-1)", show=False, priority=True),
        Binding("down", "move(1)", show=False, priority=True),
        Binding("enter", "take", show=False),
    ]

    def __init__(self, title: str, choices: Sequence[Choice], chosen: str | None = None) -> None:
        super().__init__(title, "↑↓ move · enter takes · esc closes")
        self._field = Field(hint="type to filter", prefix="/")
        self._list = _Choices(choices, chosen)
        self.box.styles.height = min(_MOST_ROWS, len(choices)) + 4

    def body(self) -> Iterable[Widget]:
        yield self._field
        yield self._list

    def on_mount(self) -> None:
        self._field.focus()

    def on_field_changed(self, event: Field.Changed) -> None:
        self._list.narrow(event.field.value)

    def on_field_entered(self) -> None:
        self.action_take()

    def on_listing_chosen(self, event: Listing.Chosen) -> None:
        self.dismiss(event.key)

    def action_move(self, by: int) -> None:
        self._list.action_move(by)

    def action_take(self) -> None:
        if self._list.cursor is not None:
            self.dismiss(self._list.cursor)


class _Choices(Listing):
    def __init__(self, choices: Sequence[Choice], chosen: str | None) -> None:
        super().__init__()
        self._choices = choices
        self._wanted = ""
        self.cursor = chosen

    def narrow(self, text: str) -> None:
        self._wanted = text.casefold()
        self.repaint()

    def rows(self, width: int, height: int) -> Sequence[Row]:
        found = [choice for choice in self._choices if self._wanted in choice.text.casefold()]
        if not found:
            line = Line("panel")
            line.put(1, f"0 of {len(self._choices)}", "muted")
            return [Row(line)]
        return [Row(self._line(choice, width), choice.key) for choice in found]

    def _line(self, choice: Choice, width: int) -> Line:
        line = Line("cursor" if choice.key == self.cursor else "panel")
        end = line.right(width - 1, choice.note, "muted") if choice.note else width - 1
        line.put(2, fit(choice.text, end - 3, self.stage.symbols.cut))
        return line

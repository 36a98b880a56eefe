"""A short list to choose from, narrowed by typing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding
from textual.widget import Widget

from screens.dialog import Dialog, Words
from screens.field import Field
from screens.line import Line, fit
from screens.listing import Listing, Row
from screens.themes import Role
from screens.wrapped import wrap

_MOST_ROWS = 14
_FEW = 5
"""Choices up to which nobody needs a filter."""
_CELLS = 60
"""In which a sentence above the list is broken."""


@dataclass(frozen=True, slots=True)
class Choice:
    """`key` is what the answer is, `note` stands muted at the right."""

    key: str
    text: str
    note: str = ""


class Choose(Dialog[str]):
    """Answers with a choice's key, None if it was closed.

    `says` stands above the list, `does` is what enter does with a choice.
    """

    BINDINGS: ClassVar[list[Binding]] = [  # pyright: ignore[reportIncompatibleVariableOverride]
        Binding("up", "move(-1)", show=False, priority=True),
        Binding("down", "move(1)", show=False, priority=True),
        Binding("enter", "take", show=False),
    ]

    def __init__(
        self,
        title: str,
        choices: Sequence[Choice],
        chosen: str | None = None,
        *,
        says: str = "",
        does: str = "takes it",
    ) -> None:
        super().__init__(title, f"enter {does} · esc closes")
        self._says = wrap(says, _CELLS) if says else []
        self._field = Field(hint="type to filter", prefix="/") if len(choices) > _FEW else None
        self._list = _Choices(choices, chosen)

    def body(self) -> Iterable[Widget]:
        yield Words(["", *self._says, ""] if self._says else [""])
        if self._field is not None:
            yield self._field
        yield self._list
        yield Words([""])

    def on_mount(self) -> None:
        (self._field or self._list).focus()

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
    GROUND: ClassVar[Role] = "panel"

    def __init__(self, choices: Sequence[Choice], chosen: str | None) -> None:
        super().__init__()
        self.styles.height = max(1, min(_MOST_ROWS, len(choices)))
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

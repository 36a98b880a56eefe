"""A line of text that a person types, or pastes: a name, an address, a key."""

from __future__ import annotations

from typing import ClassVar

from rich.cells import cell_len
from textual import events
from textual.message import Message

from screens.line import Line, fit, visible
from screens.painted import Painted

_SHOWN = 4
"""Last characters of a secret that are seen."""
_LONG_ENOUGH = 12
"""Characters of a secret from which on its end is seen while it is typed."""


class Field(Painted, can_focus=True):
    """One line of text. `secret`: masked but for its end."""

    DEFAULT_CSS: ClassVar[str] = "Field { height: 1; }"

    class Changed(Message):
        """The text is another one. `pasted`: all of it came at once."""

        def __init__(self, field: Field, *, pasted: bool) -> None:
            super().__init__()
            self.field, self.pasted = field, pasted

        @property
        def control(self) -> Field:
            return self.field

    class Entered(Message):
        """Enter was pressed."""

        def __init__(self, field: Field) -> None:
            super().__init__()
            self.field = field

        @property
        def control(self) -> Field:
            return self.field

    def __init__(
        self,
        value: str = "",
        *,
        hint: str = "",
        secret: bool = False,
        prefix: str = "",
        id: str | None = None,
    ) -> None:
        super().__init__(id=id)
        self._value = value
        self._at = len(value)
        self._hint = hint
        self._secret = secret
        self._prefix = prefix

    @property
    def value(self) -> str:
        return self._value

    def put(self, value: str) -> None:
        """Put another text, without telling anybody."""
        self._value, self._at = value, len(value)
        self.repaint()

    def hint(self, text: str) -> None:
        """What stands there while it is empty."""
        self._hint = text
        self.repaint()

    # What is seen.

    def paint(self, width: int, height: int) -> list[Line]:
        line = Line("cursor" if not self._prefix else "panel")
        focused, symbols = self.has_focus, self.stage.symbols
        at = 0
        if self._prefix:
            at = line.put(0, self._prefix, "flow", "b") + 1
        else:
            if focused:
                line.put(0, symbols.cursor, "flow")
            at = 1
        if not self._value:
            if focused:
                at = line.put(at, symbols.block, "flow")
            line.put(at, fit(self._hint, width - at - 1, symbols.cut), "muted")
            return [line]
        self._put_value(line, at, width - at - 1)
        return [line]

    def _put_value(self, line: Line, column: int, room: int) -> None:
        text = self._masked() if self._secret else visible(self._value)
        at = len(text) if self._secret else self._at
        begin = 0
        while cell_len(text[begin:at]) >= room and begin < at:
            begin += 1
        if not self.has_focus:
            line.put(column, fit(text[begin:], room, self.stage.symbols.cut))
            return
        end = line.put(column, text[begin:at])
        if at >= len(text):
            if not self._secret:
                line.put(end, self.stage.symbols.block, "flow")
            return
        end = line.put(end, text[at], "flow", "r")
        line.put(end, fit(text[at + 1 :], room - (end - column), self.stage.symbols.cut))

    def _masked(self) -> str:
        """`••••…4d7e`; the name of a variable is no secret."""
        value, symbols = self._value, self.stage.symbols
        if value.startswith("env:"):
            return visible(value)
        if len(value) < _LONG_ENOUGH:
            return symbols.mask * len(value)
        return symbols.mask * min(24, len(value) - _SHOWN) + symbols.cut + visible(value[-_SHOWN:])

    # What is typed.

    def on_key(self, event: events.Key) -> None:
        if event.key == "enter":
            self.post_message(self.Entered(self))
        elif event.character is not None and event.is_printable:
            self._insert(event.character, pasted=False)
        elif not self._edit(event.key):
            return
        event.stop()
        event.prevent_default()

    def on_paste(self, event: events.Paste) -> None:
        event.stop()
        self._insert("".join(event.text.split()) if self._secret else event.text.strip(), True)

    def _insert(self, text: str, pasted: bool) -> None:
        text = "".join(letter for letter in text if letter.isprintable())
        if text:
            self._change(
                self._value[: self._at] + text + self._value[self._at :], len(text), pasted
            )

    def _change(self, value: str, by: int, pasted: bool = False) -> None:
        self._value = value
        self._at = max(0, min(len(value), self._at + by))
        self.repaint()
        self.post_message(self.Changed(self, pasted=pasted))

    def _edit(self, key: str) -> bool:
        """An editing key; whether it was one."""
        value, at = self._value, self._at
        match key:
            case "backspace" | "ctrl+h":
                if at:
                    self._change(value[: at - 1] + value[at:], -1)
            case "delete":
                if at < len(value):
                    self._change(value[:at] + value[at + 1 :], 0)
            case "ctrl+u":
                if value:
                    self._change("", -at)
            case "ctrl+w":
                kept = value[:at].rstrip()[: value[:at].rstrip().rfind(" ") + 1]
                self._change(kept + value[at:], len(kept) - at)
            case "left" | "right" | "home" | "end":
                steps = {"left": -1, "right": 1, "home": -at, "end": len(value)}
                self._at = max(0, min(len(value), at + steps[key]))
                self.repaint()
            case _:
                return False
        return True

    def on_click(self, event: events.Click) -> None:
        event.stop()
        self.focus()

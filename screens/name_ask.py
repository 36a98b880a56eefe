"""A dialog that asks for the name of a chain."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from textual.widget import Widget

from screens.dialog import Dialog, Words
from screens.field import Field
from screens.line import Line

_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")


class NameAsk(Dialog[str]):
    """Asks for a name that is not taken; `says` stands above the field."""

    def __init__(self, title: str, says: str, *, taken: Collection[str], value: str = "") -> None:
        super().__init__(title, "enter takes it · esc closes")
        self._says = Words([says, ""])
        self._field = Field(value)
        self._wrong = Words(["", ""])
        self._taken = taken

    def body(self) -> Iterable[Widget]:
        yield Words([""])
        yield self._says
        yield self._field
        yield self._wrong

    def on_mount(self) -> None:
        self._field.focus()

    def _problem(self) -> str:
        name = self._field.value
        if name in self._taken:
            return f"There is a chain {name} already."
        if name and not _NAME.fullmatch(name):
            return "Letters, digits, . _ - and at most 64 of them."
        return ""

    def on_field_changed(self, _: Field.Changed) -> None:
        line = Line("panel")
        line.put(0, self._problem(), "out")
        self._wrong.say([Line("panel"), line])

    def on_field_entered(self, _: Field.Entered) -> None:
        if self._field.value and not self._problem():
            self.dismiss(self._field.value)

"""Beside and in place of the list of providers: their last words, or why there is none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from app.contract import AdminError
from screens.line import CONTENT, Line, fit, heading
from screens.painted import Painted
from screens.providers_detail import Pane
from screens.providers_words import in_rows
from screens.themes import Role
from screens.wrapped import wrap

_SAID_ROWS = 3
"""Of what one provider said."""


class SaidPane(Pane):
    """What the providers said last, each in its newest words."""

    def paint(self, width: int, height: int) -> list[Line]:
        shown = self._shown
        if shown is None:
            return []
        end = width - 1
        rule = self.stage.symbols.rule
        title = "what the providers said last"
        lines = [Line(), Line(), heading(Line(), end, title, "newest first", rule=rule)]
        cut = self.stage.symbols.cut
        for said in shown.words.newest:
            for number, row in enumerate(in_rows(said.text, end - 23, _SAID_ROWS, cut)):
                line = Line()
                if number == 0:
                    line.put(1, f"{said.at.astimezone():%H:%M:%S}", "muted")
                    line.put(11, fit(said.provider, 11, cut))
                line.put(23, row, "muted")
                lines.append(line)
        if len(lines) == 3:
            line = Line()
            line.put(1, "no refusal and no failure among the last requests", "muted")
            lines.append(line)
        return lines[:height]


class Empty(Painted):
    """In place of everything: no provider yet, or no answer yet."""

    DEFAULT_CSS: ClassVar[str] = "Empty { height: 1fr; }"

    def __init__(self) -> None:
        super().__init__()
        self._texts: Sequence[tuple[str, Role]] = ()

    def say(self, *texts: tuple[str, Role]) -> None:
        self._texts = texts
        self.repaint()

    def say_trouble(self, address: str, trouble: AdminError | None) -> None:
        if trouble is None:
            self.say((f"asking {address} for its providers", "muted"))
        else:
            self.say(
                (str(trouble), "text"), (trouble.hint, "muted"), ("asked again at once", "flow")
            )

    def paint(self, width: int, height: int) -> list[Line]:
        lines: list[Line] = []
        for text, ink in self._texts:
            for row in wrap(text, min(width, CONTENT) - 2):
                line = Line()
                line.put(1, row, ink)
                lines.append(line)
        return lines

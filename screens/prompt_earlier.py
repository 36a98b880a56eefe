"""The test prompts of this session."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding

from screens.line import Line, fit, heading
from screens.listing import Listing, Row
from screens.names import short
from screens.prompt_run import Run

_EARLIER = 5


class Earlier(Listing):
    """The tests of this session, newest first; enter loads one again."""

    BINDINGS: ClassVar[list[Binding]] = [  # pyright: ignore[reportIncompatibleVariableOverride]
        Binding("enter", "take", show=False)
    ]

    def __init__(self) -> None:
        super().__init__()
        self._runs: list[Run] = []

    def keep(self, run: Run) -> None:
        self._runs = [run, *self._runs][:_EARLIER]
        self.repaint()

    def run_of(self, key: str) -> Run | None:
        number = int(key)
        return self._runs[number] if number < len(self._runs) else None

    def action_take(self) -> None:
        if self.cursor is not None:
            self.post_message(self.Chosen(self, self.cursor))

    def rows(self, width: int, height: int) -> Sequence[Row]:
        if not self._runs:
            return []
        symbols = self.stage.symbols
        head = heading(Line(), width - 2, "earlier tests", "enter loads one", rule=symbols.rule)
        rows = [Row(head)]
        for number, run in enumerate(self._runs):
            line = Line()
            line.put(1, f"{run.at.astimezone():%H:%M}", "muted")
            served = "".join(short(run.landing or "nobody", 34, symbols.cut))
            end = line.right(width - 2, served, "muted")
            line.put(8, fit(" ".join(run.prompt.split()), end - 10, symbols.cut))
            rows.append(Row(line, str(number)))
        return rows

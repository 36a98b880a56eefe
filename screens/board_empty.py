"""The board before there is a chain: what to do first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from screens.line import Line
from screens.listing import Listing, Row

_WIDTH = 64

ACTS = {"5": "app.go('providers')", "2": "app.go('chains')", "o": "onboard"}
"""What each row does, by its key."""


class EmptyBoard(Listing):
    """Three ways to begin, drawn as a chain that has no entry yet."""

    DEFAULT_CSS: ClassVar[str] = "EmptyBoard { height: 1fr; display: none; }"

    def __init__(self) -> None:
        super().__init__()
        self._found = ""
        self._providers = 0

    def know(self, found: str, providers: int) -> None:
        """`found`: a variable with a key that nobody uses yet; how many `providers` there are."""
        self._found, self._providers = found, providers
        self.repaint()

    def rows(self, width: int, height: int) -> Sequence[Row]:
        left = max(8, (width - _WIDTH) // 2) if width >= 76 else 2
        symbols = self.stage.symbols
        head = Line()
        head.put(left, symbols.ledge, "flow", "b")
        head.put(left + 3, "no chain yet", "text", "b")
        lines = [Row(Line())] * max(0, min(3, height - 12)) + [Row(head)]
        for text in (
            "A chain is a list of models in the order you like. A request",
            "takes the first one that has free budget left.",
            "",
        ):
            line = Line()
            line.put(left + 1, symbols.fall, "flow", "b")
            line.put(left + 5, text, "muted")
            lines.append(Row(line))
        lines += [
            Row(self._act(left, "5", "add a provider", self._key_told(), first=True), "5"),
            Row(self._act(left, "2", "make a chain", self._chain_told()), "2"),
            Row(self._act(left, "o", "do both in one minute", "the first-start page"), "o"),
        ]
        last = Line()
        last.put(
            left + 5 if width >= 76 else left,
            "Only looking? Quit and run 429chain --demo: nothing to set up.",
            "muted",
        )
        return [*lines, Row(Line()), Row(Line()), Row(last)]

    def _key_told(self) -> str:
        if self._found:
            return f"{self._found} is already set"
        if self._providers:
            return f"{self._providers} there already"
        return ""

    def _chain_told(self) -> str:
        return "of your providers' models" if self._providers else "needs a provider first"

    def _act(self, left: int, key: str, word: str, told: str, *, first: bool = False) -> Line:
        line = Line("band" if key == self.cursor else "bg")
        symbols = self.stage.symbols
        if first:
            line.put(left + 1, symbols.landing, "flow", "b")
        else:
            line.put(left + 1, symbols.dry, "faint")
        line.put(left + 5, key, "flow", "b")
        line.put(left + 8, word, "text", "b" if key == self.cursor else "")
        line.put(left + 32, told, "muted")
        return line

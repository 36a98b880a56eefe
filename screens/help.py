"""Help: the keys of a screen and of everywhere, and how to read what it shows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual import events
from textual.binding import Binding
from textual.widget import Widget

from screens.dialog import Dialog
from screens.field import Field
from screens.keys import EVERYWHERE, MOVES, Key
from screens.legends import legend_of
from screens.line import Line, fit
from screens.painted import Painted
from screens.view import View

_KEY_CELLS = 11
_MIDDLE = 37
_SIGN_CELLS = 8

_TOGETHER = (
    ("go.", "1 … 6", "go to a screen"),
    ("list.up", "↑ ↓  j k", "move in a list"),
    ("list.page", "pgup pgdn", "a page up or down"),
    ("list.first", "g  G", "to the first, the last"),
    ("list.", "", ""),
)
"""`(ids that begin so, keys, what they do)`: told once for several keys."""

_GLOSSARY = "rpm rph rpd rpmo: requests a minute, hour, day, month · tpm …: tokens"

Keys = Sequence[tuple[str, str]]
"""`(keys, what they do)`; a title has no keys."""


class Help(Dialog[None]):
    """Of one screen. `/` searches in both columns."""

    AUTO_FOCUS: ClassVar[str | None] = "_Page"
    BINDINGS: ClassVar[list[Binding]] = [  # pyright: ignore[reportIncompatibleVariableOverride]
        Binding("question_mark,f1,q", "dismiss(None)", show=False),
        Binding("slash", "search", show=False),
        Binding("up,k", "scroll(-1)", show=False),
        Binding("down,j", "scroll(1)", show=False),
    ]

    def __init__(self, view: View) -> None:
        super().__init__(f"help · {view.TAB}", "esc closes · / searches")
        self.box.styles.width = 76
        self._field = Field(hint="type to search", prefix="/")
        self._page = _Page(view)

    def body(self) -> Iterable[Widget]:
        yield self._field
        yield self._page

    def on_mount(self) -> None:
        self._fit(self.size.height)

    def on_resize(self, event: events.Resize) -> None:
        self._fit(event.size.height)

    def _fit(self, height: int) -> None:
        # Border, search field and glossary stand around the page.
        self.box.styles.height = max(8, min(height - 2, self._page.rows + 5))

    def on_field_changed(self, event: Field.Changed) -> None:
        self._page.search(event.field.value)

    def on_field_entered(self) -> None:
        self._page.focus()

    def action_search(self) -> None:
        self._field.focus()

    def action_scroll(self, by: int) -> None:
        self._page.scroll_by(by)


def _told(key: Key) -> tuple[str, str]:
    for ids, drawn, says in _TOGETHER:
        if key.id.startswith(ids):
            return drawn, says
    return key.drawn, key.says


class _Page(Painted, can_focus=True):
    DEFAULT_CSS: ClassVar[str] = "_Page { height: 1fr; }"

    def __init__(self, view: View) -> None:
        super().__init__()
        self._view = view
        self._wanted = ""
        self._top = 0

    @property
    def rows(self) -> int:
        """Of the longer column."""
        return max(len(self._keys()), len(self._legend()))

    def search(self, text: str) -> None:
        self._wanted, self._top = text.casefold(), 0
        self.repaint()

    def scroll_by(self, rows: int) -> None:
        last = max(0, len(self._keys()) - self.size.height + 2)
        self._top = max(0, min(last, self._top + rows))
        self.repaint()

    def paint(self, width: int, height: int) -> list[Line]:
        keys, legend = self._keys()[self._top :], self._legend()
        lines = [Line("panel") for _ in range(height)]
        for line, (drawn, says) in zip(lines[:-2], keys, strict=False):
            if not drawn:
                line.put(1, says, "text", "b")
                continue
            line.put(1, fit(drawn, _KEY_CELLS - 1), "flow")
            line.put(1 + _KEY_CELLS, fit(says, _MIDDLE - _KEY_CELLS - 2), "text")
        for line, (sign, says) in zip(lines[:-2], legend, strict=False):
            if not sign:
                line.put(_MIDDLE, says, "text", "b")
                continue
            line.put(_MIDDLE, sign, "flow")
            line.put(_MIDDLE + _SIGN_CELLS, fit(says, width - _MIDDLE - _SIGN_CELLS - 1), "text")
        lines[-1].put(1, fit(_GLOSSARY, width - 2), "muted")
        left = len(keys) - (height - 2)
        if left > 0:
            lines[-2].put(1, f"{self.stage.symbols.arrows} {left} more", "muted")
        return lines

    def _keys(self) -> Keys:
        return [
            *self._section("this screen", self._view.VERBS),
            (" ", ""),
            *self._section("everywhere", [*MOVES, *EVERYWHERE]),
        ]

    def _section(self, title: str, keys: Iterable[Key]) -> Keys:
        told = dict.fromkeys(_told(key) for key in keys)
        found = [(drawn, says) for drawn, says in told if drawn and self._matches(drawn, says)]
        return [("", title), *found] if found else []

    def _legend(self) -> Keys:
        legend = legend_of(self._view.TAB, self.stage.symbols)
        return [("", f"reading the {self._view.TAB}")] + [
            (sign, says) for sign, says in legend if self._matches(sign, says)
        ]

    def _matches(self, *texts: str) -> bool:
        return not self._wanted or any(self._wanted in text.casefold() for text in texts)

"""Help: the keys of a screen and of everywhere, and how to read what it shows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
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
from screens.wrapped import wrap

_KEY_CELLS = 11
_SIGN_CELLS = 8
_LEFT = 0.51
"""Share of the page that the keys take."""
_NARROW, _WIDE = 76, 104
"""Columns of the box."""
_GLOSSARY = "rpm rph rpd rpmo: requests a minute, hour, day, month · tpm …: tokens"

Told = tuple[str, str]
"""A key or a sign, and what it does or means; without the first a title, without both a blank."""


class Help(Dialog[None]):
    """Of one screen. `/` searches in both columns."""

    AUTO_FOCUS: ClassVar[str | None] = "_Page"
    BINDINGS: ClassVar[list[Binding]] = [  # pyright: ignore[reportIncompatibleVariableOverride]
        Binding("question_mark,f1,q", "dismiss(None)", show=False),
        Binding("slash", "search", show=False),
        Binding("up,k", "scroll(-1)", show=False),
        Binding("down,j", "scroll(1)", show=False),
        Binding("pageup", "scroll(-10)", show=False),
        Binding("pagedown", "scroll(10)", show=False),
    ]
    DEFAULT_CSS: ClassVar[str] = "Help Box { padding: 1 1 0 1; }"

    def __init__(self, view: View) -> None:
        super().__init__(f"help · {view.TAB}", "esc closes · / searches")
        self._field = Field(hint="type to search", prefix="/")
        self._field.display = False
        self._page = _Page(view)

    def body(self) -> Iterable[Widget]:
        yield self._field
        yield self._page

    def on_mount(self) -> None:
        self._fit(*self.size)

    def on_resize(self, event: events.Resize) -> None:
        self._fit(*event.size)

    def _fit(self, width: int, height: int) -> None:
        box = _WIDE if width >= _WIDE + 4 else min(_NARROW, width)
        self.box.styles.width = box
        # Borders, the blank row and the glossary stand around the page.
        rows = self._page.rows(box - 4) + 5
        self.box.styles.height = max(8, min(height - 2, rows))

    def on_field_changed(self, event: Field.Changed) -> None:
        self._page.search(event.field.value)

    def on_field_entered(self) -> None:
        self._page.focus()

    def action_search(self) -> None:
        self._field.display = True
        self._field.focus()

    def action_scroll(self, by: int) -> None:
        self._page.scroll_by(by)


class _Page(Painted, can_focus=True):
    DEFAULT_CSS: ClassVar[str] = "_Page { height: 1fr; }"

    def __init__(self, view: View) -> None:
        super().__init__()
        self._view = view
        self._wanted = ""
        self._top = 0

    def rows(self, width: int) -> int:
        """Of the longer column."""
        return len(self._both(width))

    def search(self, text: str) -> None:
        self._wanted, self._top = text.casefold(), 0
        self.repaint()

    def scroll_by(self, rows: int) -> None:
        last = max(0, self.rows(self.size.width) - self.size.height + 2)
        self._top = max(0, min(last, self._top + rows))
        self.repaint()

    def paint(self, width: int, height: int) -> list[Line]:
        lines = self._both(width)
        room = height - 2
        shown = lines[self._top : self._top + room]
        shown += [Line("panel") for _ in range(height - len(shown))]
        shown[-1].put(1, fit(_GLOSSARY, width - 2, self.stage.symbols.cut), "muted")
        left = len(lines) - self._top - room
        if left > 0:
            shown[-2].put(1, f"{self.stage.symbols.arrows} {left} more", "muted")
        return shown

    def _both(self, width: int) -> list[Line]:
        """Keys at the left, signs at the right, row by row."""
        middle = int(width * _LEFT)
        keys = list(_rows(self._keys(), middle - _KEY_CELLS - 2))
        signs = list(_rows(self._legend(), width - middle - _SIGN_CELLS - 1))
        lines = [Line("panel") for _ in range(max(len(keys), len(signs)))]
        for column, cells, rows in ((1, _KEY_CELLS, keys), (middle, _SIGN_CELLS, signs)):
            for line, (sign, says, is_title) in zip(lines, rows, strict=False):
                if is_title:
                    line.put(column, says, "text", "b")
                    continue
                line.put(column, sign, "flow")
                line.put(column + cells, says, "text")
        return lines

    def _keys(self) -> list[Told]:
        return self._sections(
            (
                ("", "this screen"),
                *dict.fromkeys(map(self._told, self._view.VERBS)),
                ("", "everywhere"),
                *dict.fromkeys(map(self._told, (*EVERYWHERE, *MOVES))),
            )
        )

    def _told(self, key: Key) -> Told:
        """As the person has mapped it; several keys of a kind are told once."""
        if (mapped := self._view.shell.look.keys.get(key.id)) is not None:
            return mapped, key.says
        arrows = " ".join(self.stage.symbols.arrows)
        together = (
            ("go.", "1 … 6", "go to a screen"),
            ("list.up", f"{arrows}  j k" if arrows != "j k" else arrows, "move in a list"),
            ("list.down", f"{arrows}  j k" if arrows != "j k" else arrows, "move in a list"),
            ("list.page", "pgup pgdn", "a page up or down"),
            ("list.", "g  G", "to the first, the last"),
        )
        found = (told for ids, *told in together if key.id.startswith(ids))
        drawn, says = next(found, (key.drawn, key.says))
        return drawn, says

    def _legend(self) -> list[Told]:
        title = ("", f"reading the {self._view.TAB}")
        return self._sections((title, *legend_of(self._view.TAB, self.stage.symbols)))

    def _sections(self, told: Iterable[Told]) -> list[Told]:
        """What is searched for, a blank before each title but the first, no title without rows."""
        found: list[Told] = []
        title: Told | None = None
        for one in told:
            if not one[0]:
                title = one
            elif not self._wanted or any(self._wanted in text.casefold() for text in one):
                if title is not None:
                    found += [("", ""), title] if found else [title]
                    title = None
                found.append(one)
        return found


def _rows(told: Sequence[Told], cells: int) -> Iterator[tuple[str, str, bool]]:
    """`(sign, text, whether it is a title)` of each row: long texts take several."""
    for sign, says in told:
        for number, row in enumerate(wrap(says, cells)):
            yield (sign if number == 0 else "", row, not sign)

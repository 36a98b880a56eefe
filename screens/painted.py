"""Widgets that are painted by the row: no layout per tick, and only what changed is drawn again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Protocol, cast

from textual.binding import ActiveBinding
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from screens.inks import Inks
from screens.line import Line
from screens.symbols import Symbols
from screens.themes import Role


class Stage(Protocol):
    """What a painted widget reads of the application it stands in."""

    @property
    def inks(self) -> Inks: ...

    @property
    def symbols(self) -> Symbols: ...

    @property
    def active_bindings(self) -> Mapping[str, ActiveBinding]: ...

    async def run_action(self, action: str) -> bool: ...


class Painted(Widget):
    """A widget whose rows are `Line`s. Subclasses say in `paint` what stands there now."""

    DEFAULT_CSS: ClassVar[str] = "Painted { height: 1; width: 1fr; }"
    ALLOW_SELECT: ClassVar[bool] = False
    GROUND: ClassVar[Role] = "bg"
    """Of the rows below the last one."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._lines: list[Line] = []
        self._strips: dict[int, Strip] = {}

    @property
    def stage(self) -> Stage:
        return cast(Stage, self.app)  # pyright: ignore[reportUnknownMemberType]

    def paint(self, width: int, height: int) -> list[Line]:
        """The rows, from the top; missing ones are blank."""
        raise NotImplementedError

    @property
    def cursor_row(self) -> int | None:
        """The row of the widget on which its cursor stands; None where it has none."""
        return None

    def repaint(self) -> None:
        """Draw again what is different from what stands there."""
        if not self.is_mounted or not self.size:
            return
        width, height = self.size
        fresh = self.paint(width, height)
        rows = max(len(fresh), len(self._lines))
        changed = [
            y
            for y in range(min(rows, height))
            if y >= len(fresh) or y >= len(self._lines) or fresh[y] != self._lines[y]
        ]
        self._lines = fresh
        for y in changed:
            self._strips.pop(y, None)
        if changed:
            self.refresh(*(Region(0, y, width, 1) for y in changed))

    def repaint_all(self) -> None:
        """Draw every row again: the size or the theme is another one."""
        self._lines = []
        self._strips.clear()
        self.repaint()
        self.refresh()

    def on_mount(self) -> None:
        self.repaint_all()

    def on_resize(self) -> None:
        self.repaint_all()

    def watch_has_focus(self, _has_focus: bool) -> None:
        # Not in on_focus and on_blur: they run before the focus is set.
        super().watch_has_focus(_has_focus)
        self.repaint()

    def render_line(self, y: int) -> Strip:
        strip = self._strips.get(y)
        if strip is None:
            line = self._lines[y] if y < len(self._lines) else Line(self.GROUND)
            stage = self.stage
            strip = line.strip(self.size.width, stage.inks, stage.symbols.spelling)
            self._strips[y] = strip
        return strip

"""One line at the bottom right for what a person did or has to know; two at most."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Literal

from rich.cells import cell_len
from textual import events

from screens.line import Line, fit
from screens.painted import Painted

Weight = Literal["flow", "low", "out"]

_SHOWN: dict[Weight, float] = {"flow": 4.0, "low": 6.0, "out": 10.0}
"""Seconds."""
_JOINED = 10.0
"""Seconds within which another of the same kind is counted instead of shown."""
_MOST = 2
_BELOW = 2
"""Rows between a toast and the end of the screen: a blank one and the footer."""


@dataclass(slots=True)
class Toast:
    text: str
    weight: Weight
    kind: str
    until: float
    began: float
    times: int = 1

    @property
    def shown(self) -> str:
        return self.text if self.times == 1 else f"{self.text} ×{self.times}"


class Toasts(Painted):
    """The toasts of a screen, over its last rows."""

    DEFAULT_CSS: ClassVar[str] = """
    Toasts { layer: toasts; dock: bottom; height: 2; margin: 0 0 2 0; width: 1fr; display: none; }
    """

    def __init__(
        self, elapsed: Callable[[], float], cursor: Callable[[], int | None] = lambda: None
    ) -> None:
        """`cursor` tells on which row of the screen the cursor stands, None: on none."""
        super().__init__()
        self._elapsed = elapsed
        self._cursor = cursor
        self._toasts: list[Toast] = []

    def tell(self, text: str, weight: Weight, kind: str) -> None:
        now = self._elapsed()
        for toast in self._toasts:
            if kind and toast.kind == kind and now - toast.began < _JOINED:
                toast.text, toast.weight = text, weight
                # The newest of a person's own acts is what counts, not how many there were.
                toast.times = 1 if weight == "flow" else toast.times + 1
                toast.until = now + _SHOWN[weight]
                break
        else:
            toast = Toast(text, weight, kind, now + _SHOWN[weight], now)
            self._toasts = [*self._toasts, toast][-_MOST:]
        self._arrange()

    def tick(self) -> None:
        """Take away what has been there long enough."""
        now = self._elapsed()
        if any(toast.until <= now for toast in self._toasts):
            self._toasts = [toast for toast in self._toasts if toast.until > now]
            self._arrange()
        else:
            self.keep_clear()

    def clear(self) -> bool:
        """Take all away; whether there was one."""
        had = bool(self._toasts)
        self._toasts = []
        self._arrange()
        return had

    def _arrange(self) -> None:
        self.display = bool(self._toasts)
        self.styles.height = max(1, len(self._toasts))
        widest = max((cell_len(toast.shown) for toast in self._toasts), default=0) + 4
        room = self.screen.size.width
        width = min(widest, room - 4)
        self.styles.width = width
        self.styles.margin = (0, 0, _BELOW, max(0, room - width - 1))
        self.keep_clear()
        self.repaint_all()

    def keep_clear(self) -> None:
        """Stand above the cursor's row where it would be covered."""
        if not self._toasts:
            return
        last = self.screen.size.height - _BELOW - 1
        at, rows = self._cursor(), len(self._toasts)
        covered = at is not None and last - rows < at <= last
        self.styles.offset = (0, at - last - 1 if covered and at is not None else 0)

    def paint(self, width: int, height: int) -> list[Line]:
        lines: list[Line] = []
        for toast in self._toasts:
            line = Line("panel")
            line.put(0, self.stage.symbols.cursor, toast.weight)
            line.put(2, fit(toast.shown, width - 3, self.stage.symbols.cut))
            lines.append(line)
        return lines

    def on_click(self, event: events.Click) -> None:
        event.stop()
        self.clear()

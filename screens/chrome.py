"""What stands around every screen: brand and tabs, status, notice row, footer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from rich.cells import cell_len
from textual import events

from app.snapshot import Status
from app.words import count
from screens.feed import SILENT
from screens.keys import EVERYWHERE, Key
from screens.line import Line, fit
from screens.painted import Painted
from screens.picture import Picture

TABS = (
    ("board", "Board"),
    ("chains", "Chains"),
    ("requests", "Requests"),
    ("test", "Test"),
    ("providers", "Providers"),
    ("stats", "Stats"),
)
"""The screens in the order of their keys, by the name that `go` takes."""

WIDE = 100
"""Columns from which a screen is wide."""

_State = tuple[str, str, Literal["low", "muted"]]
"""What the status line says besides: in full, in short where there is no room, its ink."""


@dataclass(frozen=True, slots=True)
class Situation:
    """What the interface itself adds to the status line."""

    address: str
    attached: bool = False
    demo: bool | None = None
    """Whether the demo's client plays; None: this is no demo."""
    frozen_s: float | None = None
    config_name: str = ""


class Masthead(Painted):
    """Brand and tabs, then the status line."""

    DEFAULT_CSS: ClassVar[str] = "Masthead { height: 2; }"

    def __init__(self, active: str) -> None:
        super().__init__()
        self._active = active
        self._picture: Picture | None = None
        self._situation = Situation("")
        self._spans: list[tuple[int, int, str]] = []

    def show(self, picture: Picture | None, situation: Situation) -> None:
        self._picture, self._situation = picture, situation
        self.repaint()

    def paint(self, width: int, height: int) -> list[Line]:
        return [self._tabs(width), self._status(width)]

    def _tabs(self, width: int) -> Line:
        line = Line()
        symbols = self.stage.symbols
        line.put(0, symbols.ledge, "flow", "b")
        line.put(3, "429", "text", "b")
        at = line.put(6, "chain", "text", "b")
        at = 14 if width < WIDE else 18
        self._spans = [(0, 11, "board")]
        for number, (name, word) in enumerate(TABS, 1):
            active = name == self._active
            begin = at
            at = line.put(at, str(number), "flow" if active else "muted", "b" if active else "")
            if width >= 76 or active:
                at = line.put(at + 1, word, "flow" if active else "muted", "bu" if active else "")
            self._spans.append((begin, at, name))
            at += 2 if width < WIDE else 3
        if width >= WIDE and self._picture is not None:
            line.right(width - 1, f"{self._picture.now.astimezone():%H:%M:%S}", "muted")
        return line

    def _status(self, width: int) -> Line:
        line = Line()
        picture, here, symbols = self._picture, self._situation, self.stage.symbols
        if picture is None:
            line.put(1, symbols.states["cooling"], "low")
            line.put(3, f"asking {here.address}", "muted")
            return line
        counts = picture.status.counts
        silent = picture.silent_s >= SILENT
        line.put(
            1, symbols.states["cooling"] if silent else symbols.live, "low" if silent else "flow"
        )
        at = line.put(3, here.address, "text") + 3
        if counts.entries == 0:
            at = line.put(at, "no entries yet", "muted")
        else:
            at = line.put(at, count(counts.in_flight), "text")
            at = line.put(at + 1, "in flight", "muted") + 3
            out = "entries out" if width >= 66 else "out"
            at = self._entries_out(line, at, picture.status, out)
        end = width - 10
        if width >= WIDE:
            end = width - 2 - cell_len(self._situation.config_name)
        for word, short, ink in self._states(picture):
            room = end - at - 3
            word = word if cell_len(word) < room else short
            if word and cell_len(word) < room:
                at = line.put(at + 3, word, ink)
        self._status_end(line, width, picture, at)
        return line

    def _entries_out(self, line: Line, at: int, status: Status, out: str) -> int:
        counts = status.counts
        if counts.entries_out == 0:
            return line.put(at, "all entries usable", "muted")
        at = line.put(at, str(counts.entries_out), "out")
        return line.put(at + 1, f"of {counts.entries} {out}", "muted")

    def _states(self, picture: Picture) -> list[_State]:
        here = self._situation
        states: list[_State] = []
        if picture.silent_s >= SILENT:
            states.append((f"stale {picture.silent_s:.0f} s", "", "low"))
        if here.frozen_s is not None:
            states.append((f"frozen {here.frozen_s:.0f} s", "", "low"))
        if here.attached:
            states.append(("attached", "", "muted"))
        if here.demo is not None:
            runs = "runs, space stops it" if here.demo else "rests, space starts it"
            short = "demo runs" if here.demo else "demo rests"
            states.append((f"demo client {runs}", short, "muted"))
        return states

    def _status_end(self, line: Line, width: int, picture: Picture, at: int) -> None:
        if width < WIDE:
            line.right(width - 1, f"{picture.now.astimezone():%H:%M:%S}", "muted")
            return
        end = width - 1
        if self._situation.config_name:
            end = line.right(end, self._situation.config_name, "muted") - 3
        lag = picture.status.loop_lag_ms
        word = f"loop lag {lag:.0f} ms"
        if end - cell_len(word) > at + 3:
            line.right(end, word, "low" if lag > 50 else "muted")

    async def on_click(self, event: events.Click) -> None:
        for begin, end, name in self._spans:
            if event.y == 0 and begin <= event.x < end:
                await self.stage.run_action(f"go('{name}')")
                return


class Notice(Painted):
    """The row that is always there, for what is wrong with the whole instance."""

    DEFAULT_CSS: ClassVar[str] = "Notice { height: 1; }"

    def __init__(self) -> None:
        super().__init__()
        self._text = ""

    def show(self, text: str) -> None:
        self._text = text
        self.repaint()

    def paint(self, width: int, height: int) -> list[Line]:
        line = Line()
        if self._text:
            line.put(1, "!", "out", "b")
            line.put(3, fit(self._text, width - 4, self.stage.symbols.cut), "text")
        return [line]

    async def on_click(self) -> None:
        if self._text:
            await self.stage.run_action("show_notice")


def notice_of(picture: Picture | None) -> str:
    """What stands in the notice row: the gravest thing first."""
    if picture is None:
        return ""
    status = picture.status
    if status.config_error:
        first = status.config_error.splitlines()[0]
        return f"{first}. The last good configuration runs. enter shows it"
    if not status.log_healthy:
        return (
            "The request log cannot be written. Requests are served; "
            f"{status.log_rows_lost} log lines are lost until it can be."
        )
    if status.restart_needed:
        keys = ", ".join(status.restart_keys)
        return f"{keys} changed in the config. It takes effect at the next start."
    return ""


class Footer(Painted):
    """The screen's verbs at the left, what works everywhere at the right.

    `against` tells why an action cannot be done now.
    """

    DEFAULT_CSS: ClassVar[str] = "Footer { height: 1; }"

    def __init__(
        self, keys: Sequence[Key], against: Callable[[str], str] = lambda action: ""
    ) -> None:
        super().__init__()
        self._keys = tuple(keys)
        self._against = against
        self._message: Line | str = ""
        self._spans: list[tuple[int, int, Key]] = []

    def say(self, message: Line | str) -> None:
        """Stand in for the keys: what a drag will do. Empty: the keys again."""
        self._message = message
        self.repaint()

    def paint(self, width: int, height: int) -> list[Line]:
        line = Line("panel")
        self._spans = []
        if isinstance(self._message, Line):
            return [self._message]
        if self._message:
            line.put(1, fit(self._message, width - 2, self.stage.symbols.cut), "text")
            return [line]
        wanted = {"app.help", "app.quit"}
        if width >= WIDE and not any(key.drawn == "/" for key in self._keys):
            wanted |= {"app.filter", "app.palette"}
        everywhere = [key for key in EVERYWHERE if key.id in wanted]
        space = sum(self._width(key) for key in everywhere) + 2 * (len(everywhere) - 1)
        end = width - 1 - space
        at = 1
        for key in self._keys:
            if key.word and at + self._width(key) < end - 1:
                at = self._put(line, at, key) + 2
        at = end
        for key in everywhere:
            at = self._put(line, at, key) + 2
        return [line]

    def _drawn(self, key: Key) -> str:
        """The key as it is now: a person may have given it another one."""
        keys = self.stage.active_bindings
        for active in keys.values():
            if active.binding.id == key.id and active.binding.key not in key.keys.split(","):
                return active.binding.key
        return key.drawn if key.drawn != "↑↓" else self.stage.symbols.arrows

    def _width(self, key: Key) -> int:
        return cell_len(self._drawn(key)) + 1 + cell_len(key.word)

    def _put(self, line: Line, at: int, key: Key) -> int:
        action = key.action.partition("(")[0]
        enabled = self.screen.check_action(action, ()) and not self._against(action)
        ink = "flow" if enabled else "faint"
        begin = at
        at = line.put(at, self._drawn(key), ink, "b" if enabled else "")
        at = line.put(at + 1, key.word, "muted" if enabled else "faint")
        self._spans.append((begin, at, key))
        return at

    async def on_click(self, event: events.Click) -> None:
        for begin, end, key in self._spans:
            if begin <= event.x < end:
                await self.screen.run_action(key.action)
                return

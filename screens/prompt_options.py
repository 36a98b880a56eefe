"""Where a test prompt goes, and whether its answer is streamed."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.binding import Binding

from app.words import MISSING
from screens.choose import Choice, Choose
from screens.line import Line
from screens.names import short
from screens.painted import Painted
from screens.picture import Picture


class Options(Painted, can_focus=True):
    """Where the prompt goes, and whether its answer is streamed."""

    BINDINGS: ClassVar[list[Binding]] = [  # pyright: ignore[reportIncompatibleVariableOverride]
        Binding("left,right", "turn", show=False),
        Binding("enter,space", "press", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.target: str | None = None
        self.stream = True
        self._on_stream = False
        self._picture: Picture | None = None
        self._stream_at = 0

    def show(self, picture: Picture | None) -> None:
        self._picture = picture
        self.repaint()

    def chosen(self, picture: Picture | None) -> str | None:
        """A chain or an entry: the chosen one, else the default chain."""
        if picture is None:
            return None
        names = {chain.name for chain in picture.chains} | set(picture.limits)
        if self.target in names:
            return self.target
        default = picture.status.default_chain
        if default in names:
            return default
        return picture.chains[0].name if picture.chains else None

    def paint(self, width: int, height: int) -> list[Line]:
        line, symbols = Line(), self.stage.symbols
        target = self.chosen(self._picture) or MISSING
        first = self.has_focus and not self._on_stream
        at = line.put(1, "send to ", "muted")
        name = "".join(short(target, width - 30, symbols.cut))
        at = line.put(at, name, "flow" if first else "text", "bu" if first else "b")
        at = line.put(at + 1, symbols.open, "muted") + 5
        self._stream_at = at
        at = line.put(at, "stream ", "muted")
        second = self.has_focus and self._on_stream
        line.put(at, "on" if self.stream else "off", "flow", "bu" if second else "")
        return [line]

    def action_turn(self) -> None:
        self._on_stream = not self._on_stream
        self.repaint()

    def action_press(self) -> None:
        if self._on_stream:
            self.stream = not self.stream
            self.repaint()
            return
        self._choose()

    def _choose(self) -> None:
        picture = self._picture
        if picture is None:
            return
        choices = [Choice(chain.name, chain.name, "chain") for chain in picture.chains]
        choices += [Choice(entry, entry, known.state) for entry, known in picture.limits.items()]

        def taken(key: str | None) -> None:
            if key is not None:
                self.target = key
                self.repaint()

        dialog = Choose("send to", choices, self.chosen(picture))
        self.app.push_screen(dialog, taken)  # pyright: ignore[reportUnknownMemberType]

    def on_click(self, event: events.Click) -> None:
        self._on_stream = event.x >= self._stream_at
        self.action_press()

    def on_focus(self) -> None:
        self.repaint()

    def on_blur(self) -> None:
        self.repaint()

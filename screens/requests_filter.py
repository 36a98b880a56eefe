"""The row above the log: what is filtered, whether it is live, how many rows there are."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from rich.cells import cell_len
from textual import events
from textual.binding import Binding
from textual.message import Message

from app.words import thousands
from screens.choose import Choice, Choose
from screens.field import Field
from screens.line import CONTENT, Line, fit
from screens.painted import Painted
from screens.picture import Picture

PARTS = ("chain", "provider", "status")

STATUSES = (
    Choice("ok", "ok"),
    Choice("interrupted", "cut off", "after the first event"),
    Choice("left", "client left"),
    Choice("failed", "nobody served"),
    Choice("429", "429", "to the client"),
    Choice("4xx", "4xx"),
    Choice("5xx", "5xx"),
)
_WORDS = {choice.key: choice.text for choice in STATUSES}
_ALL = "all"
_TEXT = 20
"""Cells of the field for text."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which requests are listed; what is None is not asked."""

    chain: str | None = None
    provider: str | None = None
    status: str | None = None
    q: str | None = None

    def part(self, name: str) -> str | None:
        return {"chain": self.chain, "provider": self.provider, "status": self.status}[name]

    def having(self, name: str, value: str | None) -> Wanted:
        match name:
            case "chain":
                return replace(self, chain=value)
            case "provider":
                return replace(self, provider=value)
            case _:
                return replace(self, status=value)

    @property
    def is_all(self) -> bool:
        return self == Wanted()

    @property
    def asked(self) -> dict[str, str | None]:
        """As arguments of the admin's calls."""
        return {"chain": self.chain, "provider": self.provider, "status": self.status, "q": self.q}


class TextFilter(Field):
    """` / filter by text`; typing filters."""

    DEFAULT_CSS: ClassVar[str] = f"TextFilter {{ width: {_TEXT}; }}"

    def __init__(self) -> None:
        super().__init__(hint="filter by text", prefix="/")

    def paint(self, width: int, height: int) -> list[Line]:
        line = Line("panel" if self.has_focus else "bg")
        for column, text, ink, attributes in super().paint(width - 1, height)[0].runs:
            told = "flow" if self.value and not self.has_focus else ink
            line.put(column + 1, text, told, attributes)
        return [line]


class Selectors(Painted, can_focus=True):
    """Chain, provider, status; then whether the list is live, and how many rows there are.

    `left` and `right` (and tab) move between the three, enter opens one.
    """

    BINDINGS: ClassVar[list[Binding]] = [  # pyright: ignore[reportIncompatibleVariableOverride]
        Binding("left", "turn(-1)", show=False),
        Binding("right", "turn(1)", show=False),
        Binding("enter,space,down", "open", show=False),
    ]
    DEFAULT_CSS: ClassVar[str] = "Selectors { width: 1fr; }"

    class Changed(Message):
        """Something else is wanted."""

        def __init__(self, name: str, value: str | None) -> None:
            super().__init__()
            self.name, self.value = name, value

    def __init__(self) -> None:
        super().__init__()
        self.part = 0
        self._wanted = Wanted()
        self._live = ("", False)
        self._count = ""
        self._picture: Picture | None = None
        self._spans: list[tuple[int, int]] = []

    def show(
        self, picture: Picture | None, wanted: Wanted, live: str, unseen: int, counted: str
    ) -> None:
        """`live` is a word, `unseen` how many requests ended above what is seen."""
        self._picture, self._wanted, self._count = picture, wanted, counted
        told = f"{thousands(unseen)} new" if unseen else live
        self._live = (told, bool(unseen))
        self.repaint()

    def paint(self, width: int, height: int) -> list[Line]:
        line, symbols = Line(), self.stage.symbols
        width = min(width, CONTENT - _TEXT)
        wide = width >= 96
        at = 20 if wide else 1
        self._spans = []
        for number, name in enumerate(PARTS):
            value = self._wanted.part(name)
            shown = fit(_WORDS.get(value, value) if value else _ALL, 14 if wide else 7, symbols.cut)
            here = self.has_focus and number == self.part
            begin = at
            at = line.put(at, name, "muted", "u" if here else "") + 1
            at = line.put(at, shown, "flow" if value or here else "text", "b" if value else "")
            at = line.put(at, symbols.open, "muted")
            self._spans.append((begin, at))
            at += 3 if wide else 2
        self._put_end(line, width - 1, at)
        return [line]

    def _put_end(self, line: Line, end: int, at: int) -> None:
        symbols = self.stage.symbols
        begin = end
        if self._count and end - cell_len(self._count) > at:
            begin = line.right(end, self._count, "muted")
        told, unseen = self._live
        if not told:
            return
        sign = symbols.low if unseen else symbols.live
        words = f"{sign} {told}"
        if begin - 2 - cell_len(words) > at:
            held = told.startswith(("frozen", "stale"))
            line.right(begin - 2, words, "low" if held else "flow")

    # Choosing.

    def action_turn(self, by: int) -> None:
        self.part = (self.part + by) % len(PARTS)
        self.repaint()

    def step(self, by: int) -> bool:
        """Go to the next part; False at the end."""
        if not 0 <= self.part + by < len(PARTS):
            return False
        self.part += by
        self.repaint()
        return True

    def action_open(self) -> None:
        name = PARTS[self.part]

        def taken(key: str | None) -> None:
            if key is not None:
                self.post_message(self.Changed(name, None if key == _ALL else key))

        choices = [Choice(_ALL, "all"), *self._choices(name)]
        self.app.push_screen(  # pyright: ignore[reportUnknownMemberType]
            Choose(name, choices, self._wanted.part(name) or _ALL), taken
        )

    def _choices(self, name: str) -> list[Choice]:
        picture = self._picture
        if name == "status" or picture is None:
            return list(STATUSES)
        if name == "chain":
            return [Choice(chain.name, chain.name) for chain in picture.chains]
        providers = sorted({entry.partition("/")[0] for entry in picture.limits})
        return [Choice(id, id) for id in providers]

    def on_click(self, event: events.Click) -> None:
        for number, (begin, end) in enumerate(self._spans):
            if begin <= event.x < end:
                self.part = number
                self.action_open()

    def on_focus(self) -> None:
        self.repaint()

    def on_blur(self) -> None:
        self.repaint()

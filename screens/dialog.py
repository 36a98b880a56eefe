"""A box over the dimmed screen: title in the top border, keys in the bottom one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar, TypeVar, cast

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widget import Widget

from screens.keys import Key, bindings
from screens.line import Line, fit, visible
from screens.painted import Painted, Stage
from screens.themes import Role

_T = TypeVar("_T")


class Box(Vertical):
    """The frame of a dialog."""

    DEFAULT_CSS: ClassVar[str] = """
    Box {
        width: 64; height: auto; max-height: 100%; max-width: 100%;
        padding: 0 1; background: $role-panel;
        border: round $role-flow;
        border-title-color: $role-text; border-title-style: bold;
        border-subtitle-color: $role-muted; border-subtitle-align: right;
    }
    Box.-grave { border: round $role-out; }
    """


class Dialog(ModalScreen[_T]):
    """A question or a form. `esc` closes it with None; the focus returns to where it was."""

    DEFAULT_CSS: ClassVar[str] = """
    Dialog { align: center middle; background: $role-bg 60%; }
    """
    TITLE: ClassVar[str | None] = ""
    KEYS: ClassVar[str] = "esc close"
    BINDINGS: ClassVar[list[Binding]] = [Binding("escape", "dismiss(None)", show=False)]  # pyright: ignore[reportIncompatibleVariableOverride]

    def __init__(self, title: str, keys: str = "esc close", *, grave: bool = False) -> None:
        super().__init__()
        self.box = Box(classes="-grave" if grave else "")
        # Brackets in a name are no markup.
        self.box.border_title = visible(title).replace("[", r"\[")
        self.box.border_subtitle = keys.replace("[", r"\[")

    def compose(self) -> ComposeResult:
        spelling = cast(Stage, self.app).symbols.spelling  # pyright: ignore[reportUnknownMemberType]
        self.box.border_title = (self.box.border_title or "").translate(spelling)
        self.box.border_subtitle = (self.box.border_subtitle or "").translate(spelling)
        with self.box:
            yield from self.body()

    def body(self) -> Iterable[Widget]:
        raise NotImplementedError


class Words(Painted):
    """Lines of text that do not change."""

    GROUND: ClassVar[Role] = "panel"

    def __init__(self, lines: Sequence[Line | str], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._text = lines
        self.styles.height = len(lines)

    def say(self, lines: Sequence[Line | str]) -> None:
        self._text = lines
        self.styles.height = max(1, len(lines))
        self.repaint()

    def paint(self, width: int, height: int) -> list[Line]:
        return [self._line(text, width) for text in self._text]

    def _line(self, text: Line | str, width: int) -> Line:
        if isinstance(text, Line):
            return text
        line = Line("panel")
        line.put(0, fit(text, width, self.stage.symbols.cut), "text")
        return line


class Buttons(Painted, can_focus=True):
    """A row of buttons; arrows move between them, enter takes one."""

    GROUND: ClassVar[Role] = "panel"

    BINDINGS: ClassVar[list[Binding]] = [  # pyright: ignore[reportIncompatibleVariableOverride]
        Binding("left,shift+tab", "move(-1)", show=False),
        Binding("right,tab", "move(1)", show=False),
        Binding("enter,space", "press", show=False),
    ]

    def __init__(self, words: Sequence[str]) -> None:
        super().__init__()
        self._words = words
        self._at = 0

    def paint(self, width: int, height: int) -> list[Line]:
        line = Line("panel")
        at = 1
        for number, word in enumerate(self._words):
            chosen = number == self._at and self.has_focus
            ink, attributes = ("flow", "bB") if chosen else ("text", "")
            for text in (" ", word, " "):
                at = line.put(at, text, ink, attributes)
            at += 2
        return [line]

    def action_move(self, by: int) -> None:
        self._at = (self._at + by) % len(self._words)
        self.repaint()

    async def action_press(self) -> None:
        await self.screen.run_action(f"button({self._at})")

    async def on_click(self, event: object) -> None:
        x = getattr(event, "x", 0)
        at = 1
        for number, word in enumerate(self._words):
            if at <= x < at + len(word) + 2:
                self._at = number
                await self.action_press()
                return
            at += len(word) + 4

    def on_focus(self) -> None:
        self.repaint()

    def on_blur(self) -> None:
        self.repaint()


class Ask(Dialog[bool]):
    """A question before something cannot be undone. The focus is on the button that keeps."""

    VERBS = (
        Key("ask.yes", "y", "button(1)", "", "yes"),
        Key("ask.no", "n", "button(0)", "", "no"),
    )
    BINDINGS = bindings(VERBS)  # pyright: ignore[reportAssignmentType]

    def __init__(self, title: str, text: Sequence[str], *, keep: str, act: str) -> None:
        super().__init__(title, f"y {act.split()[0].lower()} · n, esc {keep.lower()}", grave=True)
        self._body = ["", *text, ""]
        self._buttons = Buttons((keep, act))

    def body(self) -> Iterable[Widget]:
        yield Words(self._body)
        yield self._buttons
        yield Words([""])

    def on_mount(self) -> None:
        self._buttons.focus()

    def action_button(self, number: int) -> None:
        self.dismiss(number == 1)

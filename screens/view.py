"""What the six screens have in common: chrome, and a body that is shown a picture at each tick."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar, cast

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input, TextArea

from app.words import span
from screens.chrome import Footer, Masthead, Notice, notice_of
from screens.feed import SILENT, Moving
from screens.keys import Key
from screens.listing import Listing
from screens.log_table import LogTable
from screens.painted import Painted
from screens.picture import Picture
from screens.small import LEAST, TooSmall
from screens.toasts import Toasts, Weight

if TYPE_CHECKING:
    from screens.shell import Shell


class View(Screen[None]):
    """One of the six screens, or a page that one of them opens.

    Subclasses name their `TAB`, their table of `VERBS` (their `BINDINGS` are made of it with
    `bindings`), give their widgets in `body` and paint them in `show`.
    """

    TAB: ClassVar[str] = "board"
    VERBS: ClassVar[Sequence[Key]] = ()
    MOVING: ClassVar[frozenset[Moving]] = frozenset({"gauges"})
    """What it shows that moves by itself, and is asked for while it is seen."""
    BINDINGS: ClassVar[list[Binding]] = []  # pyright: ignore[reportIncompatibleVariableOverride]
    DEFAULT_CSS: ClassVar[str] = """
    View { layers: base toasts; background: $role-bg; }
    View > #body { height: 1fr; }
    View.-small > * { display: none; }
    View.-small > TooSmall { display: block; }
    """
    AUTO_FOCUS: ClassVar[str | None] = "Listing, Input, TextArea"

    def __init__(self) -> None:
        super().__init__()
        self.masthead = Masthead(self.TAB)
        self.notice = Notice()
        self.small = TooSmall()
        self.footer = Footer(self.VERBS, self.reason_against)
        self.toasts: Toasts | None = None
        self._held: Widget | None = None

    @property
    def shell(self) -> Shell:
        return cast("Shell", self.app)  # pyright: ignore[reportUnknownMemberType]

    def compose(self) -> ComposeResult:
        yield self.masthead
        yield self.notice
        with Vertical(id="body"):
            yield from self.body()
        yield self.footer
        yield self.small
        self.toasts = Toasts(self.shell.feed.elapsed, self._cursor_row)
        yield self.toasts

    def body(self) -> Iterable[Widget]:
        """The widgets between notice row and footer."""
        raise NotImplementedError

    def show(self, picture: Picture | None) -> None:
        """Paint what is to be seen; None before the first answer of the instance."""
        raise NotImplementedError

    def tick(self, picture: Picture | None) -> None:
        """Show a picture, in the chrome as well."""
        self.masthead.show(picture, self.shell.situation())
        self.notice.show(self._silent(picture) or notice_of(picture))
        if self.has_class("-small"):
            self.small.show(picture, self.shell.surroundings.address)
        self.show(picture)
        if self.toasts is not None:
            self.toasts.tick()

    def _silent(self, picture: Picture | None) -> str:
        """Why there is nothing to see yet, or nothing new."""
        trouble = self.shell.feed.trouble
        if picture is None:
            return f"{trouble.message} {trouble.hint}".strip() if trouble else ""
        if picture.silent_s < SILENT or not self.shell.surroundings.attached:
            return ""
        return (
            f"The instance at {self.shell.surroundings.address} is silent for "
            f"{span(picture.silent_s)}. Shown is its last state. It is asked every second."
        )

    def reason_against(self, action: str) -> str:
        """Why an action of `VERBS` cannot be done now: its footer word is faint, and the action
        says this when it is asked for. Empty: it can be done."""
        return ""

    def refuses(self, action: str) -> bool:
        """Say why an action cannot be done now; whether it cannot."""
        why = self.reason_against(action)
        if why:
            self.tell(why, "low", action)
        return bool(why)

    async def settle(self) -> None:
        """Write what waits for the person's next key: the interface is about to be left."""

    def on_resize(self, event: events.Resize, /) -> None:
        width, height = event.size
        small = width < LEAST[0] or height < LEAST[1]
        if small and not self.has_class("-small"):
            self._held = self.focused
        self.set_class(small, "-small")
        if not small and self._held is not None:
            # What is hidden loses the focus.
            self._held.focus()
            self._held = None
        self.tick(self.shell.feed.latest)

    def _cursor_row(self) -> int | None:
        """The row of the screen on which the cursor of what has the focus stands."""
        focused = self.focused
        if isinstance(focused, Painted):
            row = focused.cursor_row
            return None if row is None else focused.region.y + row
        if isinstance(focused, (Input, TextArea)):
            return focused.cursor_screen_offset.y
        return None

    def _keep_clear(self) -> None:
        if self.toasts is not None:
            self.toasts.keep_clear()

    @on(Listing.Moved)
    @on(LogTable.Moved)
    def _cursor_moved(self) -> None:
        self.call_after_refresh(self._keep_clear)

    def on_descendant_focus(self) -> None:
        self._keep_clear()

    def on_screen_resume(self) -> None:
        self.tick(self.shell.feed.latest)
        self.footer.repaint()

    def tell(self, text: str, weight: Weight = "flow", kind: str = "") -> None:
        """Show a toast; of one `kind` there is one within ten seconds, counted."""
        if self.toasts is not None:
            self.toasts.tell(text, weight, kind)

    def refresh_bindings(self) -> None:
        super().refresh_bindings()
        if self.footer.is_mounted:
            self.footer.repaint()

"""What the six screens have in common: chrome, and a body that is shown a picture at each tick."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import Screen
from textual.widget import Widget

from screens.chrome import Footer, Masthead, Notice, notice_of
from screens.keys import Key
from screens.painted import Painted
from screens.picture import Picture
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
    BINDINGS: ClassVar[list[Binding]] = []  # pyright: ignore[reportIncompatibleVariableOverride]
    DEFAULT_CSS: ClassVar[str] = """
    View { layers: base toasts; background: $role-bg; }
    View > #body { height: 1fr; }
    """
    AUTO_FOCUS: ClassVar[str | None] = "Listing, Input, TextArea"

    def __init__(self) -> None:
        super().__init__()
        self.masthead = Masthead(self.TAB)
        self.notice = Notice()
        self.footer = Footer(self.VERBS)
        self.toasts: Toasts | None = None
        self._frozen: Picture | None = None

    @property
    def shell(self) -> Shell:
        return cast("Shell", self.app)  # pyright: ignore[reportUnknownMemberType]

    def compose(self) -> ComposeResult:
        yield self.masthead
        yield self.notice
        with Vertical(id="body"):
            yield from self.body()
        yield self.footer
        self.toasts = Toasts(self.shell.feed.elapsed)
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
        self.notice.show(notice_of(picture))
        self.show(picture)
        if self.toasts is not None:
            self.toasts.tick()

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

    def repaint_all(self) -> None:
        """The theme is another one."""
        for widget in self.query(Painted):
            widget.repaint_all()

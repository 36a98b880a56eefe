"""An entry's pane as a page of its own, where the board has no room for it."""

from __future__ import annotations

from collections.abc import Iterable

from textual.widget import Widget

from screens.board_detail import EntryPane
from screens.board_story import StoryReader
from screens.clearing import clear, reason_against_clearing
from screens.keys import Key, bindings
from screens.picture import Picture
from screens.prompt import TestView
from screens.view import View


class EntryPage(View):
    """One entry: all its limits, its last hour, its last refusal."""

    TAB = "board"
    VERBS = (
        Key("entry.back", "", "app.back", "back", "back to the board", "esc"),
        Key("entry.test", "t", "test", "test", "test this entry"),
        Key("entry.clear", "c", "clear", "clear", "clear its cooldown"),
        Key("entry.freeze", "f", "app.freeze", "freeze", "hold the picture still"),
        Key("entry.copy", "y", "copy", "copy", "copy the entry's name"),
    )
    BINDINGS = bindings(VERBS[1:])

    def __init__(self, entry: str) -> None:
        super().__init__()
        self.entry = entry
        self.pane = EntryPane(left=1, cells=77)
        self.pane.styles.width = "1fr"
        self.stories = StoryReader(self)

    def body(self) -> Iterable[Widget]:
        yield self.pane

    def show(self, picture: Picture | None) -> None:
        self.pane.show(picture, self.entry, self.stories.of(self.entry, picture))

    def reason_against(self, action: str) -> str:
        picture = self.shell.feed.latest
        if action != "clear" or picture is None:
            return ""
        return reason_against_clearing(picture.limits.get(self.entry))

    async def action_test(self) -> None:
        await try_entry(self, self.entry)

    def action_clear(self) -> None:
        picture = self.shell.feed.latest
        clear(self.shell, picture.limits.get(self.entry) if picture else None)

    def action_copy(self) -> None:
        self.shell.copy(self.entry, f"Copied {self.entry}")


async def try_entry(view: View, entry: str, prompt: str = "") -> None:
    """Go to the test screen; the entry, or chain, is chosen there."""
    shell = view.shell
    await shell.action_go("test")
    if isinstance(shell.screen, TestView):
        shell.screen.load(prompt, entry)

"""The one table of keys: footer, help, palette and docs/keys.md are made from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.binding import Binding


@dataclass(frozen=True, slots=True)
class Key:
    """A key and what it does.

    `id` is what `ui.keys` in the config remaps. `word` stands in the footer (at most 8 letters,
    empty: not there), `says` in help and palette. `shown` is how the keys are written.
    """

    id: str
    keys: str
    action: str
    word: str
    says: str
    shown: str = ""
    priority: bool = False

    def binding(self) -> Binding:
        return Binding(
            self.keys,
            self.action,
            self.word,
            id=self.id,
            tooltip=self.says,
            show=bool(self.word),
            priority=self.priority,
        )

    @property
    def drawn(self) -> str:
        return self.shown or self.keys.split(",")[0]


def bindings(*tables: Sequence[Key]) -> list[Binding]:
    return [key.binding() for table in tables for key in table]


EVERYWHERE = (
    Key("go.board", "1", "go('board')", "", "the board: where the next request goes", "1"),
    Key("go.chains", "2", "go('chains')", "", "chains: order, add, remove", "2"),
    Key("go.requests", "3", "go('requests')", "", "the request log", "3"),
    Key("go.test", "4", "go('test')", "", "try a prompt", "4"),
    Key("go.providers", "5", "go('providers')", "", "providers and their keys", "5"),
    Key("go.stats", "6", "go('stats')", "", "statistics", "6"),
    Key("app.filter", "slash", "filter", "filter", "filter the list", "/"),
    Key("app.palette", "ctrl+p,colon", "command_palette", "palette", "command palette", "^p"),
    Key("app.help", "question_mark,f1", "help", "help", "help for this screen", "?"),
    Key("app.undo", "ctrl+z,u", "undo", "", "undo the last change of the config", "^z u"),
    Key("app.back", "escape", "back", "", "close, clear the filter, go back", "esc"),
    Key("app.quit", "q", "leave", "quit", "back from a page, then quit", "q"),
    Key("app.quit-now", "ctrl+q", "leave(True)", "", "quit from anywhere", "^q"),
)
"""On every screen."""

MOVES = (
    Key("list.up", "up,k", "move(-1)", "", "up", "↑ k"),
    Key("list.down", "down,j", "move(1)", "", "down", "↓ j"),
    Key("list.page-up", "pageup,ctrl+u", "page(-1)", "", "a page up", "pgup ^u"),
    Key("list.page-down", "pagedown,ctrl+d", "page(1)", "", "a page down", "pgdn ^d"),
    Key("list.first", "home,g", "first", "", "to the first", "g home"),
    Key("list.last", "end,G", "last", "", "to the last", "G end"),
)
"""In every list."""

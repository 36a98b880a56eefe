"""The two lists of the entry picker: configured providers, and the models that one of them has."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import ClassVar

from textual import events
from textual.message import Message

from app.snapshot import ListedModel, Provider
from app.words import MISSING, count
from screens.line import Line, fit, visible
from screens.listing import Listing, Row
from screens.names import short
from screens.symbols import Symbols
from screens.themes import Role

_STATE_INKS: Mapping[str, Role] = {
    "available": "flow",
    "tracking": "flow",
    "exhausted": "out",
    "cooling": "low",
    "down": "out",
    "off": "muted",
}


def provider_sign(provider: Provider, symbols: Symbols) -> tuple[str, Role]:
    """The sign of a provider's state, and its ink."""
    if 0 < provider.entries_out < provider.entries:
        return symbols.low, "low"
    return symbols.states[provider.state], _STATE_INKS[provider.state]


class ProviderChoices(Listing):
    """Configured providers with their state."""

    GROUND: ClassVar[Role] = "panel"
    DEFAULT_CSS: ClassVar[str] = "ProviderChoices { width: 17; height: 1fr; }"

    def __init__(self, providers: Sequence[Provider]) -> None:
        super().__init__()
        self._providers = providers

    def rows(self, width: int, height: int) -> Sequence[Row]:
        symbols = self.stage.symbols
        rows = [Row(Line("panel"))]
        for provider in self._providers:
            line = Line("band" if provider.id == self.cursor else "panel")
            line.put(2, *provider_sign(provider, symbols))
            line.put(4, fit(provider.id, width - 4, symbols.cut), "text")
            rows.append(Row(line, provider.id))
        return rows


def offered(models: Sequence[ListedModel], wanted: str) -> list[ListedModel]:
    """Those whose id holds `wanted`, free ones first, paid ones last."""
    ranks = {True: 0, None: 1, False: 2}
    found = [one for one in models if wanted.lower() in one.id.lower()]
    return sorted(found, key=lambda one: ranks[one.free])


class ModelChoices(Listing):
    """A provider's models. Keys are model ids; one that is typed by hand is a row too."""

    GROUND: ClassVar[Role] = "panel"
    HEAD: ClassVar[tuple[tuple[str, int], ...]] = (
        ("free", 20),
        ("window", 13),
        ("tools", 7),
        ("vision", 0),
    )
    """Columns by how far they end before the right end."""

    class MarkClicked(Message):
        """The row under the cursor is to be marked, or not any more."""

    def __init__(self, held: Collection[str]) -> None:
        super().__init__()
        self._held = held
        self._provider = ""
        self._models: Sequence[ListedModel] = ()
        self._wanted = ""
        self._marks: Sequence[str] = ()

    def show(
        self, provider: str, models: Sequence[ListedModel], wanted: str, marks: Sequence[str]
    ) -> None:
        """`marks`: entries in the order in which they were marked."""
        self._provider, self._models, self._wanted, self._marks = provider, models, wanted, marks
        self.repaint()

    def is_held(self, model: str) -> bool:
        """The chain has it already."""
        return f"{self._provider}/{model}" in self._held

    def rows(self, width: int, height: int) -> Sequence[Row]:
        found = offered(self._models, self._wanted)
        rows = [Row(self._model(one, width), one.id) for one in found]
        typed = self._wanted
        if typed and all(one.id != typed for one in found):
            line = Line("panel")
            self._put_mark(line, typed)
            at = line.put(3, "as typed: ", "muted")
            line.put(at, fit(typed, width - at - 1, self.stage.symbols.cut))
            rows.append(Row(line, typed))
        return rows

    def _put_mark(self, line: Line, model: str) -> None:
        entry = f"{self._provider}/{model}"
        if entry in self._marks:
            line.right(3, str(self._marks.index(entry) + 1), "flow", "b")

    def _model(self, one: ListedModel, width: int) -> Line:
        held = self.is_held(one.id)
        line = Line("cursor" if one.id == self.cursor else "panel")
        self._put_mark(line, one.id)
        name = short(one.id, width - 31, self.stage.symbols.cut)
        self._put_matched(line, 4, "".join(name), "muted" if held else "text")
        words = (
            "in it" if held else {True: "free", False: "paid", None: MISSING}[one.free],
            count(one.context_window) if one.context_window else MISSING,
            _yes(one.tools),
            _yes(one.vision),
        )
        for (_, before_end), word in zip(self.HEAD, words, strict=True):
            ink: Role = "flow" if word == "free" else "muted"
            line.right(width - 1 - before_end, word, ink)
        return line

    def _put_matched(self, line: Line, column: int, name: str, ink: Role) -> None:
        wanted = visible(self._wanted).lower()
        begin = name.lower().find(wanted) if wanted else -1
        if begin < 0:
            line.put(column, name, ink)
            return
        at = line.put(column, name[:begin], ink)
        at = line.put(at, name[begin : begin + len(wanted)], "flow", "b")
        line.put(at, name[begin + len(wanted) :], ink)

    def on_click(self, event: events.Click) -> None:
        if event.x < 4 and self.row_at(event.y) is not None:
            self.post_message(self.MarkClicked())

    def _marked(self, row: Row) -> Line:
        if row.key is None or row.key != self.cursor:
            return row.line
        # The keys go to the filter above, so the cursor is bright without the focus.
        line = Line("cursor", list(row.line.runs))
        line.put(0, self.stage.symbols.cursor, "flow")
        return line


def _yes(known: bool | None) -> str:
    return {True: "yes", False: "no", None: MISSING}[known]

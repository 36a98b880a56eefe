"""Parts of the dialog that adds a provider: the presets, and what is known of one."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import ClassVar

from textual import events

from app.snapshot import Check, Preset, State
from app.words import duration
from screens.dialog import Words
from screens.line import Line, fit
from screens.listing import Listing, Row
from screens.painted import Painted
from screens.providers_words import free_words, host_of, key_note, over_rows, tag_of
from screens.themes import Role


def needs_address(preset: Preset) -> bool:
    """A person has to say, or may well want to say, where it is."""
    return preset.local or not preset.base_url or "{" in preset.base_url or not preset.needs_key


class PresetChoices(Listing):
    """Presets that match a filter, those already added last."""

    GROUND: ClassVar[Role] = "panel"

    def __init__(self, used: Collection[str]) -> None:
        super().__init__()
        self._used = used
        self.found: Sequence[Preset] = ()

    def show(self, presets: Sequence[Preset], wanted: str) -> None:
        wanted = wanted.lower()
        found = [one for one in presets if wanted in one.id.lower() or wanted in one.title.lower()]
        # What begins so stands before what only holds it.
        self.found = sorted(
            found, key=lambda one: (one.id in self._used, not one.id.startswith(wanted))
        )
        self.repaint()

    def rows(self, width: int, height: int) -> Sequence[Row]:
        symbols = self.stage.symbols
        rows: list[Row] = []
        for preset in self.found:
            chosen = preset.id == self.cursor
            line = Line("band" if chosen else "panel")
            if chosen:
                line.put(1, symbols.next, "flow")
            tag = "added" if preset.id in self._used else tag_of(preset)
            begin = line.right(width - 1, tag, "muted") if tag else width
            room = begin - 4
            ink: Role = "muted" if tag == "added" else "text"
            line.put(3, fit(preset.id, room, symbols.cut), ink, "b" if chosen else "")
            rows.append(Row(line, preset.id))
        return rows

    def _marked(self, row: Row) -> Line:
        line = row.line
        if row.key == self.cursor and self.has_focus:
            line = Line(line.ground, list(line.runs))
            line.put(0, self.stage.symbols.cursor, "flow")
        return line


class PresetFacts(Painted):
    """What is known of a preset, and where to get a key."""

    GROUND: ClassVar[Role] = "panel"
    DEFAULT_CSS: ClassVar[str] = "PresetFacts { height: 5; }"

    def __init__(self) -> None:
        super().__init__()
        self._preset: Preset | None = None
        self._link_row = -1

    def show(self, preset: Preset | None) -> None:
        self._preset = preset
        self.repaint()

    def paint(self, width: int, height: int) -> list[Line]:
        preset, cut = self._preset, self.stage.symbols.cut
        lines = [Line("panel") for _ in range(height)]
        self._link_row = -1
        if preset is None:
            lines[0].put(0, "no preset matches", "muted")
            return lines
        at = lines[0].put(0, preset.id, "text", "b")
        lines[0].put(at + 3, "OpenAI format", "muted")
        row = 1
        room = width - 12
        free = [part for text in free_words(preset.free) for part in over_rows(text, room)]
        for number, text in enumerate(free[:2]):
            lines[row].put(0, "free tier" if number == 0 else "", "muted")
            lines[row].put(11, fit(text, room, cut))
            row += 1
        if preset.free and preset.checked:
            lines[row].put(11, f"facts of {preset.checked}", "muted")
            row += 1
        if preset.key_page:
            lines[row].put(0, "get a key", "muted")
            link = fit(host_of(preset.key_page), room, cut)
            lines[row].put(11, link, "flow", "u")
            self._link_row = row
        elif preset.local:
            lines[row].put(0, "runs on this machine or near it", "muted")
        return lines

    def on_click(self, event: events.Click) -> None:
        preset = self._preset
        if preset is not None and event.y == self._link_row:
            self.app.open_url(preset.key_page)  # pyright: ignore[reportUnknownMemberType]


class Rule(Painted):
    """A thin line under the filter."""

    GROUND: ClassVar[Role] = "panel"

    def paint(self, width: int, height: int) -> list[Line]:
        line = Line("panel")
        line.put(1, self.stage.symbols.rule * (width - 3), "rule")
        return [line]


class Verdict(Words):
    """What a test brought, in two rows behind the sign of a state."""

    def __init__(self) -> None:
        super().__init__(["", ""])

    def tell(
        self, text: str, ink: Role = "muted", sign: State | None = None, *, note: str = ""
    ) -> None:
        """`note` takes the second row, where the text leaves it."""
        symbols = self.stage.symbols
        lines = [Line("panel"), Line("panel")]
        if sign is not None:
            lines[0].put(0, symbols.states[sign], "flow" if sign == "tracking" else ink)
        column = 2 if sign is not None else 0
        room, row, at = 43, 0, column
        for word in text.split():
            if row == 0 and at > column and at + len(word) > room:
                row, at = 1, column
            at = lines[row].put(at, fit(word, max(1, room - at), symbols.cut), ink) + 1
        if note and row == 0:
            lines[1].put(column, fit(note, room - column, symbols.cut), "low")
        self.say(lines)

    def tell_check(self, name: str, check: Check, took: float) -> None:
        """`took`: seconds until the answer came."""
        if check.ok:
            words = ["the key works" if check.key_tested else "it answers"]
            if check.models is not None:
                words.append(f"{check.models} models")
            told = " · ".join((*words, duration(took * 1000)))
            self.tell(told, "text", "tracking", note=key_note(check))
        elif "no answer" in check.detail:
            told = f"No answer from {name}. Add it anyway, or enter asks again."
            self.tell(told, "low", "cooling")
        else:
            told = f"{name} says {check.detail}. Check the key or paste another."
            self.tell(told, "out", "exhausted")


def label(text: str, column: int = 0) -> Line:
    line = Line("panel")
    line.put(column, text, "muted")
    return line


def next_step() -> Line:
    line = Line("panel")
    line.put(0, "next", "muted")
    at = line.put(6, "add, then pick models with ")
    line.put(at, "m", "flow", "b")
    return line


def free_id(id: str, used: Collection[str]) -> str:
    """An id that no provider has yet: `groq`, `groq-2`."""
    number, wanted = 2, id
    while id in used:
        id, number = f"{wanted}-{number}", number + 1
    return id


def key_label(preset: Preset) -> Line:
    """Above the field for the key: where it may come from."""
    line = label("API key")
    told = "paste it"
    if preset.key_env:
        told += f", or env:{preset.key_env[0]}"
    line.put(10, told if preset.needs_key else "only if it wants one", "muted")
    return line

"""The page of the first start: keys, first chain, go. One list, in three steps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.message import Message

from screens.line import Line, fit
from screens.listing import Listing, Row
from screens.names import put_name
from screens.onboarding_plan import Candidate, allowance, shown_first
from screens.providers_words import host_of
from screens.themes import Role

_WIDTH = 80
_SHOWN = 4


class OnboardingPage(Listing):
    """Rows are `key:ID`, `more`, `entry:NAME`, `go`."""

    DEFAULT_CSS: ClassVar[str] = "OnboardingPage { height: 1fr; max-width: 80; }"

    class Typed(Message):
        """A key was typed or pasted into a row, and enter pressed or the paste complete."""

        def __init__(self, candidate: Candidate, key: str) -> None:
            super().__init__()
            self.candidate, self.key = candidate, key

    def __init__(self) -> None:
        super().__init__()
        self._every: Sequence[Candidate] = ()
        self._chain: Sequence[str] = ()
        self._all = False
        self._trouble = ""
        self._now = 0.0
        self._width = _WIDTH
        self._typing: Candidate | None = None
        self._typed = ""

    def show(
        self, every: Sequence[Candidate], chain: Sequence[str], now: float, trouble: str = ""
    ) -> None:
        """`now` in seconds of the clock that a candidate's `asked_at` was read from."""
        self._every, self._chain, self._now, self._trouble = every, chain, now, trouble
        self.repaint()

    def show_all(self) -> None:
        self._all = True
        self.repaint()

    @property
    def chosen(self) -> Candidate | None:
        """The candidate under the cursor."""
        cursor = self.cursor or ""
        id = cursor.removeprefix("key:") if cursor.startswith("key:") else None
        return next((one for one in self._every if one.id == id), None)

    @property
    def chosen_entry(self) -> str | None:
        cursor = self.cursor or ""
        return cursor.removeprefix("entry:") if cursor.startswith("entry:") else None

    # Rows.

    def rows(self, width: int, height: int) -> Sequence[Row]:
        self._width = min(width, _WIDTH)
        return [
            *_brand(self.stage.symbols.ledge, self.stage.symbols.landing),
            Row(Line()),
            self._title(
                "1 keys", "space picks, enter pastes a key, or set the variable and press r"
            ),
            *self._keys(),
            Row(Line()),
            self._title("2 first chain", "most free requests first; shift+up/down moves"),
            *self._first_chain(),
            Row(Line()),
            self._go(),
        ]

    def _title(self, title: str, note: str) -> Row:
        line = Line()
        at = _step(line, title) + 3
        line.put(at, fit(note, self._width - at - 1, self.stage.symbols.cut), "muted")
        return Row(line)

    def _keys(self) -> list[Row]:
        shown = list(self._every) if self._all else shown_first(self._every)
        rows = [Row(self._key_row(one), f"key:{one.id}") for one in shown]
        if left := len(self._every) - len(shown):
            line = Line()
            line.put(4, f"/ {left} more presets, or any OpenAI-compatible server", "muted")
            rows.append(Row(line, "more"))
        return rows

    def _key_row(self, one: Candidate) -> Line:
        symbols = self.stage.symbols
        line = Line("cursor" if self.cursor == f"key:{one.id}" else "bg")
        line.put(4, "[x]" if one.picked else "[ ]", "flow" if one.picked else "muted")
        name = fit(one.id, 11, symbols.cut)
        line.put(8, name, "text" if one.has_key else "muted", "b" if one.picked else "")
        if one is self._typing:
            masked = symbols.mask * min(20, len(self._typed))
            line.put(line.put(20, masked, "text"), symbols.block, "flow")
        elif self._width == _WIDTH:
            line.put(20, fit(self._key_words(one), 24, symbols.cut), "muted")
        sign, told, ink = self._state(one)
        at = line.put(self._width - 35, sign, ink) + 1
        line.put(at, fit(told, 20, symbols.cut), "text" if one.phase == "works" else ink)
        line.right(self._width - 1, allowance(one.preset), "muted")
        return line

    def _key_words(self, one: Candidate) -> str:
        if one.key:
            return f"pasted {self.stage.symbols.mask * 4} {one.key[-_SHOWN:]}"
        if one.preset.key_found:
            return f"{one.preset.key_found} found"
        if one.there:
            return "in config.toml"
        if not one.preset.needs_key:
            return one.preset.base_url.removesuffix("/v1")
        return "no key yet"

    def _state(self, one: Candidate) -> tuple[str, str, Role]:
        states = self.stage.symbols.states
        match one.phase:
            case "works":
                return states["tracking"], one.told, "flow"
            case "failed":
                return states["exhausted"], one.told, "out"
            case "asking":
                seconds = max(0.0, self._now - one.asked_at)
                return states["cooling"], f"testing {seconds:.1f}s", "low"
            case "idle" if one.preset.needs_key and not one.has_key:
                return states["off"], host_of(one.preset.key_page).partition("/")[0], "muted"
            case "idle":
                return states["available"], "space asks it", "muted"

    def _first_chain(self) -> list[Row]:
        symbols = self.stage.symbols
        ledge = Line()
        ledge.put(4, symbols.ledge, "flow", "b")
        ledge.put(7, "free", "text", "b")
        rows = [Row(ledge)]
        if not self._chain:
            line = Line()
            line.put(5, symbols.dry, "faint")
            line.put(9, "nothing to put in it yet: pick a provider whose key works", "muted")
            return [*rows, Row(line)]
        by_id = {one.id: one for one in self._every}
        for number, entry in enumerate(self._chain):
            line = Line("cursor" if self.cursor == f"entry:{entry}" else "bg")
            if number == 0:
                line.put(5, symbols.landing, "flow", "b")
            else:
                line.put(5, symbols.dry, "faint")
                line.put(7, symbols.states["tracking"], "flow")
            bold = "" if number else "b"
            put_name(line, 9, entry, self._width - 28, attributes=bold, cut=symbols.cut)
            provider, _, model = entry.partition("/")
            line.right(self._width - 1, allowance(by_id[provider].preset, model), "muted")
            rows.append(Row(line, f"entry:{entry}"))
        return rows

    def _go(self) -> Row:
        line = Line("cursor" if self.cursor == "go" else "bg")
        ready = bool(self._chain)
        at = _step(line, "3 go") + 3
        for text in (" ", "Save and start the proxy", " "):
            at = line.put(at, text, "flow" if ready else "muted", "bB" if ready else "")
        at += 4
        note = "writes config.toml, mode 0600" if ready else "pick a provider whose key works"
        if self._trouble:
            line.put(at, fit(self._trouble, self._width - at - 1, self.stage.symbols.cut), "out")
        else:
            line.put(at, note, "muted")
        return Row(line, "go")

    # A key is typed into its row.

    @property
    def types(self) -> bool:
        return self._typing is not None

    def type_key(self) -> None:
        self._typing, self._typed = self.chosen, ""
        self.repaint()

    def stop_typing(self) -> None:
        self._typing, self._typed = None, ""
        self.repaint()

    def on_key(self, event: events.Key) -> None:
        if self._typing is None:
            return
        if event.key == "enter":
            self._finish(self._typing, self._typed)
        elif event.key == "escape":
            self.stop_typing()
        elif event.key == "backspace":
            self._typed = self._typed[:-1]
        elif event.character is not None and event.is_printable:
            self._typed += event.character
        else:
            return
        event.stop()
        event.prevent_default()
        self.repaint()

    def on_paste(self, event: events.Paste) -> None:
        candidate = self._typing or self.chosen
        if candidate is not None:
            event.stop()
            self._finish(candidate, self._typed + "".join(event.text.split()))

    def _finish(self, candidate: Candidate, key: str) -> None:
        self.stop_typing()
        if key:
            self.post_message(self.Typed(candidate, key))


def _step(line: Line, title: str) -> int:
    """A step's number and name; returns the column after them."""
    number, _, name = title.partition(" ")
    return line.put(line.put(2, number, "flow", "b") + 1, name, "text", "b")


def _brand(ledge: str, landing: str) -> list[Row]:
    name, says = Line(), Line()
    name.put(2, ledge, "flow", "b")
    name.put(name.put(5, "429", "text", "b"), "chain", "text", "b")
    says.put(3, landing, "flow", "b")
    says.put(8, "one address, every free model you have", "muted")
    return [Row(Line()), Row(name), Row(says)]

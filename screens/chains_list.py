"""A chain's entries as a list that is put in order, and the tabs above it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
from textual import events
from textual.message import Message

from app.snapshot import Chain, EntryLimits
from app.words import limit_word, span
from screens.chains_words import landing_of
from screens.chrome import WIDE
from screens.fall import Fall, Place, fall_of, put_ledge, put_rail, usable_share
from screens.gauge import (
    put_bar,
    put_value,
    ranked,
    role_of,
    state_ink,
    state_symbol,
    state_words,
    usable,
    when,
)
from screens.line import Line, fit
from screens.listing import Row
from screens.names import put_name
from screens.painted import Painted
from screens.picture import Picture
from screens.reorder import Reorder
from screens.symbols import Symbols

CONTENT = 160
"""Columns after which the rest of a screen stays free."""


class ChainHead(Painted):
    """The tabs, and the ledge of the chain that is shown."""

    DEFAULT_CSS: ClassVar[str] = "ChainHead { height: 3; }"

    class Picked(Message):
        """A tab was clicked, or `n new` (None)."""

        def __init__(self, name: str | None) -> None:
            super().__init__()
            self.name = name

    def __init__(self) -> None:
        super().__init__()
        self._picture: Picture | None = None
        self._name: str | None = None
        self._fall = Fall((), dried_up=False)
        self._spans: list[tuple[int, int, str | None]] = []

    def show(self, picture: Picture | None, name: str | None, fall: Fall) -> None:
        self._picture, self._name, self._fall = picture, name, fall
        self.repaint()

    def paint(self, width: int, height: int) -> list[Line]:
        picture = self._picture
        if picture is None or self._name is None:
            return []
        chain = picture.chain(self._name)
        if chain is None:
            return []
        end = min(width, CONTENT) - 1
        return [self._tabs(picture, chain, end), Line(), self._ledge(picture, chain, end)]

    def _ledge(self, picture: Picture, chain: Chain, end: int) -> Line:
        line = Line()
        good, entries = usable_share(chain, picture.limits)
        put_ledge(line, 1, self._fall, self.stage.symbols)
        at = line.put(4, chain.name, "text", "b")
        if chain.default:
            at = line.put(at + 2, "default", "muted")
        begin = line.right(end, f"{good} of {entries} usable", "muted") - 1
        if begin > at + 1:
            line.put(at + 1, self.stage.symbols.rule * (begin - at - 1), "rule")
        return line

    def _tabs(self, picture: Picture, shown: Chain, end: int) -> Line:
        line = Line()
        self._spans = []
        line.put(1, "[", "muted")
        reach = _reach(shown)
        # The tabs give way to nothing but a name's worth of how clients reach the chain.
        room = end - min(cell_len(reach) + 16, 26) - 8
        at = 2
        for chain in _around(picture.chains, shown, room):
            good, entries = usable_share(chain, picture.limits)
            active = chain is shown
            ground, begin = ("B" if active else ""), at
            at = line.put(at, " ", "text", ground)
            at = line.put(at, chain.name, "text" if active else "muted", "bB" if active else "")
            at = line.put(at, " ", "text", ground)
            at = line.put(at, f"{good}/{entries}", "muted", ground)
            at = line.put(at, " ", "text", ground)
            self._spans.append((begin, at, chain.name))
            at += 1
        at = line.put(at, "]", "muted") + 3
        self._spans.append((at, at + 5, None))
        at = line.put(at, "n", "flow", "b")
        at = line.put(at + 1, "new", "muted")
        self._put_reach(line, at + 3, end, reach, shown)
        return line

    def _put_reach(self, line: Line, at: int, end: int, reach: str, chain: Chain) -> None:
        begin_words = "clients ask for model "
        tail = _tail(chain)
        room = end - at - cell_len(begin_words)
        if room < 4:
            return
        if cell_len(reach) + cell_len(tail) > room:
            tail = ""
        reach = fit(reach, room, self.stage.symbols.cut)
        begin = line.right(end, tail, "muted") if tail else end
        begin = line.right(begin, reach, "text")
        line.right(begin, begin_words, "muted")

    async def on_click(self, event: events.Click) -> None:
        for begin, end, name in self._spans:
            if event.y == 0 and begin <= event.x < end:
                self.post_message(self.Picked(name))


def _reach(chain: Chain) -> str:
    return ", ".join((chain.name, *chain.models))


def _tail(chain: Chain) -> str:
    words = ["local only"] if chain.local_only else []
    if chain.max_wait_s is not None:
        words.append(f"waits {span(chain.max_wait_s)}")
    return "".join(f" · {word}" for word in words)


def _around(chains: Sequence[Chain], shown: Chain, room: int) -> Sequence[Chain]:
    """As many tabs as there is room for, the shown one among them."""
    widths = [cell_len(chain.name) + len(str(len(chain.entries))) * 2 + 5 for chain in chains]
    at = next(place for place, chain in enumerate(chains) if chain is shown)
    first, last, used = at, at, widths[at]
    while True:
        if last + 1 < len(chains) and used + widths[last + 1] <= room:
            last += 1
            used += widths[last]
        elif first > 0 and used + widths[first - 1] <= room:
            first -= 1
            used += widths[first]
        else:
            return chains[first : last + 1]


class ChainList(Reorder):
    """The entries of one chain, with the fall line beside them."""

    class AddAsked(Message):
        """The row that adds was clicked."""

    def __init__(self) -> None:
        super().__init__()
        self._picture: Picture | None = None
        self._chain: Chain | None = None
        self._wanted: str | None = None

    def choose_soon(self, entry: str) -> None:
        """Put the cursor on an entry as soon as it stands there."""
        self._wanted = entry

    def show(self, picture: Picture | None, name: str | None) -> None:
        """Show a chain; with another name the cursor goes to its landing."""
        chain = picture.chain(name) if picture is not None and name is not None else None
        if chain is not None and (self._chain is None or self._chain.name != chain.name):
            self.settle()
            self._order = None
            self.cursor = None
        self._picture, self._chain = picture, chain
        self.settled_order = chain.entries if chain is not None else ()
        if self._wanted in self.shown_order:
            self._put_cursor(self._wanted)
            self._wanted = None
        if self.cursor is None and chain is not None:
            self._put_cursor(chain.next or (chain.entries[0] if chain.entries else None))
        self.repaint()

    @property
    def fall(self) -> Fall:
        """Of the order that is shown."""
        if self._picture is None or self._chain is None:
            return Fall((), dried_up=False)
        landing = landing_of(self.shown_order, self._chain, self._picture.limits)
        return fall_of(self.shown_order, landing)

    def rows(self, width: int, height: int) -> Sequence[Row]:
        picture = self._picture
        if picture is None or self._chain is None:
            return ()
        fall, order = self.fall, self.shown_order
        width = min(width, CONTENT)
        rows = [
            Row(self._entry(picture, fall, entry, number, width), entry)
            for number, entry in enumerate(order, 1)
        ]
        if self.lifted is None or len(order) < height:
            line = Line()
            line.put(6, "+", "flow", "b")
            line.put(8, "a adds an entry from a provider's model list", "muted")
            rows.append(Row(line))
        return rows

    def _entry(self, picture: Picture, fall: Fall, entry: str, number: int, width: int) -> Line:
        symbols, limits = self.stage.symbols, picture.limits.get(entry)
        place = fall.places[number - 1]
        lifted = entry == self.lifted
        line = Line("band" if place == "landing" else "bg")
        sign = state_symbol(limits, symbols) if limits is not None else (symbols.unknown, "faint")
        put_rail(line, 2, place, sign, fall, symbols)
        shift = max(0, len(str(len(fall.places))) - 2)
        if lifted:
            line.put(6 + shift, symbols.grip, "text")
        else:
            line.right(7 + shift, str(number), "muted")
        columns = _Columns(width)
        can_serve = limits is None or usable(limits)
        put_name(
            line,
            8 + shift,
            entry,
            columns.name_end - 8 - shift,
            ink="text" if can_serve or lifted else "muted",
            attributes="b" if place == "landing" else "",
            cut=symbols.cut,
        )
        if limits is not None:
            _put_numbers(line, columns, picture, limits, place, symbols)
        return line

    def on_click(self, event: events.Click) -> None:
        row = self.row_at(event.y)
        if row is not None and row.key is None:
            self.post_message(self.AddAsked())


class _Columns:
    """Where the parts of an entry stand, counted from the right end of the content."""

    def __init__(self, width: int) -> None:
        self.wide = width >= WIDE
        self.state = width - 13
        self.value_end = width - (38 if self.wide else 22)
        self.dimension = self.value_end + 1
        self.when = width - 32
        self.bar = width - 58
        self.name_end = (self.bar if self.wide else self.value_end - 9) - 1


def _put_numbers(
    line: Line,
    columns: _Columns,
    picture: Picture,
    entry: EntryLimits,
    place: Place,
    symbols: Symbols,
) -> None:
    landing = place == "landing"
    line.put(columns.state, state_words(entry), state_ink(entry, landing=landing))
    if entry.state == "off":
        return
    gauge = next(iter(ranked(entry)), None)
    if columns.wide:
        role = role_of(gauge, entry, landing=landing) if gauge is not None else "faint"
        put_bar(line, columns.bar, 10, gauge, role, symbols)
        word, moment = when(entry, gauge, picture.now)
        at = line.put(columns.when, word, "muted")
        line.put(at + 1 if word else at, moment, "text")
    if gauge is None:
        line.right(columns.value_end, "no limit", "muted")
        return
    put_value(line, columns.value_end, gauge, entry)
    line.put(columns.dimension, limit_word(gauge), "muted")

"""All chains of the board: each a fall past what cannot serve, to the entry that would now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from app.snapshot import Chain
from app.words import moment, span
from screens.board_figures import stale
from screens.board_rows import CONTENT, EntryRow, columns
from screens.fall import Fall, fall_of, put_ledge, usable_share
from screens.gauge import Steady, usable
from screens.line import Line, fit, heading
from screens.listing import Listing, Row
from screens.picture import Picture

_LONGEST = 12
"""Rows of a chain up to which nothing is folded."""

_FOLD = " fold "
"""Begins the key of a row that folds; no chain's name begins with a blank."""


class ChainList(Listing):
    """The chains, one under the other. Keys are `chain entry`."""

    DEFAULT_CSS: ClassVar[str] = "ChainList { height: 1; }"

    def __init__(self) -> None:
        super().__init__()
        self._picture: Picture | None = None
        self._steady = Steady()
        self._served: frozenset[str] = frozenset()
        self._unfolded: set[str] = set()
        self.alone: str | None = None
        """The one chain that is shown, full height."""

    def show(self, picture: Picture | None, served: frozenset[str] = frozenset()) -> None:
        """Paint a picture; `served` are entries that have just answered."""
        self._picture, self._served = picture, served
        if self.cursor is None and picture is not None:
            chain = next((chain for chain in picture.chains if chain.next), None)
            self.cursor = f"{chain.name} {chain.next}" if chain else None
        self.repaint()

    @property
    def chain(self) -> str | None:
        """The chain under the cursor."""
        if self.cursor is None:
            return None
        return self.cursor.removeprefix(_FOLD).partition(" ")[0]

    @property
    def entry(self) -> str | None:
        """The entry under the cursor."""
        if self.cursor is None or self.cursor.startswith(_FOLD):
            return None
        return self.cursor.partition(" ")[2]

    def fold(self, key: str) -> bool:
        """Fold or unfold a chain if the row is for that; whether it is."""
        if not key.startswith(_FOLD):
            return False
        self._unfolded ^= {key.removeprefix(_FOLD)}
        return True

    def rows_wanted(self, picture: Picture) -> int:
        """Rows that all chains take, the blank ones between them counted."""
        rows = len(picture.chains) - 1
        for chain in picture.chains:
            folds = len(chain.entries) > _LONGEST and chain.next is not None
            rows += 1 + len(chain.entries) - self._folded(chain) + (folds or chain.next is None)
        return rows

    def rows(self, width: int, height: int) -> Sequence[Row]:
        if self._picture is None:
            return []
        rows = self._all_rows(width, apart=True)
        if len(rows) > height:
            rows = self._all_rows(width, apart=False)
        if self._picture.silent_s >= 2:
            return [Row(stale(row.line), row.key) for row in rows]
        return rows

    def _all_rows(self, width: int, *, apart: bool) -> list[Row]:
        assert self._picture is not None
        chains = self._picture.chains
        if self.alone is not None:
            chains = tuple(chain for chain in chains if chain.name == self.alone) or chains
        rows: list[Row] = []
        for chain in chains:
            if rows and apart:
                rows.append(Row(Line()))
            rows += self._chain_rows(self._picture, chain, width)
        return rows

    def _chain_rows(self, picture: Picture, chain: Chain, width: int) -> list[Row]:
        fall = fall_of(chain.entries, chain.next)
        at, symbols = columns(width), self.stage.symbols
        shown = len(chain.entries) - self._folded(chain)
        rows = [Row(self._heading(picture, chain, fall, width))]
        for entry, place in zip(chain.entries[:shown], fall.places, strict=False):
            limits = picture.limits.get(entry)
            gauges = tuple(self._steady.of(limits)) if limits else ()
            row = EntryRow(entry, limits, gauges, place, served=entry in self._served)
            rows.append(Row(row.line(at, fall, picture.now, symbols), f"{chain.name} {entry}"))
        if len(chain.entries) > _LONGEST and not fall.dried_up:
            rows += self._fold_row(picture, chain, shown)
        if fall.dried_up:
            rows.append(Row(self._pool(picture, chain, width)))
        return rows

    def _folded(self, chain: Chain) -> int:
        """How many dry entries at the end are folded away."""
        if chain.name in self._unfolded or self.alone or len(chain.entries) <= _LONGEST:
            return 0
        if chain.next not in chain.entries:
            return 0
        dry = len(chain.entries) - chain.entries.index(chain.next) - 1
        return min(dry, len(chain.entries) - _LONGEST + 1)

    def _fold_row(self, picture: Picture, chain: Chain, shown: int) -> list[Row]:
        line, symbols = Line(), self.stage.symbols
        line.put(2, symbols.dry, "faint")
        hidden = chain.entries[shown:]
        if hidden:
            states = Counter(
                limits.state for entry in hidden if (limits := picture.limits.get(entry))
            )
            if len(states) == 1:
                told = f"all {next(iter(states))}"
            else:
                told = ", ".join(f"{many} {state}" for state, many in states.most_common())
            line.put(6, f"{len(hidden)} more below, {told}", "muted")
        elif chain.name in self._unfolded:
            line.put(6, "enter folds the end again", "muted")
        else:
            return []
        return [Row(line, _FOLD + chain.name)]

    def _heading(self, picture: Picture, chain: Chain, fall: Fall, width: int) -> Line:
        symbols = self.stage.symbols
        good, total = usable_share(chain, picture.limits)
        line = Line()
        put_ledge(line, 1, fall, symbols)
        at = line.put(4, fit(chain.name, 40, symbols.cut), "text", "b")
        if chain.default:
            at = line.put(at + 2, "default", "muted")
        end = min(width, CONTENT) - 1
        return heading(line, end, "", f"{good} of {total} usable", column=at, rule=symbols.rule)

    def _pool(self, picture: Picture, chain: Chain, width: int) -> Line:
        line, symbols = Line("cursor"), self.stage.symbols
        line.put(2, symbols.pool, "low", "b")
        if chain.first_back is None:
            line.put(4, symbols.states["off"], "out")
            told = f"no entry can serve: {reasons(picture, chain)}"
            line.put(6, fit(told, width - 7, symbols.cut), "out")
            return line
        back = chain.first_back
        line.put(4, symbols.states["cooling"], "low")
        until = from_now(back.at, picture.now)
        if chain.waiting == 0:
            at = line.put(6, "nobody waits", "low", "b")
            entry = fit(back.entry, width - at - 19 - len(until), symbols.cut)
            at = line.put(at, f"; {entry} is first back, ")
        else:
            wait = "request waits" if chain.waiting == 1 else "requests wait"
            at = line.put(6, f"{chain.waiting} {wait}", "low", "b")
            entry = fit(back.entry, width - at - 13 - len(until), symbols.cut)
            at = line.put(at, f" for {entry}, back ")
        line.put(at, until, "text", "b")
        return line


def reasons(picture: Picture, chain: Chain) -> str:
    """Why the entries of a chain cannot serve: `3 no-key, 1 disabled`."""
    known = [picture.limits[entry] for entry in chain.entries if entry in picture.limits]
    counted = Counter(one.reason or one.state for one in known if not usable(one))
    return ", ".join(f"{many} {_SPOKEN.get(why, why)}" for why, many in counted.most_common())


_SPOKEN = {"no-key": "no key", "bad-key": "key refused", "no-credit": "out of credit"}


def from_now(at: datetime, now: datetime) -> str:
    """`in 12s`, `in 26 min`, `in 9h 55m`."""
    left = (at - now).total_seconds()
    return f"in {moment(at, now) if left < 60 else span(left)}"

"""The list of providers: key, state, the last hour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from app.snapshot import Provider
from app.words import MISSING
from screens.line import Line, fit, heading
from screens.listing import Listing, Row
from screens.painted import Painted
from screens.picture import Picture
from screens.providers_checks import CELLS, Verdict
from screens.providers_words import entries_of, key_words, seconds, state_of, works

_HINT_END = 54
"""Column before which the end of a key ends at the latest."""


class Columns:
    """Where a row's parts stand. `end` is the column after the last."""

    def __init__(self, end: int, providers: Sequence[Provider], *, wide: bool) -> None:
        longest = max((len(one.id) for one in providers), default=0)
        self.end = end
        self.refused = end - 6
        self.tried = end - 12
        self.state = end - (32 if wide else 35)
        self.hint_end = min(self.state - 1, _HINT_END)
        self.key = max(15, min(longest + 4, 22))


class ProvidersHead(Painted):
    """How many there are, and the columns' names."""

    DEFAULT_CSS: ClassVar[str] = "ProvidersHead { height: 2; }"

    def __init__(self) -> None:
        super().__init__()
        self._providers: Sequence[Provider] | None = None
        self._wide = False

    def show(self, providers: Sequence[Provider] | None, *, wide: bool) -> None:
        self._providers, self._wide = providers, wide
        self.repaint()

    def paint(self, width: int, height: int) -> list[Line]:
        providers = self._providers
        if not providers:
            return []
        end = width - 1
        columns = Columns(end, providers, wide=self._wide)
        good = sum(map(works, providers))
        note = f"{len(providers)} · {good} {'key works' if good == 1 else 'keys work'}"
        head = heading(Line(), end, "providers", note, rule=self.stage.symbols.rule)
        names = Line()
        names.put(3, "id", "muted")
        names.put(columns.key, "key", "muted")
        names.put(columns.state, "state", "muted")
        names.right(columns.tried, "tried/h", "muted")
        names.right(columns.refused, "429s", "muted")
        names.right(columns.end, "p50", "muted")
        return [head, names]


class ProviderList(Listing):
    """Providers by id."""

    def __init__(self) -> None:
        super().__init__()
        self._picture: Picture | None = None
        self._providers: Sequence[Provider] = ()
        self._verdicts: Mapping[str, Verdict] = {}
        self._wide = False

    def show(
        self,
        picture: Picture | None,
        providers: Sequence[Provider],
        verdicts: Mapping[str, Verdict],
        *,
        wide: bool,
    ) -> None:
        self._picture, self._providers, self._verdicts = picture, providers, verdicts
        self._wide = wide
        self.repaint()

    def rows(self, width: int, height: int) -> Sequence[Row]:
        picture = self._picture
        if picture is None:
            return ()
        columns = Columns(width - 1, self._providers, wide=self._wide)
        return [Row(self._row(one, picture, columns), one.id) for one in self._providers]

    def _row(self, provider: Provider, picture: Picture, columns: Columns) -> Line:
        symbols, line = self.stage.symbols, Line()
        if provider.id == self.cursor:
            line.ground = "cursor"
        entries = entries_of(provider, picture.limits)
        sign, words, ink = state_of(provider, entries, symbols)
        usable = ink in ("flow", "low")
        line.put(1, sign, ink)
        line.put(3, fit(provider.id, columns.key - 4, symbols.cut), "text" if usable else "muted")
        source, hint, hint_ink = key_words(provider, symbols.cut)
        begin = line.right(columns.hint_end, hint, hint_ink) if hint else columns.hint_end
        room = begin - 1 - columns.key
        if room >= 8:
            line.put(columns.key, fit(source, room, symbols.cut), "muted")
        verdict = self._verdicts.get(provider.id, (words, "muted" if ink == "flow" else ink))
        line.put(columns.state, fit(verdict[0], CELLS, symbols.cut), verdict[1])
        health = provider.health
        tried = health.attempts > 0
        line.right(columns.tried, str(health.attempts) if tried else MISSING, "text")
        line.right(columns.refused, str(health.refused) if tried else MISSING, "text")
        line.right(columns.end, seconds(health.p50_ms), "text")
        return line

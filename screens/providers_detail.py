"""The provider under the cursor: under the list, or beside it where there is room."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len

from app.snapshot import Check, EntryLimits, Preset, Provider
from app.words import MISSING, duration, limit_word, reason_in_words
from screens.gauge import put_bar, put_value, ranked, role_of, state_words, usable, when
from screens.line import Line, fit, heading
from screens.names import split
from screens.painted import Painted
from screens.picture import Picture
from screens.providers_said import LastWords
from screens.providers_words import (
    ago,
    entries_of,
    free_words,
    host_of,
    in_rows,
    key_note,
    key_words,
    model_state,
    over_rows,
    seconds,
)
from screens.themes import Role
from screens.wrapped import wrap


@dataclass(frozen=True, slots=True)
class Shown:
    """What a pane shows. `provider` None: there is none."""

    picture: Picture
    provider: Provider | None
    preset: Preset | None
    check: Check | None
    words: LastWords

    @property
    def entries(self) -> list[EntryLimits]:
        return entries_of(self.provider, self.picture.limits) if self.provider else []


class Pane(Painted):
    """Lines that are put one after the other."""

    DEFAULT_CSS: ClassVar[str] = "Pane { height: 1fr; }"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._shown: Shown | None = None

    def show(self, shown: Shown | None) -> None:
        self._shown = shown
        self.repaint()

    def fact(self, label: str, text: str, column: int, end: int, ink: Role = "text") -> Line:
        line = Line()
        line.put(1, label, "muted")
        line.put(column, fit(text, end - column, self.stage.symbols.cut), ink)
        return line


class NarrowDetail(Pane):
    """Under the list: what fits in a few rows."""

    def paint(self, width: int, height: int) -> list[Line]:
        shown, end = self._shown, width - 1
        if shown is None or shown.provider is None:
            return []
        provider, symbols = shown.provider, self.stage.symbols
        note = f"preset {provider.preset}"
        if shown.check is not None:
            note += f" · checked {ago(shown.check.checked_at, shown.picture.now)}"
        head = heading(Line(), end, provider.id, note, rule=symbols.rule)
        lines = [Line(), head]
        address = Line()
        address.put(1, fit(host_of(provider.base_url), end - 1, symbols.cut), "muted")
        lines.append(address)
        if shown.preset is not None and shown.preset.free:
            free = " · ".join(free_words(shown.preset.free))
            checked = f" ({shown.preset.checked})" if shown.preset.checked else ""
            lines.append(self.fact("free tier", free + checked, 13, end))
        tail = [self.fact("used in", ", ".join(provider.chains) or "no chain", 13, end)]
        if shown.check is not None and (note := key_note(shown.check)):
            tail.append(self.fact("checked", note, 13, end, "low"))
        refusal = shown.words.refusal_of(provider.id)
        room = height - len(lines) - len(tail) - (1 if refusal is not None else 0)
        lines += [*self._models(shown, room, end), *tail]
        if refusal is not None:
            told = f"{refusal.at.astimezone():%H:%M:%S}  {refusal.text.removeprefix('429 ')}"
            rows = in_rows(told, end - 13, height - len(lines), symbols.cut)
            lines += [
                self.fact("" if number else "last 429", row, 13, end)
                for number, row in enumerate(rows)
            ]
        return lines[:height]

    def _models(self, shown: Shown, room: int, end: int) -> list[Line]:
        entries = shown.entries
        if not entries:
            return [self.fact("models", "none is used; m picks some into a chain", 13, end)]
        listed = entries if len(entries) <= room else entries[: max(1, room - 1)]
        lines: list[Line] = []
        for number, entry in enumerate(listed):
            line = Line()
            if number == 0:
                line.put(1, "models", "muted")
            state, ink = model_state(entry, shown.picture.now)
            at = 46 if end >= 79 else 34
            line.put(13, fit(split(entry.entry)[1], at - 14, self.stage.symbols.cut))
            word, _, rest = state.partition(" ")
            after = line.put(at, word, "muted" if ink == "text" else ink)
            line.put(after + 1, fit(rest, end - after - 1, self.stage.symbols.cut), "muted")
            lines.append(line)
        if len(listed) < len(entries):
            more = Line()
            more.put(13, f"{len(entries) - len(listed)} more, m shows them", "muted")
            lines.append(more)
        return lines


class WideDetail(Pane):
    """Beside the list: with all gauges of all models."""

    DEFAULT_CSS: ClassVar[str] = "WideDetail { width: 1fr; }"

    def paint(self, width: int, height: int) -> list[Line]:
        shown, end = self._shown, min(width, 60) - 1
        if shown is None or shown.provider is None:
            return []
        provider, symbols = shown.provider, self.stage.symbols
        note = f"preset {provider.preset}"
        if cell_len(provider.id) + cell_len(note) + 3 > end:
            note = ""
        lines = [heading(Line(), end, provider.id, note, column=0, rule=symbols.rule)]
        lines += self._facts(shown, provider, end)
        for entry in shown.entries:
            lines.append(Line())
            lines += self._entry(entry, shown.picture, end)
        lines.append(Line())
        lines += self._last_hour(provider, end)
        return lines[:height]

    def _fact(self, label: str, text: str, end: int, ink: Role = "text") -> Line:
        line = Line()
        line.put(0, label, "muted")
        line.put(11, fit(text, end - 11, self.stage.symbols.cut), ink)
        return line

    def _facts(self, shown: Shown, provider: Provider, end: int) -> list[Line]:
        source, hint, _ = key_words(provider, self.stage.symbols.cut)
        lines = [
            self._fact("base url", host_of(provider.base_url), end),
            self._fact("key", f"{source} {hint}".strip(), end),
        ]
        if shown.check is not None:
            lines.append(self._fact("checked", checked_words(shown.check, shown.picture), end))
            note = key_note(shown.check)
            lines += [
                self._fact("", row, end, "low") for row in (wrap(note, end - 11) if note else ())
            ]
        lines.append(self._fact("used in", ", ".join(provider.chains) or "no chain", end))
        preset = shown.preset
        if preset is not None and preset.free:
            free = [part for text in free_words(preset.free) for part in over_rows(text, end - 11)]
            lines.append(self._fact("free tier", free[0], end))
            lines += [self._fact("", text, end) for text in free[1:]]
            if preset.checked:
                lines.append(self._fact("", f"(facts of {preset.checked})", end, "muted"))
        return lines

    def _entry(self, entry: EntryLimits, picture: Picture, end: int) -> list[Line]:
        symbols = self.stage.symbols
        state = state_words(entry)
        _, ink = model_state(entry, picture.now)
        head = Line()
        begin = head.right(end, state, "muted" if ink == "text" else ink) - 1
        at = head.put(0, fit(split(entry.entry)[1], begin - 2, symbols.cut))
        if begin > at + 1:
            head.put(at + 1, symbols.rule * (begin - at - 1), "rule")
        lines = [head]
        for gauge in ranked(entry):
            line = Line()
            put_bar(line, 0, 10, gauge, role_of(gauge, entry, landing=False), symbols)
            put_value(line, 21, gauge, entry)
            line.put(22, limit_word(gauge), "muted")
            free_again = EntryLimits(entry.entry, "tracking", None, None, (), entry.health)
            word, moment = when(free_again, gauge, picture.now)
            line.put(27, word, "muted")
            line.put(34, moment)
            lines.append(line)
        if entry.state == "off":
            why = Line()
            why.put(0, reason_in_words(entry.reason or "disabled"), "muted")
            lines.append(why)
        elif not usable(entry) and not entry.gauges:
            lines.append(self._fact("", model_state(entry, picture.now)[0], end))
        return lines

    def _last_hour(self, provider: Provider, end: int) -> list[Line]:
        health = provider.health
        head = Line()
        head.put(0, "last hour", "text")
        head.put(10, self.stage.symbols.rule * (end - 10), "rule")
        if not health.attempts:
            return [head, self._fact("tried", MISSING, end)]
        total = MISSING
        if health.p50_ms is not None:
            total = f"{seconds(health.p50_ms)} median · {seconds(health.p95_ms)} p95"
        first = f"{duration(health.first_token_p50_ms)} median"

        def row(label: str, text: str) -> Line:
            line = Line()
            line.put(0, label, "muted")
            line.put(13, text)
            return line

        return [
            head,
            row("tried", str(health.attempts)),
            row("refused", str(health.refused)),
            row("failed", str(health.failed)),
            row("first token", first if health.first_token_p50_ms is not None else MISSING),
            row("total", total),
        ]


def checked_words(check: Check, picture: Picture) -> str:
    """`2 min ago, 18 models`."""
    when_ = ago(check.checked_at, picture.now)
    if not check.ok:
        return f"{when_}: {check.detail}"
    return f"{when_}, {check.models} models" if check.models is not None else when_

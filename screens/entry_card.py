"""One entry in full: all its gauges, what the model takes, how its last hour was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.snapshot import EntryLimits, Gauge, ListedModel, Provider
from app.words import limit_word, reason_in_words
from screens.gauge import put_bar, put_value, ranked, role_of, usable, when
from screens.line import Line, fit
from screens.names import put_name, split
from screens.symbols import Symbols


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What is known of a model. None: nobody says."""

    context_window: int | None = None
    tools: bool | None = None
    vision: bool | None = None
    free: bool | None = None


def facts_of(entry: str, provider: Provider | None, listed: ListedModel | None) -> ModelFacts:
    """What the config says of a model, else what its provider's list says."""
    settings = provider.models.get(split(entry)[1]) if provider is not None else None
    facts = (
        ModelFacts(listed.context_window, listed.tools, listed.vision, listed.free)
        if listed is not None
        else ModelFacts()
    )
    if settings is None:
        return facts
    return ModelFacts(
        settings.context_window or facts.context_window,
        facts.tools if settings.tools is None else settings.tools,
        facts.vision if settings.vision is None else settings.vision,
        facts.free,
    )


def takes(facts: ModelFacts) -> str:
    """`tools · no vision`; empty where nobody says."""
    words = [
        word if known else f"no {word}"
        for word, known in (("tools", facts.tools), ("vision", facts.vision))
        if known is not None
    ]
    return " · ".join(words)


def scope_words(gauge: Gauge) -> str:
    """`pool *:free`, `account`, `model`; and where the size is only a guess."""
    scope = f"pool {gauge.pool}" if gauge.scope == "pool" and gauge.pool else gauge.scope
    return f"{scope}, a guess" if gauge.guess else scope


def card(
    entry: str,
    known: EntryLimits | None,
    facts: ModelFacts,
    chains: Sequence[str],
    *,
    note: str,
    now: datetime,
    symbols: Symbols,
    column: int,
    end: int,
    landing: bool = False,
    ground: bool = True,
) -> list[Line]:
    """The rows of an entry's card between two columns. `chains`: the others that hold it."""
    lines = [_head(entry, note, symbols, column, end)] if ground else []
    if known is not None:
        lines += [
            _gauge_row(gauge, known, now, symbols, column, end, landing=landing)
            for gauge in ranked(known)
        ]
        if not known.gauges and known.state != "off":
            line = Line()
            line.put(column, "no limit known", "muted")
            lines.append(line)
    lines.append(Line())

    def fact(label: str, text: str) -> None:
        line = Line()
        line.put(column, label, "muted")
        line.put(column + 12, fit(text, end - column - 12, symbols.cut))
        lines.append(line)

    if known is not None and not usable(known):
        fact("state", _state(known, now))
    if facts.context_window:
        fact("context", f"{facts.context_window:,} tokens")
    if told := takes(facts):
        fact("takes", told)
    if known is not None and known.health.attempts:
        health = known.health
        fact("last hour", f"{health.attempts} tried, {health.refused} refused, {_failed(known)}")
    fact("also in", ", ".join(chains) or "no other chain")
    return lines


def _failed(known: EntryLimits) -> str:
    return f"{known.health.failed} failed"


def _state(known: EntryLimits, now: datetime) -> str:
    word = known.state if known.state != "off" else reason_in_words(known.reason or "disabled")
    if known.state == "exhausted" and known.reason:
        word = f"{known.state}, {known.reason}"
    label, moment = when(known, None, now)
    return f"{word}, {label} {moment}" if moment else word


def _head(entry: str, note: str, symbols: Symbols, column: int, end: int) -> Line:
    line = Line()
    begin = line.right(end, note, "muted") if note else end
    at = put_name(line, column, entry, begin - column - 3, attributes="b", cut=symbols.cut)
    # A heading is not muted in its first part.
    line.runs = [(x, text, "text" if x < begin else ink, "b" if x < begin else attributes)
                 for x, text, ink, attributes in line.runs]  # fmt: skip
    if begin - 1 > at + 1:
        line.put(at + 1, symbols.rule * (begin - at - 2), "rule")
    return line


def _gauge_row(
    gauge: Gauge,
    known: EntryLimits,
    now: datetime,
    symbols: Symbols,
    column: int,
    end: int,
    *,
    landing: bool,
) -> Line:
    line = Line()
    put_bar(line, column, 10, gauge, role_of(gauge, known, landing=landing), symbols)
    put_value(line, column + 20, gauge, known)
    line.put(column + 21, limit_word(gauge), "muted")
    word, moment = _gauge_when(gauge, known, now)
    line.put(column + 27, word, "muted")
    line.put(column + 34, moment)
    line.put(column + 41, fit(scope_words(gauge), max(0, end - column - 41), symbols.cut), "muted")
    return line


def _gauge_when(gauge: Gauge, known: EntryLimits, now: datetime) -> tuple[str, str]:
    """When this very gauge is full again, whatever else holds the entry back."""
    if gauge.resets_at is None or gauge.resets_at <= now:
        return "", ""
    word, moment = when(_as_usable(known), gauge, now)
    return word, moment


def _as_usable(known: EntryLimits) -> EntryLimits:
    return EntryLimits(known.entry, "tracking", None, None, known.gauges, known.health)

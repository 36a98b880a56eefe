"""Chains in sentences: the dry run, what a move is called, the chain as TOML."""

from __future__ import annotations

import difflib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from rich.cells import cell_len

from app.snapshot import Chain, EntryLimits, Provider
from app.words import leading_gauge, limit_word, moment, reason_in_words, span
from screens.gauge import usable
from screens.line import Line, visible
from screens.names import split
from screens.themes import Role

Piece = tuple[str, Role, str]
"""`(text, ink, attributes)`."""


def landing_of(order: Sequence[str], chain: Chain, limits: Mapping[str, EntryLimits]) -> str | None:
    """Where a small request would land with the entries in this order.

    The instance says so for the order in force; for one that a person tries, the first entry that
    the instance calls usable, else the one that it would ask although it may be used up.
    """
    if tuple(order) == chain.entries:
        return chain.next
    for entry in order:
        known = limits.get(entry)
        if known is not None and usable(known):
            return entry
    return chain.next if chain.next in order else None


def name_in(order: Sequence[str], entry: str) -> str:
    """How an entry is called in a sentence: by its provider, if no other has the same."""
    provider, model = split(entry)
    alone = sum(split(other)[0] == provider for other in order) == 1
    return provider.rstrip("/") if alone else f"{provider}{model.rpartition('/')[2]}"


def soon(at: datetime, now: datetime) -> str:
    """`42s`, `26 min`."""
    left = (at - now).total_seconds()
    return moment(at, now) if left < 60 else span(left)


def why_skipped(entry: EntryLimits, now: datetime) -> str:
    """`rph, 26 min`; `cooling, 38s`; `no key`."""
    if entry.state == "off":
        return reason_in_words(entry.reason or "disabled")
    word: str = entry.state
    if entry.state == "exhausted":
        gauge = leading_gauge(entry)
        word = entry.reason or (limit_word(gauge) if gauge else "exhausted")
    return f"{word}, {soon(entry.until, now)}" if entry.until is not None else word


def dry_run(
    order: Sequence[str], chain: Chain, limits: Mapping[str, EntryLimits], now: datetime
) -> list[Piece]:
    """Who would be skipped and why, and who would serve, or who is back first."""
    if not order:
        return [("no entry yet: a adds one", "muted", "")]
    landing = landing_of(order, chain, limits)
    if landing is None:
        return _nobody(order, chain, limits, now)
    pieces: list[Piece] = []
    passed = order[: order.index(landing)]
    for place, entry in enumerate(passed):
        joint = "skips " if place == 0 else " and " if place == len(passed) - 1 else ", "
        known = limits.get(entry)
        why = f" ({why_skipped(known, now)})" if known is not None else ""
        pieces.append((joint, "muted", ""))
        pieces.append((name_in(order, entry), "text", ""))
        pieces.append((why, "muted", ""))
    pieces.append((", is served by " if passed else "is served by ", "muted", ""))
    pieces.append((name_in(order, landing), "flow", "b"))
    return pieces


def _nobody(
    order: Sequence[str], chain: Chain, limits: Mapping[str, EntryLimits], now: datetime
) -> list[Piece]:
    back = chain.first_back
    if back is not None and back.entry in order:
        return [
            ("nobody can serve now; ", "low", ""),
            (back.entry, "text", ""),
            (f" is first back, in {soon(back.at, now)}", "muted", ""),
        ]
    reasons = Counter(
        why_skipped(known, now) for entry in order if (known := limits.get(entry)) is not None
    )
    counted = ", ".join(f"{times} {reason}" for reason, times in reasons.most_common())
    return [(f"no entry can serve: {counted}", "out", "")]


def wrapped(pieces: Iterable[Piece], column: int, end: int) -> list[Line]:
    """Pieces as rows that break at blanks, between two columns."""
    words: list[list[Piece]] = [[]]
    for text, ink, attributes in pieces:
        for number, part in enumerate(visible(text).split(" ")):
            if number:
                words.append([])
            if part:
                words[-1].append((part, ink, attributes))
    lines, at = [Line()], column
    for word in words:
        width = sum(cell_len(text) for text, _, _ in word)
        if not width:
            continue
        if at > column and at + width > end:
            lines.append(Line())
            at = column
        for text, ink, attributes in word:
            at = lines[-1].put(at, text, ink, attributes)
        at += 1
    return lines


def nearest(model: str, listed: Sequence[str]) -> list[str]:
    """The three ids that are most like that of a model which is gone."""
    plain = {one.removeprefix("models/"): one for one in listed}
    close = difflib.get_close_matches(model, plain, n=3, cutoff=0.0)
    return [plain[one] for one in close]


def as_toml(chain: Chain, providers: Iterable[Provider]) -> str:
    """A chain and its providers as they stand in a config file, keys as the names of variables."""
    used = {split(entry)[0].rstrip("/") for entry in chain.entries}
    parts = [_provider_toml(provider) for provider in providers if provider.id in used]
    rows = [f"[chains.{_key(chain.name)}]"]
    if chain.models:
        rows.append(f"models = {_value(chain.models)}")
    if chain.max_wait_s is not None:
        rows.append(f'max_wait = "{chain.max_wait_s:g}s"')
    if chain.local_only:
        rows.append("local_only = true")
    rows += ["entries = [", *(f"  {_value(entry)}," for entry in chain.entries), "]"]
    parts.append("\n".join(rows))
    return "\n\n".join(parts) + "\n"


def _provider_toml(provider: Provider) -> str:
    table = f"providers.{_key(provider.id)}"
    rows = [f"[{table}]", f"preset = {_value(provider.preset)}"]
    rows.append(f"base_url = {_value(provider.base_url)}")
    if variable := key_variable(provider):
        rows.append(f'api_key = "env:{variable}"')
    if not provider.enabled:
        rows.append("enabled = false")
    if provider.limits:
        rows.append(f"limits = {_inline(provider.limits)}")
    if provider.timeouts:
        timeouts = {name: f"{seconds:g}s" for name, seconds in provider.timeouts.items()}
        rows.append(f"timeouts = {_inline(timeouts)}")
    for model, settings in provider.models.items():
        facts: dict[str, object] = {
            "context_window": settings.context_window,
            "max_output": settings.max_output,
            "vision": settings.vision,
            "tools": settings.tools,
        }
        told = [f"{name} = {_value(fact)}" for name, fact in facts.items() if fact is not None]
        if settings.limits:
            told.insert(0, f"limits = {_inline(settings.limits)}")
        if not settings.enabled:
            told.append("enabled = false")
        if told:
            rows += ["", f"[{table}.models.{_key(model)}]", *told]
    return "\n".join(rows)


def key_variable(provider: Provider) -> str | None:
    """The variable that a provider's key is to come from; None where it needs no key."""
    source = provider.api_key.source or ""
    if source.startswith("env:"):
        return source.removeprefix("env:")
    if not provider.needs_key and not provider.api_key.set:
        return None
    if provider.key_env:
        return provider.key_env[0]
    return f"{provider.id.upper().replace('-', '_')}_API_KEY"


def _key(name: str) -> str:
    bare = name.isascii() and name.replace("-", "").replace("_", "").isalnum()
    return name if bare else json.dumps(name)


def _value(value: object) -> str:
    """As TOML. A string of JSON is one of TOML, but for the delete character."""
    return json.dumps(value, ensure_ascii=True).replace("\x7f", "\\u007f")


def _inline(table: Mapping[str, object]) -> str:
    return "{ " + ", ".join(f"{_key(name)} = {_value(one)}" for name, one in table.items()) + " }"

"""Of docs/limits.md: ladders and windows."""

from __future__ import annotations

from proxy.limits.blocks import LADDERS, Ladder
from proxy.model import Preset
from proxy.providers.presets import load_presets

_AFTER = {
    "rate": "a 429 that says nothing, and no requests-per-minute limit is known",
    "stated": "a 429 that names a wait and no limit",
    "quota": "a quota endpoint says that a limit without a word is spent",
    "overload": "the provider is overloaded, not we over quota (503, 529, `queue_exceeded`, ...)",
    "circuit": "two failures in a row; one timeout or broken stream",
    "unreachable": "no connection: all entries at that scheme, host and port",
    "bad-key": "the key was refused: the whole account",
    "no-credit": "out of credit",
    "no-allowance": "the model is not in the free tier",
    "no-model": "the model is gone",
}
_STATED = {
    "stated": "as stated; refused again at once: twice as long",
    "quota": "until that window ends",
}


def ladders() -> str:
    """What takes an entry out without a count, and for how long."""
    rows = [_ladder(name, ladder) for name, ladder in LADDERS.items()]
    head = ["| after | reason in the trail | first | doubles up to | then |", "|" + "---|" * 5]
    return "\n".join([*head, *rows])


def _ladder(name: str, ladder: Ladder) -> str:
    first = _span(ladder.first)
    if ladder.jitter:
        first += f" ±{ladder.jitter:.0%}"
    if name in _STATED:
        first = _STATED[name]
    most = _span(ladder.most) if ladder.most > ladder.first else "–"
    most = "–" if name == "quota" else most
    then = "one request tries it" if ladder.probes else "open"
    return f"| {_AFTER[name]} | `{ladder.reason}` | {first} | {most} | {then} |"


def windows() -> str:
    """The kind of every window that differs from the default, by provider."""
    rows: list[str] = []
    for preset in load_presets().values():
        if not preset.kinds and preset.zone == "UTC":
            continue
        rows.append(f"| {preset.title} | {_kinds(preset)} | {_midnight(preset)} |")
    head = ["| provider | windows | its day ends |", "|---|---|---|"]
    return "\n".join([*head, *rows])


def _kinds(preset: Preset) -> str:
    told = [f"{window} `{kind}`" for window, kind in preset.kinds.items()]
    return ", ".join(told) or "as usual"


def _midnight(preset: Preset) -> str:
    kind = preset.kind("day")
    if kind == "clock":
        return f"at midnight, {preset.zone}"
    return "never: it refills steadily" if kind == "bucket" else "24 hours after each request"


def _span(seconds: float) -> str:
    units = (("h", 3600), ("min", 60), ("s", 1))
    name, unit = next((name, unit) for name, unit in units if seconds >= unit)
    return f"{seconds / unit:g} {name}"

"""How to read each screen, with its real signs: the right half of help."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from screens.symbols import Symbols

Legend = Sequence[tuple[str, str]]
"""`(sign, what it means)`; a title has an empty sign."""


def legend_of(tab: str, symbols: Symbols) -> Legend:
    """The legend of a screen by the name that `go` takes."""
    return _LEGENDS[tab](symbols)


def _chain(symbols: Symbols) -> Legend:
    states = symbols.states
    return (
        (symbols.landing, "the entry that serves next"),
        (symbols.passed + states["exhausted"], "passed: exhausted"),
        (states["cooling"], "cooling after a 429"),
        (states["down"], "down, probed soon"),
        (symbols.low, "under 20 % left"),
        (f"{states['available']} {states['tracking']}", "usable: no limit known, limits known"),
        (states["off"], "off: no key, disabled, …"),
        (symbols.full * 3 + symbols.half + symbols.empty * 2, "what is left of a limit"),
    )


def _trail(symbols: Symbols) -> Legend:
    marks = symbols.marks
    return (
        ("", "trail"),
        (
            marks["skipped"] * 2 + marks["refused"] + marks["served"],
            "2 skipped, 1 refused, the fourth served",
        ),
        (marks["failed"], "failed: 5xx, timeout, cut"),
    )


def _board(symbols: Symbols) -> Legend:
    return (*_chain(symbols), *_trail(symbols))


def _requests(symbols: Symbols) -> Legend:
    line = symbols.empty * 3
    return (
        *_trail(symbols)[1:],
        ("ok", "answered to the end"),
        ("cut off", "broke after its first token"),
        ("left", "the client went away"),
        ("429 503", "nobody served: what was told"),
        ("", "timeline"),
        (line, "waiting for the first token"),
        (symbols.full * 3, "the answer arrives"),
        (symbols.start + line, "refused or failed"),
        (symbols.unknown * 3, "waited in line"),
    )


def _test(symbols: Symbols) -> Legend:
    marks = symbols.marks
    return (
        (symbols.passed + marks["skipped"], "skipped, nothing was sent"),
        (symbols.passed + marks["refused"], "asked, and refused"),
        (symbols.passed + marks["failed"], "asked, and failed"),
        (symbols.landing, "this one answers"),
        (symbols.dry, "not needed"),
    )


def _providers(symbols: Symbols) -> Legend:
    states = symbols.states
    return (
        (states["tracking"], "its limits are known"),
        (states["available"], "free, no limit known"),
        (symbols.low, "some of its entries are out"),
        (states["exhausted"], "all exhausted"),
        (states["cooling"], "cooling after a 429"),
        (states["down"], "does not answer"),
        (states["off"], "off: no key, disabled, …"),
        ("tried/h", "asked in the last hour"),
        ("p50", "median time of its answers"),
    )


def _stats(symbols: Symbols) -> Legend:
    return (
        (symbols.full * 3, "tokens out bright, in dim"),
        ("served", "requests it answered"),
        ("429s", "times it refused"),
        ("failed", "errors, timeouts, cut off"),
        ("mean p95", "time to the end of the answer"),
        ("saved", "what a paid model had cost"),
        (symbols.spark[1:4], "requests by hour"),
    )


_LEGENDS: Mapping[str, Callable[[Symbols], Legend]] = {
    "board": _board,
    "chains": _chain,
    "requests": _requests,
    "test": _test,
    "providers": _providers,
    "stats": _stats,
    "onboarding": _chain,
    "ready": _chain,
}

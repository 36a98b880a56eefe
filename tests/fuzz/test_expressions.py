"""No text of 100 KB keeps a regular expression of the program busy (reliability.md, case 133)."""

from __future__ import annotations

import itertools
import re
import time

from tests.fuzz.expressions import LENGTH, Expression, attacks, expressions

_LADDER = ((25, 0.0025), (300, 0.0025), (5_000, 0.005), (LENGTH, 0.05))
"""Characters, and the seconds of CPU they may take. What is quadratic falls off long before the
end, which it would not reach today."""
_WHOLE_REFUSAL = 64 * 1024
"""Characters of an answer that proxy/limits looks at, at most."""

# Where a text can never be that long, and why.
_SHORT = {
    "proxy/limits/spellings.py _PIECES": "what _DURATION took: at most 64 characters",
    "proxy/limits/spellings.py _WORD_PIECES": "what _PROSE_WAIT took: four waits",
    "store/toml_scan.py _SCALAR": "matched at one place at a time, never searched for",
    "app/demo/completion.py": "the demo's own sentences",
}
# Made by a function from its argument; what it made stands in a module's global and is tried.
_MADE = ("refusal_ceilings", "refusal_numbers", "refusal_parameters", "refusal_words")
# With a name of the presets' file or of an answer inside, both escaped: nothing repeats.
_MADE_OF_NAMES = ("providers/presets", "proxy/template")


def _kept_busy(one: Expression) -> str:
    """What keeps it busy, and for how long; "" if nothing does."""
    longest = _WHOLE_REFUSAL if one.where.startswith("proxy/limits/") else LENGTH
    for text, method in itertools.product(attacks(one.pattern), one.methods_to_try):
        rate = 0.0
        for length, most in _LADDER:
            part = text[: min(length, longest) - 1] + text[-1:]
            if rate * len(part) < most / 2 and length == LENGTH:
                continue
            took = _seconds(one.pattern, method, part)
            if took > most:
                took = min(_seconds(one.pattern, method, part) for _ in range(3))
            if took > most:
                return f"{one.where} {method} {part[:40]!r}: {took:.3f} s for {length}"
            rate = took / max(1, len(part))
    return ""


def _seconds(pattern: re.Pattern[str], method: str, text: str) -> float:
    began = time.thread_time()
    getattr(pattern, method)(text)
    return time.thread_time() - began


def test_no_expression_can_be_kept_busy():
    found, _ = expressions()
    assert len(found) > 100
    tried = [one for one in found if not any(one.where.startswith(where) for where in _SHORT)]
    slow = [what for one in tried if (what := _kept_busy(one))]
    assert not slow, "\n".join(slow)


def test_every_expression_was_found():
    _, unknown = expressions()
    excused = (*_MADE, *_MADE_OF_NAMES)
    assert not [where for where in unknown if not any(name in where for name in excused)]


def test_an_expression_that_can_be_kept_busy_is_noticed():
    for pattern in (r"(a+)\s*b", r"(a|aa)+$", r"x\s*(.*?)\s*y"):
        assert _kept_busy(Expression("here", re.compile(pattern), frozenset({"search"}))), pattern
    assert not _kept_busy(Expression("here", re.compile(r"a[bc]*"), frozenset({"match"})))

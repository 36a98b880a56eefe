"""What a fuzz target is, and how one is run: by hypothesis, so that what fails comes shrunk."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.strategies import SearchStrategy

_AT_ONCE = 200
_NO_COMPLAINTS = (
    HealthCheck.too_slow,
    HealthCheck.data_too_large,
    HealthCheck.filter_too_much,
    HealthCheck.large_base_example,
)
"""Hypothesis' doubts whether these inputs are worth their time: they are."""


@dataclass(frozen=True, slots=True)
class Target:
    """`check` must not raise, whatever `inputs` come up with.

    A crash that was found becomes one of `known`, which every run plays first.
    """

    name: str
    inputs: SearchStrategy[Any]
    check: Callable[[Any], None]
    known: tuple[Any, ...] = ()


def fuzz(target: Target, examples: int, *, start: int = 0) -> None:
    """The known inputs, then so many fresh ones. Raises what `check` raised, with the input.

    `start` is the seed: the same one tries the same inputs.
    """
    for value in target.known:
        target.check(value)

    @seed(start)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=_NO_COMPLAINTS,
        print_blob=False,
    )
    @given(target.inputs)
    def play(value: Any) -> None:
        try:
            target.check(value)
        except Exception as error:
            # Hypothesis writes an input as the code that made it, where it can.
            error.add_note(f"input: {value!r}")
            raise

    play()


def fuzz_for(target: Target, seconds: float, *, start: int) -> int:
    """Fuzz until the time is up; how many inputs were tried."""
    until, tried = time.monotonic() + seconds, 0
    while time.monotonic() < until:
        fuzz(target, _AT_ONCE, start=start + tried)
        tried += _AT_ONCE
    return tried

"""A short run of every fuzz target; `python -m tests.fuzz --seconds 600` is the long one."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st

from tests.fuzz.all_targets import TARGETS
from tests.fuzz.target import Target, fuzz

_EXAMPLES = 60


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_nothing_breaks_it(target: Target):
    fuzz(target, _EXAMPLES)


def test_a_target_that_breaks_says_on_what():
    def breaks(value: int) -> None:
        assert value < 1000

    with pytest.raises(AssertionError) as caught:
        fuzz(Target("bad", st.integers(0, 10**6), breaks), 100)
    assert "input: 1000" in caught.value.__notes__

"""Which refusals could be known beforehand."""

from __future__ import annotations

import pytest

from app.demo.quota import Spent
from proxy.model import Limit
from tests.harvest.told import Foreseen, Told

RPM = Limit("model", "requests", "minute", 20, "clock")
TPM = Limit("model", "tokens", "minute", 6000, "bucket")
ROLLING = Limit("model", "requests", "minute", 3)
# The wall shows a whole minute at 0 seconds since boot.
TO_WALL = 1_795_348_800.0


def told(limit: Limit, *, configured: bool = False) -> Told:
    return Told(limit, configured=configured, to_wall=TO_WALL)


def test_what_nobody_said_is_first():
    assert told(RPM).foreseen(10.0, 1) == "first"


@pytest.mark.parametrize(
    "at, amount, foreseen",
    [
        (10.02, 1, "first"),  # the refusal was still on its way
        (12.0, 1, "waste"),
        (39.9, 1, "waste"),
        (40.1, 1, "first"),  # what it said is over
    ],
)
def test_a_refusal_holds_as_long_as_it_said(at: float, amount: float, foreseen: Foreseen):
    known = told(RPM)
    known.refused(10.0, Spent(RPM, 20, 1, 30.0), said=30.0)

    assert known.foreseen(at, amount) == foreseen


def test_a_refusal_that_says_nothing_makes_the_next_a_repeat():
    known = told(RPM)
    known.refused(10.0, Spent(RPM, 20, 1, 30.0), said=0.0)

    assert known.foreseen(12.0, 1) == "repeat"
    assert known.foreseen(41.0, 1) == "first"


def test_a_smaller_request_than_the_refused_one_is_another_question():
    known = told(TPM)
    known.refused(10.0, Spent(TPM, 5000, 2000, 10.0), said=10.0)

    assert known.foreseen(11.0, 1900) == "first"
    assert known.foreseen(11.0, 2000) == "waste"


def test_a_header_and_what_was_let_in_since_tell_what_is_left():
    known = told(RPM)
    known.left(10.0, 10.0, 2)
    known.let_in(11.0, 1)
    assert known.foreseen(12.0, 1) == "first"
    known.let_in(12.5, 1)

    assert known.foreseen(13.0, 1) == "waste"
    # Another minute on the wall.
    assert known.foreseen(60.5, 1) == "first"


def test_a_header_counts_from_when_it_arrived():
    known = told(RPM)
    known.left(10.0, 12.0, 0)

    assert known.foreseen(11.0, 1) == "first"
    assert known.foreseen(12.1, 1) == "waste"


@pytest.mark.parametrize("at, foreseen", [(11.0, "waste"), (20.5, "first")])
def test_a_bucket_refills_after_the_header(at: float, foreseen: Foreseen):
    known = told(TPM)
    known.left(10.0, 10.0, 0)

    # 100 a second.
    assert known.foreseen(at, 1000) == foreseen


@pytest.mark.parametrize("amount, foreseen", [(1020, "first"), (1060, "waste")])
def test_another_tokenizer_is_no_waste(amount: int, foreseen: Foreseen):
    known = told(TPM)
    known.left(10.0, 10.0, 0)

    assert known.foreseen(20.0, amount) == foreseen


def test_what_the_config_says_is_to_be_counted():
    known, unknown = told(ROLLING, configured=True), told(ROLLING)
    for at in (1.0, 2.0, 3.0):
        known.let_in(at, 1)
        unknown.let_in(at, 1)

    assert known.foreseen(30.0, 1) == "waste"
    assert unknown.foreseen(30.0, 1) == "first"
    # So near the end of the window nobody can tell from outside.
    assert known.foreseen(60.9, 1) == "first"

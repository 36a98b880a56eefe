"""The table and its goals."""

from __future__ import annotations

from math import isclose

import pytest

from tests.harvest.accounts import Accounts, RefusedCall
from tests.harvest.load import Outcome
from tests.harvest.perfect import Served
from tests.harvest.report import Circumstances, Figures, as_json, figures_of, misses, table
from tests.harvest.traffic import Planned, ShapeName


def figures(shape: ShapeName = "overload", *, served: int = 100, waste: int = 0) -> Figures:
    outcomes = [
        Outcome(
            planned=Planned(n, 0.0, 10, 1, None, stream=False),
            status=200 if n < served else 429,
            complete=n < served,
            sent=0.0,
            ended=0.01 * (n + 1),
        )
        for n in range(120)
    ]
    refused = RefusedCall(1.0, "groq/m", 1, ("rpm",), "waste")
    accounts = Accounts(
        calls=served + waste, paid=served + 1, refusals=[refused] * waste, failovers=[0.002, 0.004]
    )
    circumstances = Circumstances(
        shape=shape,
        killed=False,
        seconds=180,
        seed=1,
        capacity_per_minute=140,
        lag_ms=2,
        product_cpu_s=1,
        runner_cpu_s=1,
    )
    best = Served([1.0] * 100, 20)
    return figures_of(circumstances, accounts, outcomes, best, best)


def test_figures_are_made_of_what_was_counted():
    run = figures(served=99, waste=2)

    assert run.harvest == 0.99
    assert isclose(run.calls_per_answer, 101 / 99)
    assert isclose(run.p50_s, 0.5)
    assert isclose(run.p99_s, 0.99)
    assert isclose(run.failover_ms, 3)
    assert (run.paid_for_nobody, run.failed, run.failed_otherwise) == (1, 21, 0)


@pytest.mark.parametrize(
    "shape, served, missed",
    [
        ("overload", 100, []),
        ("overload", 99, []),
        ("overload", 98, ["harvest"]),
        ("steady", 99, ["harvest"]),
    ],
)
def test_a_goal_is_missed_or_met(shape: ShapeName, served: int, missed: list[str]):
    told = as_json([figures(shape, served=served)])[0]

    assert told["missed"] == missed


def test_waste_is_told_by_name():
    assert misses([figures(waste=3)]) == ["overload: refused: waste 3 (<= 0) MISSED"]


def test_the_table_has_a_column_for_each_run():
    lines = table([figures(), figures("steady")]).splitlines()

    assert lines[0].split("|")[2].strip() == "overload"
    assert lines[0].split("|")[3].strip() == "steady"
    assert len({len(line) for line in lines}) == 1

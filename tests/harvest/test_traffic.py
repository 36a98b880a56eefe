"""The planned traffic."""

from __future__ import annotations

import random
from itertools import pairwise
from math import isclose

import pytest

from app.demo.completion import prompt_tokens
from tests.harvest.traffic import SHAPES, Planned, ShapeName, number_of, scripted_answer


@pytest.mark.parametrize("name", SHAPES)
def test_a_seed_fixes_everything(name: ShapeName) -> None:
    shape = SHAPES[name]
    once, again, other = (shape.plan(2.0, 60, seed) for seed in (1, 1, 2))

    assert once == again
    assert [one.body for one in once] == [one.body for one in again]
    assert once != other


@pytest.mark.parametrize("name", SHAPES)
def test_the_rate_is_kept_and_the_time_too(name: ShapeName) -> None:
    plan = SHAPES[name].plan(4.0, 500, 1)

    assert isclose(len(plan), 2000, rel_tol=0.1)
    assert [one.number for one in plan] == list(range(len(plan)))
    assert all(a.at <= b.at for a, b in pairwise(plan))
    assert plan[-1].at < 500.1


def test_an_agent_sends_eight_large_streams_at_once() -> None:
    plan = SHAPES["bursts"].plan(1.0, 120, 1)
    bursts = [plan[start : start + 8] for start in range(0, len(plan), 8)]

    assert all(burst[-1].at - burst[0].at < 0.1 for burst in bursts)
    assert all(10_000 <= one.size <= 40_000 and one.stream for one in plan)
    assert all(len(one.body["messages"][0]["content"]) == one.size for one in plan)


def test_the_answer_is_as_long_as_planned() -> None:
    planned = Planned(17, 0.0, 500, 33, None, stream=False)
    completion = scripted_answer(planned.body, random.Random(0))

    assert number_of(planned.body) == 17
    assert completion.usage["completion_tokens"] == len(completion.pieces) == 33
    assert completion.prompt_tokens == planned.prompt == prompt_tokens(planned.body)


@pytest.mark.parametrize("counts_cap, more", [(True, 512), (False, 0)])
def test_the_cap_costs_where_it_is_counted(counts_cap: bool, more: int) -> None:
    planned = Planned(1, 0.0, 500, 33, 512, stream=False)

    assert planned.cost(counts_cap=counts_cap) == planned.prompt + more


@pytest.mark.parametrize(
    "cap, counts_cap, more",
    [(None, True, 500), (None, False, 500), (2048, True, 2048), (2048, False, 1000)],
)
def test_an_answer_is_reserved_with_its_prompt(cap: int | None, counts_cap: bool, more: int):
    planned = Planned(1, 0.0, 500, 33, cap, stream=False)

    assert planned.reserved(counts_cap=counts_cap) == planned.prompt + more


def test_a_foreign_body_is_not_taken_for_a_planned_one() -> None:
    with pytest.raises(ValueError, match="not planned"):
        number_of({"messages": [{"role": "user", "content": "hello"}]})

"""A request's attempts drawn as a waterfall, to the cell."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.request_snapshot import Attempt, RequestDetail
from screens.inks import Inks
from screens.line import Line
from screens.symbols import ASCII, UNICODE
from screens.themes import THEMES, colours_of
from screens.timeline import Scale, axis, backs, timeline
from tests.screens.history import history, running
from tests.screens.scene import CEREBRAS, GPT, LAB, NOW, NVIDIA, limits

_INKS = Inks(colours_of(THEMES[0], {}))


def drawn(line: Line, width: int = 80) -> str:
    return line.strip(width, _INKS).text.rstrip()


def test_light_is_waiting_and_heavy_is_the_answer() -> None:
    rows = [drawn(line) for line in timeline(history()[2], 80, 31, UNICODE)]
    assert rows[0] == f"{'':31}0s{'':22}1s{'':18}1.9s"
    assert rows[1] == " ┠─· cerebras/gpt-oss-120b     skipped rph"
    assert rows[2].startswith(" ┠─× groq/llama-3.3-70b-vers…  ╶─── 429 tpm")
    assert rows[3] == " ┗━▶ openrouter/llama-3…:free      " + "─" * 13 + "━" * 31
    assert rows[4] == " ┊   gemini/gemini-2.5-flash…  not tried"


def _detail(*attempts: Attempt, total: float = 20_000.0, served: str | None = LAB) -> RequestDetail:
    words = {one.entry: one.outcome for one in attempts}
    trail = tuple((entry, words.get(entry, "not-tried")) for entry in (GPT, NVIDIA, LAB))
    like = history()[2]
    outcome = "ok" if served else "failed"
    status = 200 if served else 503
    return replace(
        like,
        trail=trail,
        attempts=attempts,
        entry=served,
        duration_ms=total,
        outcome=outcome,
        status=status,
    )


def test_a_request_that_waited_says_so() -> None:
    detail = _detail(
        Attempt(GPT, "429", 429, 0.0, 200.0, None, ""),
        Attempt(LAB, "ok", 200, 12_200.0, 7800.0, 300.0, ""),
    )
    rows = [drawn(line) for line in timeline(detail, 80, 31, UNICODE)]
    assert "┄┄┄" in rows[3]
    assert "waited 12.0s ─" in rows[3]


@pytest.mark.parametrize(
    "reason, until_s, told",
    [
        ("rph", 1600, "back 14:31"),
        ("rph", 3700, ""),
        ("tpm", 40, ""),
        ("rpd", 1600, ""),
    ],
)
def test_a_skipped_entry_says_when_it_is_back(reason: str, until_s: int, told: str) -> None:
    detail = history()[2]
    known = replace(
        limits(CEREBRAS, "exhausted"), reason=reason, until=NOW + timedelta(seconds=until_s)
    )
    back = backs(detail, {CEREBRAS: known}, NOW)
    assert back.get(CEREBRAS, "") == told
    row = drawn(timeline(detail, 80, 31, UNICODE, back)[1])
    assert row.endswith(f"skipped rph, {told}" if told else "skipped rph")


def test_nobody_served() -> None:
    detail = _detail(
        Attempt(GPT, "429", 429, 0.0, 200.0, None, ""),
        Attempt(NVIDIA, "timeout", None, 200.0, 15_000.0, None, ""),
        Attempt(LAB, "timeout", None, 15_200.0, 4_800.0, None, ""),
        served=None,
    )
    rows = [drawn(line) for line in timeline(detail, 80, 31, UNICODE)]
    assert rows[-1] == " ┗━× nobody served: the client got 503"
    # No room behind the last bar: its outcome stands before it.
    assert rows[3].index("timeout") < rows[3].index("╶")


def test_what_runs_is_drawn_up_to_now() -> None:
    rows = [drawn(line) for line in timeline(running(), 80, 31, UNICODE)]
    assert rows[1].endswith("━╸")


@given(
    total=st.floats(0.0, 4_000_000.0),
    width=st.integers(60, 200),
    parts=st.lists(st.tuples(st.floats(-10, 1e7), st.floats(0, 1e7)), max_size=4),
)
def test_no_bar_leaves_its_columns(
    total: float, width: int, parts: list[tuple[float, float]]
) -> None:
    attempts = [
        Attempt((GPT, NVIDIA, LAB)[at % 3], "broken", None, start, length, None, "x" * 300)
        for at, (start, length) in enumerate(parts)
    ]
    for line in timeline(_detail(*attempts, total=total), width, 31, ASCII):
        assert len(drawn(line, 400)) <= width


@pytest.mark.parametrize(
    "total, words",
    [
        (0.0, "0s"),
        (40.0, "0s 0.01s 0.02s 0.03s 0.04s"),
        (940.0, "0s 0.5s 0.9s"),
        (14_200.0, "0s 5s 10s 14s"),
        (134_000.0, "0s 30s 1m 1m 30s 2m 14s"),
        (3_600_000.0, "0s 20m 40m 60m"),
    ],
)
def test_ticks_stand_at_round_times(total: float, words: str) -> None:
    line = drawn(axis(Scale(0, 74, total)), 74)
    assert " ".join(line.split()) == words

"""Sentences of DESIGN A6 that no other test is named after (`tests/house/test_contract.py`)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.limits import judge
from proxy.limits.demand import SMALLEST, Need
from proxy.limits.ledger import Ledger
from proxy.limits.readings import Meaning, Reading
from proxy.limits.refusals import classify
from proxy.limits.status import LIMIT_REASONS, Verdict
from proxy.model import Limit
from proxy.providers.presets import load_presets
from tests.proxy.limits.accounts import entry_of, limit, provider, refusal, refused, rpm, take
from tests.proxy.limits.clock import FakeClock
from tests.proxy.limits.test_ledger_rules import DAY, Stage

LIMITS = st.lists(
    st.builds(
        limit,
        st.sampled_from(["rpm", "rph", "rpd", "tpm", "tpd", "concurrent"]),
        st.integers(1, 3000),
        kind=st.sampled_from(["rolling", "clock", "bucket"]),
        source=st.sampled_from(["manual", "preset"]),
    ),
    max_size=3,
    unique_by=lambda one: one.word,
)
REFUSALS = st.one_of(
    st.builds(refusal, st.sampled_from(Meaning), wait=st.none() | st.floats(1, 4000)),
    st.builds(
        refusal,
        st.just(Meaning.LIMIT),
        st.builds(
            rpm,
            st.integers(0, 3),
            st.none() | st.floats(0, 4000),
            st.none() | st.integers(1, 40),
        ),
        wait=st.none() | st.floats(0, 4000),
    ),
)
STEPS = st.lists(st.one_of(REFUSALS, st.floats(0, 5000), st.just("serve")), max_size=12)


@given(LIMITS, STEPS)
def test_interfaces_show_exactly_the_words_and_times_that_routing_uses(
    limits: list[Limit], steps: list[object]
) -> None:
    stage = Stage(*limits)
    for step in steps:
        if isinstance(step, float):
            stage.clock.advance(step)
            continue
        got = stage.ledger.reserve(stage.entry, SMALLEST)
        shown = stage.ledger.status(stage.entry)
        if isinstance(got, Verdict):
            assert (shown.reason, shown.until) == (got.reason, got.until)
            assert shown.state not in ("available", "tracking")
            assert (shown.state in ("exhausted", "cooling")) == (got.reason in LIMIT_REASONS)
            continue
        if step == "serve":
            stage.ledger.succeed(got)
        else:
            judge.refuse(stage.ledger, got, step)  # pyright: ignore[reportArgumentType]
        stage.ledger.settle(got)
        shown, verdict = (
            stage.ledger.status(stage.entry),
            stage.ledger.verdict(stage.entry, SMALLEST),
        )
        assert (shown.state in ("available", "tracking")) == (verdict is None)


def test_a_request_s_own_verdict_is_not_that_of_the_smallest() -> None:
    stage = Stage(limit("tpm", 6000, kind="bucket"))
    stage.take(Need(prompt_bytes=18_000, cap=500))
    assert stage.refused(Need(prompt_bytes=18_000, cap=500)).reason == "tpm"
    assert stage.ledger.status(stage.entry).state == "tracking"


@pytest.mark.parametrize("counts_cap,tokens", [(True, 1000 + 6000), (False, 1000 + 1000)])
def test_the_cap_counts_in_full_where_the_provider_counts_it_else_at_most_1000(
    counts_cap: bool, tokens: int
) -> None:
    ledger = Ledger(FakeClock())
    entry = entry_of(provider(counts_cap=counts_cap), "m", limit("tpm", 50_000))
    ledger.configure([entry])
    assert take(ledger, entry, Need(prompt_bytes=4000, cap=6000)).tokens == tokens


def test_what_does_not_fit_the_whole_token_limit_is_too_long() -> None:
    ledger = Ledger(FakeClock())
    entry = entry_of(provider(counts_cap=True), "m", limit("tpm", 6000))
    ledger.configure([entry])
    verdict = refused(ledger, entry, Need(prompt_bytes=8000, cap=5000))
    assert (verdict.reason, verdict.until) == ("too-long", None)


def test_a_reset_further_than_32_days_is_as_if_nothing_was_said() -> None:
    waits: list[float] = []
    for headers in ({}, {"retry-after": "9999999"}):
        stage = Stage(limit("rpmo", 1000, kind="clock"))
        told = classify(
            load_presets()["openai-compatible"],
            status=429,
            headers=headers,
            body=b'{"error": {"message": "limit of 1000 requests per month reached"}}',
            model="m",
            now=stage.clock.wall(),
        )
        judge.refuse(stage.ledger, stage.take(), told)
        assert stage.refused().reason == "rpmo"
        waits.append(stage.wait())
    assert waits[0] == waits[1] < 32 * DAY


def test_a_limit_of_a_kind_that_has_no_word_is_a_cooldown() -> None:
    stage = Stage()
    five_hours = Reading("account", "requests", None, remaining=0, reset=18_000.0)
    judge.refuse(stage.ledger, stage.take(), refusal(Meaning.LIMIT, five_hours))
    assert (stage.refused().reason, stage.wait()) == ("cooldown", 18_000)
    assert stage.ledger.status(stage.entry).state == "cooling"

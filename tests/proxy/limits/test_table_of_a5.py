"""DESIGN A5's table: how long each row keeps an entry out, and what brings it back.

What each meaning does besides is in `test_judge.py`; `tests/house/test_contract.py` lists them all.
"""

from __future__ import annotations

import pytest

from proxy.limits import judge
from proxy.limits.ledger import Ledger
from proxy.limits.readings import Meaning
from proxy.limits.refusals import classify
from proxy.model import Preset
from proxy.providers.presets import load_presets
from tests.proxy.limits.accounts import entry_of, limit, provider, refusal, refused, take, take_all
from tests.proxy.limits.clock import FakeClock
from tests.proxy.limits.test_ledger_rules import DAY, HOUR, MINUTE, Stage

PRESETS = load_presets()
NOW = 1_795_348_800.0


@pytest.mark.parametrize(
    "meaning,reason,waits",
    [
        (Meaning.OVERLOADED, "cooldown", [5, 10, 20, 40, 80, 160, 300, 300]),
        (Meaning.BAD_KEY, "bad-key", [HOUR * n for n in (1, 2, 4, 8, 16, 24, 24)]),
        (Meaning.CREDIT, "no-credit", [DAY, DAY]),
        (Meaning.NO_ALLOWANCE, "no-allowance", [DAY, DAY]),
        (Meaning.NO_MODEL, "no-model", [DAY, DAY]),
    ],
)
def test_how_long_it_is_out_and_one_request_tries_it_again(
    meaning: Meaning, reason: str, waits: list[float]
) -> None:
    stage = Stage()
    for wait in waits:
        stage.refuse(meaning)
        assert stage.refused().reason == reason
        assert stage.wait() == wait
        stage.outwait()
    stage.take()
    assert stage.left() == 0, "one at a time, until that one is judged"


@pytest.mark.parametrize(
    "meaning", [Meaning.BAD_KEY, Meaning.CREDIT, Meaning.NO_ALLOWANCE, Meaning.NO_MODEL]
)
def test_out_until_a_person_clears_it(meaning: Meaning) -> None:
    stage = Stage()
    stage.refuse(meaning)
    stage.ledger.clear(stage.entry)
    assert stage.left() == 1000


@pytest.mark.parametrize("meaning", [Meaning.BAD_KEY, Meaning.CREDIT])
def test_out_until_the_key_changes(meaning: Meaning) -> None:
    ledger = Ledger(FakeClock())
    old, new = (entry_of(provider(account=f"account of {key}")) for key in ("old", "new"))
    ledger.configure([old])
    one = take(ledger, old)
    judge.refuse(ledger, one, refusal(meaning, scope="account"))
    ledger.settle(one)
    ledger.configure([new])
    take(ledger, new)
    ledger.configure([old])
    assert refused(ledger, old).reason in ("bad-key", "no-credit")


def test_a_429_whose_limit_is_known_from_the_preset_spends_that_limit() -> None:
    stage = Stage(limit("rpm", 20, source="preset"))
    stage.refuse(Meaning.SILENT)
    assert (stage.refused().reason, stage.wait()) == ("rpm", MINUTE)


def test_a_bucket_is_exhausted_until_the_request_s_reservation_fits() -> None:
    stage = Stage(limit("rpm", 12, kind="bucket"))
    take_all(stage.ledger, stage.entry)
    assert stage.wait() == MINUTE / 12


def meaning_of(preset: Preset, body: str, *, status: int = 429) -> Meaning:
    told = classify(preset, status=status, headers={}, body=body.encode(), model="m", now=NOW)
    return told.meaning


def test_quota_wording_goes_before_rate_wording() -> None:
    body = '{"error": {"message": "Rate limit reached: insufficient credits, payment required"}}'
    assert meaning_of(PRESETS["openai-compatible"], body) == Meaning.CREDIT


def test_where_the_day_is_of_kind_clock_a_day_named_beats_a_short_hint() -> None:
    body = '{"error": {"message": "You have reached the limit of 20 requests per day."}}'
    stage = Stage(limit("rpd", 20, kind="clock", zone="America/Los_Angeles"))
    one = stage.take()
    told = classify(
        PRESETS["gemini"],
        status=429,
        headers={"retry-after": "34"},
        body=body.encode(),
        model="m",
        now=stage.clock.wall(),
    )
    judge.refuse(stage.ledger, one, told)
    # Noon UTC is four in the morning in California.
    assert (stage.refused().reason, stage.wait()) == ("rpd", 20 * HOUR)


def test_in_a_bucket_the_stated_wait_is_right_for_a_day_too() -> None:
    body = (
        '{"error": {"message": "Rate limit reached on requests per day (RPD): Limit 1000, Used '
        '1000, Requested 1. Please try again in 1m26.4s.", "code": "rate_limit_exceeded"}}'
    )
    stage = Stage(limit("rpd", 1000, kind="bucket"))
    one = stage.take()
    told = classify(
        PRESETS["groq"],
        status=429,
        headers={},
        body=body.encode(),
        model="m",
        now=stage.clock.wall(),
    )
    judge.refuse(stage.ledger, one, told)
    assert (stage.refused().reason, stage.wait()) == ("rpd", 86.4)


def test_too_large_for_the_bucket_is_no_exhaustion() -> None:
    body = (
        '{"error": {"message": "Request too large for model on tokens per minute (TPM): '
        'Limit 8000, Requested 32979", "code": "rate_limit_exceeded"}}'
    )
    for status in (413, 429):
        assert meaning_of(PRESETS["groq"], body, status=status) == Meaning.TOO_LONG

"""Every recorded answer of every provider, against what we make of it.

The expectation is worked out from each fixture's own `meaning`. Where DESIGN says otherwise than a
fixture's note, DESIGN wins, and the row in OURS says why.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from math import isclose
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from proxy.limits.headers import read_headers
from proxy.limits.readings import Meaning, Reading, Refusal
from proxy.limits.refusals import classify, classify_event
from proxy.model import LIMIT_WORDS, WINDOW_SECONDS, Preset
from proxy.providers.presets import load_presets

M = Meaning
PRESETS = load_presets()
COMPILED = datetime(2026, 11, 22, 12, tzinfo=UTC)
FILE = Path(__file__).parents[2] / "data" / "provider-fixtures.json"

PRESET_OF = {
    "nvidia_nim": "nvidia",
    "vercel_ai_gateway": "vercel",
    "ollama_local": "ollama",
    "ollama_cloud": "ollama-cloud",
    "llama_cpp": "llamacpp",
    "azure_openai": "azure",
    # No preset of their own: any OpenAI-compatible address may speak like them.
    "github_models": "openai-compatible",
    "chutes": "openai-compatible",
    "generic": "openai-compatible",
}

MEANING_OF = {
    "too_large": M.TOO_LONG,
    "context": M.TOO_LONG,
    "auth": M.BAD_KEY,
    "model_gone": M.NO_MODEL,
    "capacity": M.OVERLOADED,
    "billing": M.CREDIT,
    "no_allowance": M.NO_ALLOWANCE,
    "concurrency": M.CONCURRENT,
    "bad_request": M.BAD_REQUEST,
    "upstream_failure": M.FAILURE,
    "rate_limit": M.LIMIT,
    "quota": M.LIMIT,
}

OURS: Mapping[str, Meaning | None] = {
    # A window without a word (second, five hours, neurons, a budget in flight) is a wait.
    "cerebras/429_request_quota_second": M.WAIT,
    "together/429_dynamic_request_limited": M.WAIT,
    "llm7/429_one_second": M.WAIT,
    "openrouter/402_in_flight_budget": M.WAIT,
    "cloudflare/sse_4006_first_chunk": M.WAIT,
    "zai/429_1308_five_hour_window": M.WAIT,
    # "requests/tokens per minute" leaves open which: a minute's wait.
    "scaleway/429_quota": M.WAIT,
    # No window and no wait is in the answer: DESIGN A5's ladder, or the one known minute.
    "gemini/429_no_details": M.SILENT,
    "nvidia_nim/429_problem_json": M.SILENT,
    "ovhcloud/429_anonymous": M.SILENT,
    "modelscope/429_request_limit": M.SILENT,
    "vercel_ai_gateway/429_free_tier_model": M.SILENT,
    "ollama_cloud/429_session_limit": M.SILENT,
    "ollama_cloud/429_weekly_limit": M.SILENT,
    "openrouter/sse_midstream_error_429": M.SILENT,
    # A smaller answer would be paid for: the same entry once more with that number.
    "openrouter/402_cannot_afford_max_tokens": M.CAP_TOO_LARGE,
    # DESIGN A5 puts a 402 under credit, with its documented renewal.
    "huggingface/402_credits_depleted": M.CREDIT,
    # The field is named, so it is left out.
    "mistral/422_extra_forbidden_wrapped": M.PARAMETERS,
    # An end without a finish is seen by whoever reads the stream; no event says it.
    "generic/sse_eof_without_finish": None,
}

# Seconds that the fixture suggests, but its answer does not say: the ladder's business.
SUGGESTED = frozenset({"unknown_seconds", "unknown", "probe", "dynamic"})

# Readings that DESIGN or providers.md rules out.
NO_READING = {
    # A limit of 10^9 means none.
    "cerebras/success_headers_docs_sample",
    # The Hub's own limits, not the router's: the fixture says to ignore them.
    "huggingface/hub_ietf_headers",
}


@dataclass(frozen=True)
class Fixture:
    name: str
    preset: Preset
    status: int
    headers: Mapping[str, str]
    body: bytes
    events: tuple[bytes, ...]
    meaning: Mapping[str, Any]

    @property
    def model(self) -> str:
        free = "all-free-models" in str(self.meaning.get("scope"))
        return "vendor/model:free" if free else "vendor/model"

    @property
    def now(self) -> float:
        """The compile date; 30 s before the moment that the answer names, if it names one."""
        at = self.meaning.get("reset_at")
        return datetime.fromisoformat(at).timestamp() - 30 if at else COMPILED.timestamp()

    @property
    def refused(self) -> bool:
        return self.meaning["kind"] in MEANING_OF

    def refusal(self) -> Refusal | None:
        if self.status != 200:
            return classify(
                self.preset,
                status=self.status,
                headers=self.headers,
                body=self.body,
                model=self.model,
                now=self.now,
            )
        for data in self.events or (self.body,):
            found = classify_event(self.preset, data, self.model, self.now)
            if found is not None:
                return found
        return None


def load() -> list[Fixture]:
    fixtures: list[Fixture] = []
    for raw in json.loads(FILE.read_text("utf-8"))["fixtures"]:
        body = json.dumps(raw["body"]) if "body" in raw else raw.get("body_text", "")
        lines = raw.get("sse", "").splitlines()
        provider: str = raw["provider"]
        fixtures.append(
            Fixture(
                name=f"{provider}/{raw['case']}",
                preset=PRESETS[PRESET_OF.get(provider, provider)],
                status=raw["http_status"],
                headers=raw["headers"],
                body=body.encode(),
                events=tuple(line[6:].encode() for line in lines if line.startswith("data: {")),
                meaning={key: v for key, v in raw["meaning"].items() if v is not None},
            )
        )
    return fixtures


FIXTURES = load()
BY_NAME = {fixture.name: fixture for fixture in FIXTURES}
REFUSED = [fixture for fixture in FIXTURES if fixture.refused]


def expected(fixture: Fixture) -> Meaning | None:
    return OURS.get(fixture.name, MEANING_OF[fixture.meaning["kind"]])


TIMED = [fixture for fixture in REFUSED if expected(fixture) in (M.LIMIT, M.WAIT)]
LONG = [fixture for fixture in REFUSED if expected(fixture) is M.TOO_LONG]
ANSWERED = [fixture for fixture in REFUSED if expected(fixture) is not None]


def ids(fixture: Fixture) -> str:
    return fixture.name


def word_of(dimension: str) -> str:
    """`input_tokens_per_minute` as `tpm`; "" where our vocabulary has no word."""
    told = dimension.removeprefix("input_").split("_per_")
    found = (word for word, pair in LIMIT_WORDS.items() if pair == tuple(told))
    return next(found, "")


def scope_of(scope: str) -> str:
    if "all-free" in scope:
        return "pool"
    if "model" in scope and "paid" not in scope:
        return "model"
    return "model" if scope in ("request", "deployment", "key+endpoint") else "account"


def boundary(rule: str, now: float) -> float | None:
    """Seconds to the end of the window that a fixture's rule names."""
    zones = {"utc": "UTC", "pacific": "America/Los_Angeles", "beijing": "Asia/Shanghai"}
    if rule in ("minute_window", "wall_clock_minute", "next_minute_boundary"):
        return 60 - now % 60
    if rule.startswith("next_month"):
        return datetime(2026, 12, 1, tzinfo=UTC).timestamp() - now
    for place, zone in zones.items():
        if rule == f"next_{place}_midnight":
            # The samples without a moment of their own are read at noon of 22 November.
            return datetime(2026, 11, 23, tzinfo=ZoneInfo(zone)).timestamp() - now
    return None


def until(fixture: Fixture, refusal: Refusal, reading: Reading | None) -> float:
    """Seconds that an entry is out, as the ledger understands a refusal."""
    if refusal.wait is not None:
        return refusal.wait
    assert reading is not None
    assert reading.window is not None
    if reading.reset is not None:
        return reading.reset
    if fixture.preset.kind(reading.window) != "clock":
        return WINDOW_SECONDS[reading.window]
    at = {"minute": "minute_window", "month": "next_month_utc"}
    zone = {"America/Los_Angeles": "pacific", "Asia/Shanghai": "beijing"}
    place = zone.get(fixture.preset.zone, "utc")
    seconds = boundary(at.get(reading.window, f"next_{place}_midnight"), fixture.now)
    assert seconds is not None
    return seconds


def test_the_file_is_whole_and_our_exceptions_are_of_it() -> None:
    assert len(FIXTURES) == 122
    assert set(OURS) | NO_READING <= set(BY_NAME)


@pytest.mark.parametrize("fixture", REFUSED, ids=ids)
def test_meaning(fixture: Fixture) -> None:
    refusal = fixture.refusal()
    assert (refusal.meaning if refusal else None) == expected(fixture)


@pytest.mark.parametrize("fixture", ANSWERED, ids=ids)
def test_scope(fixture: Fixture) -> None:
    refusal = fixture.refusal()
    assert refusal is not None
    if refusal.meaning is M.CAP_TOO_LARGE:
        assert refusal.request_only
    elif fixture.meaning["scope"] == "account:paid-models":
        assert refusal.scope == "account"
        assert refusal.paid_only
    else:
        assert refusal.scope == scope_of(fixture.meaning["scope"])
    assert refusal.pool == ("*:free" if refusal.scope == "pool" else "")


@pytest.mark.parametrize("fixture", TIMED, ids=ids)
def test_limit_and_time(fixture: Fixture) -> None:
    refusal = fixture.refusal()
    told = fixture.meaning
    assert refusal is not None
    reading = None
    if refusal.meaning is M.LIMIT:
        dimension, window = LIMIT_WORDS[word_of(told["dimension"])]
        (reading,) = [
            reading
            for reading in refusal.readings
            if (reading.dimension, reading.window) == (dimension, window)
        ]
        assert reading.scope == scope_of(told["scope"])
        assert reading.limit == told.get("limit")
        assert reading.remaining == told.get("remaining", 0)
        if dimension == "tokens":
            assert refusal.requested == told.get("requested")
    rule = told.get("reset_rule", "")
    if "reset_at" in told:
        assert until(fixture, refusal, reading) == 30
    elif "reset_seconds" in told and (rule not in SUGGESTED or refusal.wait is None):
        assert isclose(until(fixture, refusal, reading), told["reset_seconds"])
    elif (seconds := boundary(rule, fixture.now)) is not None:
        assert isclose(until(fixture, refusal, reading), seconds)


@pytest.mark.parametrize("fixture", LONG, ids=ids)
def test_too_long_gives_its_numbers(fixture: Fixture) -> None:
    refusal = fixture.refusal()
    assert refusal is not None
    assert refusal.wait is None
    if "limit" in fixture.meaning:
        assert refusal.number == fixture.meaning["limit"]
    if "requested" in fixture.meaning:
        assert refusal.requested == fixture.meaning["requested"]


COOLING = {M.LIMIT, M.WAIT, M.SILENT, M.OVERLOADED}

REACTIONS: Mapping[str, tuple[set[Meaning], str | None]] = {
    "cooldown_model": (COOLING, "model"),
    "cooldown_account": (COOLING | {M.CREDIT}, "account"),
    "cooldown_free_pool": ({M.LIMIT}, "pool"),
    "cooldown_paid": ({M.WAIT}, "account"),
    "wait_for_slot": ({M.CONCURRENT}, None),
    "skip_request": ({M.TOO_LONG, M.CREDIT, M.CAP_TOO_LARGE}, "model"),
    "fix_request": ({M.PARAMETERS, M.BAD_REQUEST}, None),
    "disable_model": ({M.NO_MODEL, M.NO_ALLOWANCE}, "model"),
    "disable_account": ({M.BAD_KEY, M.CREDIT}, "account"),
    "failover": ({M.FAILURE}, None),
    "stream_error_failover": (COOLING, None),
}


@pytest.mark.parametrize("fixture", ANSWERED, ids=ids)
def test_reaction(fixture: Fixture) -> None:
    refusal = fixture.refusal()
    assert refusal is not None
    meanings, scope = REACTIONS[fixture.meaning["reaction"]]
    assert refusal.meaning in meanings
    assert scope is None or refusal.scope == scope
    if fixture.meaning["reaction"] == "skip_request" and refusal.meaning is not M.TOO_LONG:
        assert refusal.request_only
    if fixture.meaning["reaction"] == "cooldown_paid":
        assert refusal.paid_only


@pytest.mark.parametrize("fixture", [f for f in FIXTURES if not f.refused], ids=ids)
def test_an_answer_without_an_error_is_no_refusal(fixture: Fixture) -> None:
    for data in fixture.events or (fixture.body,):
        assert classify_event(fixture.preset, data, fixture.model, fixture.now) is None


HEADED = [fixture for fixture in FIXTURES if fixture.meaning["kind"] == "headers"]


@pytest.mark.parametrize("fixture", HEADED, ids=ids)
def test_headers(fixture: Fixture) -> None:
    heard = read_headers(
        fixture.preset, fixture.headers, status=200, model=fixture.model, now=fixture.now
    )
    assert heard.garbage == 0
    told = [fixture.meaning, *fixture.meaning.get("also", [])]
    if fixture.name in NO_READING or "dimension" not in fixture.meaning:
        assert heard.readings == ()
        return
    if fixture.name == "openai/success_headers":
        # The project's tokens are the tighter of two limits that share one place.
        told.remove(next(limit for limit in told if limit["limit"] == 150000))
    if fixture.name == "together/success_headers":
        # Of a second: no word, so no window. The fixture leaves the numbers out.
        assert [(r.dimension, r.window, r.limit, r.remaining) for r in heard.readings] == [
            ("requests", None, 10, 9),
            ("tokens", None, 3000, 2900),
        ]
        return
    assert len(heard.readings) == len(told)
    for limit, reading in zip(told, heard.readings, strict=True):
        assert (reading.dimension, reading.window) == LIMIT_WORDS[word_of(limit["dimension"])]
        # `also` leaves the scope out where it is the first one's.
        assert reading.scope == scope_of(limit.get("scope", fixture.meaning["scope"]))
        assert reading.limit == limit["limit"]
        if "remaining" in limit:
            assert reading.remaining == limit["remaining"]
        if "reset_seconds" in limit and limit["reset_seconds"] is not None:
            assert reading.reset is not None
            assert isclose(reading.reset, limit["reset_seconds"])

"""What a refusal means, for every kind that providers are known to send, and for any bytes."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from math import isfinite
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.limits.readings import Meaning, Reading, Refusal
from proxy.limits.refusal_envelope import read_envelope
from proxy.limits.refusals import classify, classify_event
from proxy.limits.spellings import LONGEST
from proxy.model import Preset
from proxy.providers.presets import load_presets

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC).timestamp()
PRESETS = load_presets()
ANY = "openai-compatible"
CASES: dict[str, list[dict[str, Any]]] = json.loads(
    (Path(__file__).parents[2] / "data" / "refusals.json").read_text("utf-8")
)


def refuse(
    status: int,
    body: Any,
    preset: str = ANY,
    headers: dict[str, str] | None = None,
    model: str = "vendor/model",
) -> Refusal:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return classify(
        PRESETS[preset], status=status, headers=headers or {}, body=raw, model=model, now=NOW
    )


def said(message: str, code: Any = None, type: str | None = None, **more: Any) -> dict[str, Any]:
    return {"error": {"message": message, "type": type, "code": code, **more}}


def google(status: str, message: str, *details: dict[str, Any], code: int = 429) -> list[Any]:
    error = {"code": code, "message": message, "status": status, "details": list(details)}
    return [{"error": error}]


def violation(quota: str, value: str = "20", metric: str = "requests") -> dict[str, Any]:
    return {
        "@type": "type.googleapis.com/google.rpc.QuotaFailure",
        "violations": [{"quotaId": quota, "quotaMetric": metric, "quotaValue": value}],
    }


def told_of(reading: Reading) -> dict[str, Any]:
    return {key: value for key, value in reading._asdict().items() if value not in (None, "")}


def understood(case: dict[str, Any]) -> Refusal:
    """What we make of one case of the file; an error inside a 200 comes as an event."""
    body = case["text"].encode() if "text" in case else json.dumps(case["body"]).encode()
    model = case.get("model", "vendor/model")
    if case["status"] == 200:
        refusal = classify_event(PRESETS[case["preset"]], body, model, NOW)
        assert refusal is not None
        return refusal
    return refuse(case["status"], body, case["preset"], case.get("headers"), model)


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, id=f"{group} {index} {case['preset']} {case['status']}")
        for group, cases in CASES.items()
        if group != "about"
        for index, case in enumerate(cases)
    ],
)
def test_what_the_file_expects(case: dict[str, Any]) -> None:
    refusal = understood(case)
    fields = asdict(refusal) | {"readings": [told_of(reading) for reading in refusal.readings]}
    fields["parameters"] = list(refusal.parameters)
    assert {key: fields[key] for key in case["expect"]} == case["expect"]
    assert case["status"] == 200 or refusal.status == case["status"]


def test_every_meaning_is_reached() -> None:
    cases = (case for group, cases in CASES.items() if group != "about" for case in cases)
    assert {Meaning(case["expect"]["meaning"]) for case in cases} == set(Meaning)


RETRY = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34s"}
ON_QUOTA = "You exceeded your current quota, please check your plan and billing details."


def test_every_limit_of_one_refusal_is_a_reading() -> None:
    body = google(
        "RESOURCE_EXHAUSTED",
        ON_QUOTA,
        violation("GenerateRequestsPerMinutePerProjectPerModel-FreeTier", "5"),
        violation("GenerateRequestsPerDayPerProjectPerModel-FreeTier", "20"),
        RETRY,
    )
    refusal = refuse(429, body, "gemini")
    assert refusal.wait is None
    assert refusal.readings == (
        Reading("model", "requests", "minute", 5, 0, 34.0),
        Reading("model", "requests", "day", 20, 0),
    )


def test_of_the_headers_only_what_is_spent_belongs_to_the_refusal() -> None:
    headers = {
        "x-ratelimit-limit-requests": "1000",
        "x-ratelimit-remaining-requests": "900",
        "x-ratelimit-limit-tokens": "12000",
        "x-ratelimit-remaining-tokens": "7563",
    }
    text = "(TPM): Limit 12000, Used 4437, Requested 9854. Please try again in 11.455s."
    refusal = refuse(429, said(text), "groq", headers)
    assert [reading.dimension for reading in refusal.readings] == ["tokens"]
    assert refusal.requested == 9854


@pytest.mark.parametrize("preset", ["openrouter", ANY])
def test_openrouters_pools_by_any_road(preset: str) -> None:
    metadata = {
        "limit_source": "openrouter_free_tier_daily",
        "headers": {"X-RateLimit-Limit": "50", "X-RateLimit-Reset": str(int(NOW + 600) * 1000)},
    }
    body = said("Rate limit exceeded: free-models-per-day.", 429, metadata=metadata)
    refusal = refuse(429, body, preset, model="a/b:free")
    (reading,) = refusal.readings
    assert (reading.window, reading.limit, reading.remaining, reading.reset) == ("day", 50, 0, 600)
    # Without a preset's pool there is nothing to hang a pool's limit on.
    assert (refusal.scope, refusal.pool) == (
        ("pool", "*:free") if preset == "openrouter" else ("model", "")
    )


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[DONE]",
        b"null",
        b"[]",
        b'"text"',
        b"{",
        b'{"choices": [{"delta": {"content": "error"}}], "error": null}',
        b'{"choices": [], "usage": {}}',
        b'{"id": "x", "choices": null}',
        b'{"choices": [{"finish_reason": "stop"}], "message": "m", "code": 1}',
    ],
)
def test_an_event_without_an_error(data: bytes) -> None:
    assert classify_event(PRESETS[ANY], data, "m", NOW) is None


@pytest.mark.parametrize(
    "body, message, code, type, param",
    [
        ({"error": {"message": "m", "type": "t", "param": "p", "code": "c"}}, "m", "c", "t", "p"),
        ({"error": {"message": "m", "code": 429, "metadata": {}}}, "m", "429", "", ""),
        ({"message": "m", "type": "t", "param": "p", "code": "c"}, "m", "c", "t", "p"),
        ({"object": "error", "message": {"detail": [{"msg": "m"}]}, "type": "t"}, "m", "", "t", ""),
        ([{"error": {"code": 400, "message": "m", "status": "S"}}], "m", "400", "", ""),
        ({"detail": "m"}, "m", "", "", ""),
        ({"detail": [{"msg": "a"}, {"msg": "b"}]}, "a; b", "", "", ""),
        ({"status": 429, "title": "m"}, "m", "429", "", ""),
        ({"status": 404, "title": "t", "detail": "m"}, "m", "404", "", ""),
        ({"id": "x", "message": "m"}, "m", "", "", ""),
        ({"error": "m m"}, "m m", "", "", ""),
        ({"errors": {"message": "m", "request_id": "r"}}, "m", "", "", ""),
        ({"success": False, "errors": [{"code": 1, "message": "m"}]}, "m", "1", "", ""),
        ({"success": False, "error": {"message": "m"}, "status": 402}, "m", "", "", ""),
        ({"code": 20012, "message": "m", "data": None}, "m", "20012", "", ""),
        ("m", "m", "", "", ""),
    ],
)
def test_the_envelopes(body: Any, message: str, code: str, type: str, param: str) -> None:
    envelope = read_envelope(json.dumps(body).encode())
    assert (envelope.message, envelope.code, envelope.type, envelope.param) == (
        message,
        code,
        type,
        param,
    )


@pytest.mark.parametrize(
    "body",
    [b"", b" \r\n", b"<html>x</html>", b"plain words", b"\xff\xfe\xfa", b'{"error":', b"null"],
)
def test_what_is_no_json_error_has_no_message(body: bytes) -> None:
    assert read_envelope(body).message == ""


def sane(refusal: Refusal) -> bool:
    waits = [refusal.wait, *(reading.reset for reading in refusal.readings)]
    return all(wait is None or (isfinite(wait) and 1 <= wait <= LONGEST) for wait in waits)


WORDS = st.sampled_from(
    [
        *("rate", "limit", "exceeded", "per", "minute", "day", "tokens", "requests", "model", ":"),
        *("Limit 0", "Used 3", "Requested 9", "try again in", "9m", "-1s", "(TPM)", "max_tokens"),
        *("<= 8192", "not found", "context length", "is not supported", "'x'", "1e99", "٣", "|"),
        *("9" * 30, "reset at 2026-02-31", "credits", "concurrent", "overloaded", "[" * 50),
    ]
)
SENTENCES = st.lists(WORDS, max_size=12).map(" ".join)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | SENTENCES,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    *("error", "errors", "message", "code", "type", "param", "detail", "details"),
                    *("status", "title", "metadata", "headers", "raw", "violations", "loc", "msg"),
                    *(
                        "retryDelay",
                        "quotaId",
                        "quotaValue",
                        "fieldViolations",
                        "choices",
                        "object",
                    ),
                    *("retry_after", "n_ctx", "ctx", "finish_reason", "description", "reason"),
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)
STATUSES = st.sampled_from([200, 302, 400, 401, 402, 403, 404, 410, 412, 413, 422, 429, 500, 503])
HEADERS = st.dictionaries(
    st.sampled_from(["retry-after", "x-ratelimit-reset", "x-ratelimit-remaining-requests"]),
    st.text(max_size=20),
)


@given(
    st.sampled_from(list(PRESETS.values())),
    STATUSES,
    HEADERS,
    JSON.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=200),
)
def test_any_answer_is_understood_somehow(
    preset: Preset, status: int, headers: dict[str, str], body: bytes
) -> None:
    def once() -> Refusal:
        return classify(preset, status=status, headers=headers, body=body, model="m:free", now=NOW)

    refusal = once()
    assert refusal == once()
    assert sane(refusal)
    assert status != 401 or refusal.meaning is Meaning.BAD_KEY
    assert all(reading.limit is None or reading.limit > 0 for reading in refusal.readings)
    classify_event(preset, body, "m", NOW)


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 65536,
        b'{"error":' * 7000,
        b'{"error": {"message": "' + b"a " * 30000 + b'"}}',
        b'{"error": {"message": "' + b"max_tokens must " * 4000 + b'"}}',
        b'{"error": {"message": "' + b"property 'a.a.a.a" * 3500 + b'"}}',
        b'{"error": {"message": "' + b"1,2_3" * 12000 + b'"}}',
        b"model " * 10000,
        b'{"error": {"code": ' + b"9" * 5000 + b"}}",
    ],
    ids=range(8),
)
@pytest.mark.parametrize("status", [400, 403, 404, 429, 500])
@pytest.mark.timeout(5)
def test_a_hostile_body_ends_soon(status: int, body: bytes) -> None:
    assert sane(refuse(status, body[:65536]))

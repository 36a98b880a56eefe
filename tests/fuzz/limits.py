"""Targets: what providers say of their limits, in headers and in refusals."""

from __future__ import annotations

from math import isfinite

from hypothesis import strategies as st

from proxy.limits.headers import read_headers
from proxy.limits.readings import Reading
from proxy.limits.refusals import classify, classify_event
from proxy.limits.spellings import LONGEST, NO_LIMIT
from proxy.providers.presets import load_presets
from tests.fuzz.json_values import damaged_json, encoded, exchanged
from tests.fuzz.target import Target

_PRESETS = load_presets()
_NOW = 1_795_348_800.0

_NAMES = st.sampled_from(
    [
        *("retry-after", "Retry-After", "retry-after-ms", "x-ratelimit-limit-requests"),
        *("x-ratelimit-remaining-requests", "x-ratelimit-reset-requests", "x-ratelimit-limit"),
        *("x-ratelimit-remaining-tokens", "x-ratelimit-limit-tokens-minute", "ratelimit"),
        *("x-ratelimit-remaining", "x-ratelimit-reset", "ratelimit-policy", "x-ratelimit-type"),
        *("x-ratelimit-remaining-req-minute", "x-ratelimit-reset-tokens-day", "rate", "date"),
        *("x-ms-ratelimit-global-remaining", "x-ratelimit-modelscope-requests-remaining"),
    ]
) | st.text("abcrelimt-", max_size=30)
_VALUES = (
    st.sampled_from(
        [
            *("0", "1", "-1", "30", "1000000000", "9" * 30, "1e3", "nan", "inf", "١٢", "1_000"),
            *("6m0s", "1.5s", "120ms", "2h", "1d", "60", "0.5", "5,", "1;w=60", "  7  "),
            *("2026-11-22T13:00:00Z", "2026-02-30T99:00:00Z", "0000-00-00", "1795348860"),
            *("Sun, 22 Nov 2026 13:00:00 GMT", "Sun, 99 Nov 2026 13:00:00 GMT", "1795348860000"),
            *('"default";r=50;t=30', "limit=100, remaining=50, reset=50", "\x1b[31m", "\x00"),
        ]
    )
    | st.text(max_size=20)
    | st.text("0123456789.:-smhdTZ ", max_size=20)
)
_HEADERS = st.dictionaries(_NAMES, _VALUES, max_size=8)
_PRESET = st.sampled_from(sorted(_PRESETS))

_ERROR = {
    "error": {
        "message": "Rate limit reached for model `m` on tokens per minute (TPM): Limit 6000, "
        "Used 5900, Requested 500. Please try again in 7.66s.",
        "type": "tokens",
        "code": "rate_limit_exceeded",
        "param": None,
        "metadata": {"raw": "slow down", "headers": {"X-RateLimit-Reset": "1795348860000"}},
        "details": [
            {
                "@type": "type.googleapis.com/google.rpc.QuotaFailure",
                "violations": [{"quotaId": "GenerateRequestsPerDayPerProject", "quotaValue": "20"}],
            },
            {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "42s"},
        ],
    }
}
_PHRASES = st.sampled_from(
    [
        *("insufficient_quota", "You exceeded your current quota", "model not found", "overloaded"),
        *("Please try again in 99999999999999999999s", "retry in -5s", "context length is 8192"),
        *("max_tokens must be less than or equal to 99999999999999999999999", "Invalid API key"),
        *("Unsupported parameter: 'messages.3.name'", "property 'a' is unsupported", "TPM", "free"),
        *("Limit 0, Used 0, Requested 0", "limit: 0", "invalid_request_error", "429", "queue"),
        *("requests per day: Limit 9e99", "reset at 2026-99-99", "\u202e\x1b]0;x\x07", "<html>"),
    ]
)
_BODIES = exchanged(_ERROR, _PHRASES).map(encoded) | damaged_json(_ERROR) | _PHRASES.map(str.encode)


def _reads(case: tuple[str, dict[str, str], int]) -> None:
    preset, headers, status = case
    heard = read_headers(_PRESETS[preset], headers, status=status, model="v/m:free", now=_NOW)
    assert heard.garbage >= 0
    for reading in heard.readings:
        _is_sane(reading)


def _is_sane(reading: Reading) -> None:
    assert reading.limit is None or 0 < reading.limit < NO_LIMIT
    assert reading.reset is None or (isfinite(reading.reset) and 0 <= reading.reset <= LONGEST)
    assert reading.remaining is None or isfinite(reading.remaining)


def _understands(case: tuple[str, dict[str, str], int, bytes]) -> None:
    preset, headers, status, body = case
    refusal = classify(
        _PRESETS[preset], status=status, headers=headers, body=body, model="v/m:free", now=_NOW
    )
    assert refusal.wait is None or 1 <= refusal.wait <= LONGEST
    assert refusal.number is None or refusal.number > 0
    assert refusal.requested is None or refusal.requested >= 0
    for reading in refusal.readings:
        _is_sane(reading)
    classify_event(_PRESETS[preset], body, "v/m:free", _NOW)


_STATUS = st.sampled_from([200, 400, 401, 402, 403, 404, 408, 413, 422, 429, 498, 500, 503, 529])

TARGETS = (
    Target("limit headers", st.tuples(_PRESET, _HEADERS, _STATUS), _reads),
    Target("refusals", st.tuples(_PRESET, _HEADERS, _STATUS, _BODIES), _understands),
)

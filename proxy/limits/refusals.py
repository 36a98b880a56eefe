"""What a refusal means: decided here and nowhere else, by status, then code, then text."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import orjson

from proxy.limits.readings import Meaning, Refusal
from proxy.limits.refusal_case import Case, open_case
from proxy.limits.refusal_ceilings import answer_cap, cap_of_items
from proxy.limits.refusal_codes import IMPLIED_STATUS
from proxy.limits.refusal_envelope import Envelope, error_in, read_envelope, read_error
from proxy.limits.refusal_parameters import refused_parameters
from proxy.limits.refusal_rates import judge_rate, judge_size
from proxy.limits.refusal_words import (
    BAD_KEY,
    CONTENT_BLAME,
    FORBIDDEN,
    INCAPABLE,
    MISSING,
    MONEY,
    NO_ALLOWANCE,
    OVERLOAD,
    TOO_LONG,
    Phrases,
    first_rule,
)
from proxy.model import Preset

_TOOLS = frozenset({"tools", "functions", "tool_calling", "tool_use", "function_calling"})
_IMAGES = frozenset({"image_url", "input_image", "image_input", "image"})


def classify(
    preset: Preset,
    *,
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    model: str,
    now: float,
) -> Refusal:
    """Understand a refusal. `body` may be anything (its first 64 KiB), `now` is wall time.

    For a 200 that carries an error, the inner numeric code takes the status's place; without one
    it is a FAILURE. Never raises. Of header readings only those that the refusal is about come
    along; `read_headers` of the same answer gives the rest.
    """
    return _judge(preset, status, headers, read_envelope(body), model, now)


def classify_event(preset: Preset, data: bytes, model: str, now: float) -> Refusal | None:
    """The same for a 200's JSON (an event's data or a whole body); None if it carries no error."""
    try:
        parsed = orjson.loads(data)
    except orjson.JSONDecodeError:
        return None
    error = error_in(parsed)
    if error is None:
        return None
    return _judge(preset, 200, {}, read_error(error), model, now)


def _judge(
    preset: Preset,
    status: int,
    headers: Mapping[str, str],
    envelope: Envelope,
    model: str,
    now: float,
) -> Refusal:
    judged = shown = status
    if 200 <= status < 300:
        judged = envelope.status or _implied(envelope)
        shown = _inner_number(envelope) or status
    case = open_case(preset, judged, shown, envelope, headers, model, now)
    if judged == 401:
        return case.refuse(Meaning.BAD_KEY, "account")
    judge = _JUDGES.get(judged)
    if judge is not None:
        return judge(case)
    return _judge_failure(case)


def _implied(envelope: Envelope) -> int:
    for word in (envelope.code, envelope.type):
        if (status := IMPLIED_STATUS.get(word.lower())) is not None:
            return status
    return 200


def _inner_number(envelope: Envelope) -> int | None:
    """The numeric code inside, be it an HTTP status or the provider's own (Cloudflare's 4006)."""
    code = envelope.code
    if code.isascii() and code.isdigit() and 3 <= len(code) <= 5:
        return int(code)
    return envelope.status


def _by_code(case: Case) -> Refusal | None:
    rule = case.coded()
    return None if rule is None else case.apply(rule)


def _by_words(case: Case, *tables: Phrases) -> Refusal | None:
    for phrases in tables:
        if (rule := first_rule(phrases, case.text)) is not None:
            return case.apply(rule)
    return None


def _judge_request(case: Case) -> Refusal:
    """400 and 422: something about the request, or a provider's odd way to say something else."""
    if case.envelope.markup:
        # An HTML page or nothing at all: what stands in front of the provider spoke.
        return case.refuse(Meaning.FAILURE)
    cap = cap_of_items(case.envelope.items) or answer_cap(case.text)
    if cap is not None:
        return case.refuse(Meaning.CAP_TOO_LARGE, number=cap)
    refusal = _by_code(case)
    refusal = refusal or _by_words(case, BAD_KEY, NO_ALLOWANCE, MONEY, MISSING, OVERLOAD, TOO_LONG)
    if refusal is not None:
        return refusal
    if names := refused_parameters(case.envelope):
        return _refused(case, names)
    return _by_words(case, INCAPABLE) or case.refuse(Meaning.BAD_REQUEST)


def _refused(case: Case, names: tuple[str, ...]) -> Refusal:
    for name in names:
        last = name.rpartition(".")[2]
        if name in _TOOLS:
            return case.refuse(Meaning.INCAPABLE, capability="tools")
        if last in _IMAGES:
            return case.refuse(Meaning.INCAPABLE, capability="vision")
    return case.refuse(Meaning.PARAMETERS, parameters=names)


def _judge_money(case: Case) -> Refusal:
    """402. OpenRouter's `limit_source` and `reason` tell a spent balance from one dear request."""
    source = case.envelope.metadata.get("limit_source")
    if source == "openrouter_in_flight_budget":
        wait = case.wait()
        meaning = Meaning.SILENT if wait is None else Meaning.WAIT
        return case.refuse(meaning, "account", wait=wait, paid_only=True)
    if case.envelope.metadata.get("reason") == "weight_exceeds_budget":
        return case.refuse(Meaning.CREDIT, request_only=True)
    cap = answer_cap(case.text)
    if cap is not None:
        return case.refuse(Meaning.CAP_TOO_LARGE, number=cap, request_only=True)
    if "prompt tokens limit exceeded" in case.text.lower():
        return case.refuse(Meaning.CREDIT, request_only=True, number=case.too_long().number)
    return case.no_credit()


def _judge_forbidden(case: Case) -> Refusal:
    """403: the key, the plan, the purse, the prompt, or a CDN."""
    if case.envelope.markup:
        return case.refuse(Meaning.FAILURE)
    metadata = case.envelope.metadata
    if metadata.get("flagged_input") or metadata.get("reasons"):
        return case.refuse(Meaning.BAD_REQUEST)
    refusal = _by_code(case) or _by_words(case, BAD_KEY, NO_ALLOWANCE, MONEY)
    if refusal is not None:
        return refusal
    text = case.text.lower()
    if any(words in text for words in ("rate limit", "rate-limit", "ratelimit", "quota")):
        return judge_rate(case)
    refusal = _by_words(case, CONTENT_BLAME, TOO_LONG, INCAPABLE, MISSING)
    if refusal is None and case.envelope.message:
        refusal = _by_words(case, FORBIDDEN)
    return refusal or case.refuse(Meaning.FAILURE)


def _judge_missing(case: Case) -> Refusal:
    """404: the model, if the answer says so; without that it may be any wrong path or proxy."""
    refusal = _by_words(case, INCAPABLE) or _by_code(case)
    if refusal is not None:
        return refusal
    if case.envelope.markup:
        return case.refuse(Meaning.FAILURE)
    model = case.model.lower()
    if len(model) > 2 and model in case.envelope.message.lower():
        return case.refuse(Meaning.NO_MODEL)
    return _by_words(case, MISSING) or case.refuse(Meaning.FAILURE)


def _judge_gone(case: Case) -> Refusal:
    return case.refuse(Meaning.NO_MODEL)


def _judge_limit(case: Case) -> Refusal:
    return _by_code(case) or judge_rate(case)


def _judge_suspended(case: Case) -> Refusal:
    """412: Fireworks' suspended accounts."""
    return _by_code(case) or _by_words(case, MONEY) or case.refuse(Meaning.FAILURE)


def _judge_busy(case: Case) -> Refusal:
    return _by_code(case) or case.overloaded()


def _judge_failure(case: Case) -> Refusal:
    """Any other status: a failure, unless its code or its words know better."""
    refusal = _by_code(case)
    if refusal is None and case.status >= 500:
        # llama.cpp has told of a full context with a 500, OpenRouter of full workers with a 502.
        refusal = _by_words(case, OVERLOAD, TOO_LONG)
    return refusal or case.refuse(Meaning.FAILURE)


_JUDGES: Mapping[int, Callable[[Case], Refusal]] = {
    400: _judge_request,
    402: _judge_money,
    403: _judge_forbidden,
    404: _judge_missing,
    410: _judge_gone,
    412: _judge_suspended,
    413: judge_size,
    422: _judge_request,
    429: _judge_limit,
    503: _judge_busy,
    529: _judge_busy,
}

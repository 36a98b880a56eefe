"""What the codes of providers mean: tables, one row a fact. Codes beat sentences.

The rows hold for every provider, since an aggregator or an `openai-compatible` address may pass on
anybody's words.
Sources: providers.md 1b and its part 2, provider-fixtures.json.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from proxy.limits.readings import Meaning
from proxy.model import Dimension, Scope, Window


@dataclass(frozen=True, slots=True)
class Rule:
    """What a code or a sentence means. `wait` (seconds) holds where the answer states none."""

    meaning: Meaning
    scope: Scope = "model"
    wait: float | None = None
    until: Literal["", "day", "month"] = ""
    """The end of this window in `zone`, where the answer states no wait."""
    zone: str = ""
    """Where the provider's clock hangs; "": the preset's zone."""
    window: Window | None = None
    """Of a LIMIT: with `dimension`, what is spent."""
    dimension: Dimension = "requests"
    capability: Literal["tools", "vision", ""] = ""
    request_only: bool = False


_M = Meaning
_BEIJING = "Asia/Shanghai"

CONTENT = Rule(_M.BAD_REQUEST)
KEY = Rule(_M.BAD_KEY, "account")
CREDIT = Rule(_M.CREDIT, "account")
GONE = Rule(_M.NO_MODEL)
BUSY = Rule(_M.OVERLOADED)
LONG = Rule(_M.TOO_LONG)
FULL = Rule(_M.CONCURRENT)
NO_FREE = Rule(_M.NO_ALLOWANCE)
NO_FREE_ACCOUNT = Rule(_M.NO_ALLOWANCE, "account")
NEURONS = Rule(_M.WAIT, "account", until="day", zone="UTC")

CODES: Mapping[str, Rule] = {
    # OpenAI and everybody who speaks like it
    "invalid_api_key": KEY,
    "authentication": KEY,
    "authentication_error": KEY,
    "api_key_invalid": KEY,
    "account_deactivated": KEY,
    "wrong_api_key": KEY,
    "insufficient_quota": CREDIT,
    "insufficient_credits": CREDIT,
    "payment_required": CREDIT,
    "billing_hard_limit_reached": CREDIT,
    "billing_not_active": CREDIT,
    "model_not_found": GONE,
    "model_decommissioned": GONE,
    "model_not_available": GONE,
    "model_not_supported": GONE,
    "model_permission_blocked_project": GONE,
    "model_permission_blocked_org": GONE,
    "invalid_model": GONE,
    "deploymentnotfound": GONE,
    "context_length_exceeded": LONG,
    "exceed_context_size_error": LONG,
    "request_too_large": LONG,
    "tokens_limit_reached": LONG,
    "token_limit_exceeded": LONG,
    "payload_too_large": LONG,
    "string_above_max_length": LONG,
    "content_filter": CONTENT,
    "content_policy_violation": CONTENT,
    "refusal": CONTENT,
    "unsupported_country_region_territory": NO_FREE_ACCOUNT,
    # Anthropic
    "overloaded_error": BUSY,
    # Cerebras
    "queue_exceeded": BUSY,
    # Groq: its flex tier; a blocked organization; a model whose terms nobody has accepted yet
    "capacity_exceeded": BUSY,
    "organization_restricted": KEY,
    "model_terms_required": NO_FREE,
    # OpenRouter's `error_type` and `limit_source`
    "provider_overloaded": BUSY,
    "upstream_provider_shared_pool": BUSY,
    # Mistral
    "service_tier_capacity_exceeded": BUSY,
    # Together: moving limits of a second
    "dynamic_request_limited": Rule(_M.WAIT, wait=1.0),
    "dynamic_token_limited": Rule(_M.WAIT, wait=1.0),
    # ModelScope: bursts, cleared after about 45 s
    "limit_burst_rate": Rule(_M.WAIT, wait=45.0),
    # GitHub Models' UserConcurrentRequests
    "userconcurrentrequests": FULL,
}

FLAT_NUMBERS: Mapping[str, Rule] = {
    # Mistral
    "1500": GONE,
    "3505": BUSY,
    # SiliconFlow
    "20012": GONE,
    "30001": CREDIT,
    "50505": BUSY,
    "50603": BUSY,
}
"""Codes of bodies without a wrapper."""

NUMBERS: Mapping[str, Rule] = {
    # Z.ai and Zhipu: docs.bigmodel.cn, error codes
    **dict.fromkeys(("1000", "1001", "1002", "1003", "1004", "1110", "1111", "1112"), KEY),
    "1113": CREDIT,
    "1211": GONE,
    "1212": GONE,
    "1261": LONG,
    "1301": CONTENT,
    "1302": FULL,
    "1303": Rule(_M.SILENT),
    "1304": Rule(_M.LIMIT, "account", window="day", until="day", zone=_BEIJING),
    "1305": BUSY,
    "1308": Rule(_M.SILENT, "account", zone=_BEIJING),
    "1309": CREDIT,
    "1310": Rule(_M.SILENT, "account", zone=_BEIJING),
    "1311": NO_FREE,
    "1312": BUSY,
    "1313": Rule(_M.SILENT, "account", zone=_BEIJING),
    # Mistral, should someone wrap it
    "1500": GONE,
    "3505": BUSY,
    # Cloudflare Workers AI: 4006 is seen, 3036 is documented
    "3006": LONG,
    "3007": Rule(_M.FAILURE),
    "3008": Rule(_M.FAILURE),
    "3023": KEY,
    "3036": NEURONS,
    "3040": BUSY,
    "3041": NO_FREE,
    "3042": GONE,
    "4006": NEURONS,
    "5007": GONE,
    "5016": NO_FREE,
    "5018": NO_FREE,
    "5035": NO_FREE,
    "10000": KEY,
}
"""Codes within an error object. A 429 under one of these is told by the code, not by the status."""

IMPLIED_STATUS: Mapping[str, int] = {
    "rate_limit_exceeded": 429,
    "rate_limit_error": 429,
    "rate_limited": 429,
    "rate_limit": 429,
    "rate_limit_reached": 429,
    "resource_exhausted": 429,
    "too_many_requests": 429,
    "toomanyrequests": 429,
    "unauthorized": 401,
    "unauthenticated": 401,
    "invalid_request_error": 400,
    "badrequesterror": 400,
    "invalid_request": 400,
    "invalid_argument": 400,
    "not_found_error": 404,
    "permission_denied": 403,
    "provider_unavailable": 502,
    "service_unavailable": 503,
    "unavailable": 503,
    "server_error": 500,
    "internal_server_error": 500,
    "server": 500,
    "timeout": 408,
}
"""The status that a code or type without a number stands for, inside a 200."""

UNSPECIFIC: Mapping[str, Rule] = {"deepseek": FULL}
"""A 429 without a reason, by preset: DeepSeek limits nothing but requests in parallel."""

ACCOUNT_WAITS = frozenset({"llm7", "ollama-cloud"})
"""Presets whose stated wait holds for the whole account."""

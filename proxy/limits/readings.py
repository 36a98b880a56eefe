"""The vocabulary between a provider's answer and the ledger: what was read, what was refused."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, NamedTuple

from proxy.model import Dimension, Kind, Scope, Window


class Reading(NamedTuple):
    """What a provider says of one of its limits, in a header, a refusal or a quota endpoint.

    `reset` is in seconds from the moment the answer was received, None where nothing (or nothing
    usable) was said. `window` None: the provider does not say which window it speaks of.
    `limit` and `remaining` are None where not stated; a `limit` of 0 never comes as a reading, it
    is a refusal of meaning NO_ALLOWANCE.
    """

    scope: Scope
    dimension: Dimension
    window: Window | None
    limit: int | None = None
    remaining: int | None = None
    reset: float | None = None
    pool: str = ""
    kind: Kind | None = None
    """Where the answer itself shows it; None: the preset's kind of this window."""


class Meaning(StrEnum):
    """What a refusal means: one word for each row of DESIGN A5's table."""

    LIMIT = "limit"
    """A known limit is spent: `readings` say which, `wait` for how long if that was stated."""
    WAIT = "wait"
    """To wait `wait` seconds, for a reason that names no dimension."""
    SILENT = "silent"
    """Refused for its rate, and nothing else said."""
    CREDIT = "credit"
    """Out of money. `request_only`: just this request is too expensive."""
    CONCURRENT = "concurrent"
    """Too many of our own requests in parallel."""
    NO_ALLOWANCE = "no-allowance"
    """The model has no free allowance at all."""
    BAD_KEY = "bad-key"
    NO_MODEL = "no-model"
    INCAPABLE = "incapable"
    """The model lacks what the request needs: `capability`."""
    CAP_TOO_LARGE = "cap-too-large"
    """The answer's cap (`max_tokens`) must be at most `number`."""
    PARAMETERS = "parameters"
    """Refuses the request's fields named in `parameters`."""
    OVERLOADED = "overloaded"
    """The provider is, not we: says nothing of our quota."""
    TOO_LONG = "too-long"
    """The prompt does not fit; `number` is the ceiling in tokens where it was stated."""
    BAD_REQUEST = "bad-request"
    FAILURE = "failure"
    """Anything else: the circuit breaker's business."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A refusal, understood. Made in one place (`limits/refusals.py`), obeyed by the ledger."""

    meaning: Meaning
    status: int
    """The upstream's status, or the numeric code inside a 200 that carries an error."""
    scope: Scope = "model"
    pool: str = ""
    readings: tuple[Reading, ...] = ()
    wait: float | None = None
    """Seconds to wait as stated, at least 1, never beyond 32 days."""
    requested: int | None = None
    """Tokens that the provider counted this request as."""
    number: int | None = None
    parameters: tuple[str, ...] = ()
    """Dotted names of request fields: `stream_options.include_usage`, `messages.3.name`."""
    capability: Literal["tools", "vision", ""] = ""
    request_only: bool = False
    paid_only: bool = False
    """Only models outside the account's free pools are out (OpenRouter's credit refusals)."""
    message: str = ""
    """The JSON error's own message, not yet redacted; "" for HTML and the like."""
    code: str = ""
    """The JSON error's code as a string, for the client's error object."""


class Heard(NamedTuple):
    """All that an answer's headers said. `garbage` counts what could not be understood."""

    readings: tuple[Reading, ...] = ()
    garbage: int = 0

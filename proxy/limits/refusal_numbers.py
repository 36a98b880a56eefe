"""The limits that an error names, in its sentences or in Google's details."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from proxy.limits.readings import Reading
from proxy.model import WINDOW_SECONDS, Dimension, Kind, Scope, Window

_N = r"([0-9][0-9,_]{0,14})"
_WINDOWS: Mapping[str, Window] = {"min": "minute", "hou": "hour", "day": "day", "mon": "month"}
_LETTERS: Mapping[str, Window] = {"M": "minute", "H": "hour", "D": "day"}
_SECONDS: Mapping[int, Window] = {60: "minute", 3600: "hour", 86400: "day"}


def _words(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE | re.ASCII)


_STATED = _words(
    rf"\b([RT]P[MHD])\)?:? ?limit:? ?{_N}(?:,? used:? ?{_N})?(?:,? requested:? ?{_N})?"
)
"""Groq and OpenAI: "(TPM): Limit 12000, Used 4437, Requested 9854"."""

_LETTERED = re.compile(rf"\b([RT])P([MHD])\b(?:\W{{1,3}}{_N})?", re.ASCII)
"""SiliconFlow: "TPM limit reached", Moonshot: "max RPM: 20"."""

_PER = _words(
    r"(?:\b([0-9][0-9,]{0,14}) )?(?<![/a-z])(?:api )?"
    r"(request|quer(?:y|ie)|call|message|token)s?(?: rate)?(?: limit)?"
    r" ?(?:per|/|a|each)[ -]?(minute|min|hour|day|month)\b"
)
"""Cohere: "20 API calls / minute", Cerebras: "Tokens per day limit exceeded"."""

_DAILY = _words(
    r"\b(dai|hour|month)ly[- ](?:free[- ])?(request|call|token)s?\b"
    r"|\bfree-models-per-(min|day)"
    r"|(?<![/a-z])(request|call|token)s?[- ]per[- ](minute|hour|day|month)\b"
)
_DURATION = _words(rf"duration_s: ?([0-9]{{1,8}}), (?:current )?usage: ?{_N}, limit: ?{_N}")
"""SambaNova: "Violated duration_s: 86400, current usage: 196279, limit: 200000"."""

_OF_SECONDS = _words(rf"rate limit of {_N} per ([0-9]{{1,8}}) ?s")
"""GitHub Models: "Rate limit of 150 per 86400s exceeded for UserByModelByDay"."""

_GITHUB_TYPE = re.compile(r"UserByModelBy(Minute|Day)", re.ASCII)
_UPSELL = _words(r"\b(?:add [0-9]+ credits|upgrade (?:to|now)|need more|to get more)\b.*")
_AZURE = _words(r"exceeded (?:the )?(token|call|request) rate limit")
_BARE_WINDOW = _words(
    r"\b(?:per|/|a|this|each)[ -]?(minute|hour|day|month)\b|\b(minute|hour|dai|month)ly?\b"
)
_REQUESTED = _words(
    rf"(?:\brequested:? (?:about |up to )?|tokens? (?:count )?\(|current length is |received ){_N}"
)

_GOOGLE_WINDOWS: tuple[tuple[str, Window], ...] = (
    ("PerMonth", "month"),
    ("PerDay", "day"),
    ("PerHour", "hour"),
    ("PerMinute", "minute"),
)


def number(text: str) -> int:
    """Of digits with or without separators of thousands."""
    return int(re.sub(r"[,_]", "", text))


@dataclass(frozen=True, slots=True)
class Named:
    """A limit as an error names it."""

    dimension: Dimension
    window: Window
    limit: int | None = None
    used: int | None = None
    requested: int | None = None
    scope: Scope = "model"

    @property
    def too_large(self) -> bool:
        """The request alone is larger than the whole limit: waiting never helps."""
        return (
            self.dimension == "tokens"
            and self.limit is not None
            and self.requested is not None
            and self.requested > self.limit
        )

    def reading(self, wait: float | None) -> Reading:
        """`wait`: as stated for this limit; it tells a bucket from other kinds."""
        remaining = 0
        if self.limit is not None and self.used is not None:
            remaining = max(0, self.limit - self.used)
        return Reading(
            self.scope,
            self.dimension,
            self.window,
            self.limit,
            remaining,
            kind=self._kind(remaining, wait),
        )

    def _kind(self, remaining: int, wait: float | None) -> Kind | None:
        """A bucket shows itself: the stated wait is just what the missing part takes to refill."""
        if not (self.limit and self.requested and self.used is not None and wait):
            return None
        missing = self.requested - remaining
        refill = missing * WINDOW_SECONDS[self.window] / self.limit
        return "bucket" if missing > 0 and abs(refill - wait) <= max(1.0, 0.05 * refill) else None


def named_limits(text: str, wait: float | None) -> list[Named]:
    """Every limit that a sentence names, dimension and window both; none that it only hints at."""
    text = _UPSELL.sub("", text)
    if match := _STATED.search(text):
        letters, limit, used, requested = match.groups()
        dimension, window = _lettered(letters[0], letters[2])
        return [Named(dimension, window, number(limit), _maybe(used), _maybe(requested))]
    if match := _DURATION.search(text):
        window = _SECONDS.get(int(match[1]))
        if window is not None:
            limit, used = number(match[3]), number(match[2])
            # 20 requests and 200,000 tokens a day are its two limits: the size tells them apart.
            return [Named("tokens" if limit >= 10_000 else "requests", window, limit, used)]
    if match := _OF_SECONDS.search(text):
        window = _SECONDS.get(int(match[2]))
        if window is not None:
            return [Named("requests", window, number(match[1]))]
    if match := _GITHUB_TYPE.search(text):
        return [Named("requests", _WINDOWS[match[1].lower()[:3]])]
    if match := _AZURE.search(text):
        # It has limits of a minute and, on small tiers, of a day: only the wait tells.
        if wait is not None and wait > 3600:
            return [Named(_dimension(match[1]), "day")]
        return [Named(_dimension(match[1]), "minute")]
    return _distinct(_listed(text))


def _listed(text: str) -> Iterator[Named]:
    scope: Scope = (
        "account" if re.search(r"\byour rate limit is\b", text, re.IGNORECASE) else "model"
    )
    for match in _PER.finditer(text):
        dimension, window = _dimension(match[2]), _WINDOWS[match[3].lower()[:3]]
        trial = window == "month" and "trial key" in text.lower()
        yield Named(dimension, window, _maybe(match[1]), scope="account" if trial else scope)
    for match in _LETTERED.finditer(text):
        dimension, window = _lettered(match[1], match[2])
        yield Named(dimension, window, _maybe(match[3]))
    for match in _DAILY.finditer(text):
        ly, of_ly, free, of_per, per = (group and group.lower() for group in match.groups())
        window = _WINDOWS[(ly or free or per or "day").replace("dai", "day")[:3]]
        yield Named(_dimension(of_ly or of_per or ""), window)


def _distinct(found: Iterator[Named]) -> list[Named]:
    kept: dict[tuple[Dimension, Window], Named] = {}
    for named in found:
        kept.setdefault((named.dimension, named.window), named)
    return list(kept.values())


def google_limits(items: tuple[Mapping[str, Any], ...]) -> tuple[list[Named], bool]:
    """The violations in Google's `details[]`, and whether one of them allows nothing at all."""
    found: list[Named] = []
    for violation in _violations(items):
        name = f"{violation.get('quotaId', '')} {violation.get('quotaMetric', '')}"
        size = str(violation.get("quotaValue", ""))
        limit = int(size) if re.fullmatch(r"[0-9]{1,15}", size) else None
        if limit == 0:
            return [], True
        dimension: Dimension = "tokens" if "token" in name.lower() else "requests"
        windows: list[Window] = [window for word, window in _GOOGLE_WINDOWS if word in name]
        found += [Named(dimension, window, limit) for window in windows[:1]]
    return found, False


def google_delay(items: tuple[Mapping[str, Any], ...]) -> str:
    """`RetryInfo.retryDelay`, a protobuf duration such as `34s`."""
    for item in items:
        delay = item.get("retryDelay")
        if isinstance(delay, str):
            return delay
    return ""


def _violations(items: tuple[Mapping[str, Any], ...]) -> Iterator[Mapping[str, Any]]:
    for item in items:
        violations: Any = item.get("violations")
        if isinstance(violations, list):
            for violation in cast("list[Any]", violations)[:50]:
                if isinstance(violation, dict):
                    yield cast("Mapping[str, Any]", violation)


def bare_window(text: str) -> Window | None:
    """The longest window that a sentence names without a dimension; None if none."""
    order: tuple[Window, ...] = ("month", "day", "hour", "minute")
    found = {
        _WINDOWS[(match[1] or match[2]).lower().replace("dai", "day")[:3]]
        for match in _BARE_WINDOW.finditer(text)
    }
    return next((window for window in order if window in found), None)


def requested_tokens(text: str) -> int | None:
    match = _REQUESTED.search(text)
    return None if match is None else number(match[1])


def _lettered(dimension: str, window: str) -> tuple[Dimension, Window]:
    return ("tokens" if dimension in "Tt" else "requests"), _LETTERS[window.upper()]


def _dimension(word: str) -> Dimension:
    return "tokens" if word.lower() == "token" else "requests"


def _maybe(text: str | None) -> int | None:
    return number(text) if text else None

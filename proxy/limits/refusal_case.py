"""One refused answer with all that was read of it, and how a verdict on it is written down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from proxy.limits.headers import scan_headers, stated_wait, waitable
from proxy.limits.readings import Meaning, Reading, Refusal
from proxy.limits.refusal_ceilings import ceiling
from proxy.limits.refusal_codes import CODES, FLAT_NUMBERS, NUMBERS, Rule
from proxy.limits.refusal_envelope import Envelope
from proxy.limits.refusal_numbers import google_delay, requested_tokens
from proxy.limits.spellings import parse_wait, read_prose
from proxy.limits.windows import seconds_to_boundary
from proxy.model import Preset, Scope, Window

SHORT: Mapping[Window, float] = {"day": 3600.0, "month": 86400.0}
"""A hint shorter than this, in seconds, speaks of a smaller window than the one that is spent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A refusal before the verdict. `now` is wall time."""

    preset: Preset
    status: int
    """What is judged; `shown` is what the trail says (the same, but for errors inside a 200)."""
    shown: int
    envelope: Envelope
    text: str
    model: str
    now: float
    header_wait: float | None
    heard: tuple[Reading, ...]
    """What the headers say, those included that the body repeats."""
    no_allowance: bool

    def wait(self, zone: str = "") -> float | None:
        """Seconds as stated, by headers, then by a field of the body, then in its sentences."""
        zone = zone or self.preset.zone
        if self.header_wait is not None:
            return self._finer(self.header_wait, zone)
        for told in (google_delay(self.envelope.items), self.envelope.retry_after):
            seconds = waitable(parse_wait(told, self.now, zone)) if told else None
            if seconds is not None:
                return seconds
        return waitable(read_prose(self.text, self.now, zone))

    def _finer(self, header: float, zone: str) -> float:
        """A header's whole seconds, as its text has them to the millisecond (Groq, OpenAI)."""
        told = waitable(read_prose(self.text, self.now, zone))
        return told if told is not None and header - 1 < told < header else header

    def boundary(self, window: Window, zone: str = "") -> float:
        """Seconds, at least 1, until a window of the provider's clock ends."""
        return max(1.0, seconds_to_boundary(window, zone or self.preset.zone, self.now))

    def refuse(self, meaning: Meaning, scope: Scope = "model", **more: Any) -> Refusal:
        return Refusal(
            meaning=meaning,
            status=self.shown,
            scope=scope,
            message=self.envelope.message,
            code=self.envelope.code,
            **more,
        )

    def coded(self) -> Rule | None:
        """The rule of the answer's code, type or OpenRouter's words beside them."""
        envelope = self.envelope
        numbers = FLAT_NUMBERS if envelope.flat else NUMBERS
        if (rule := numbers.get(envelope.code)) is not None:
            return rule
        for word in envelope.words:
            if (rule := CODES.get(word.lower())) is not None:
                return rule
        return None

    def apply(self, rule: Rule) -> Refusal:
        """Write down what a rule of the tables means for this answer."""
        match rule.meaning:
            case Meaning.CREDIT:
                return self.no_credit()
            case Meaning.OVERLOADED:
                return self.overloaded()
            case Meaning.TOO_LONG:
                return self.too_long()
            case Meaning.LIMIT if rule.window is not None:
                reset = self.boundary(rule.window, rule.zone)
                reading = Reading(rule.scope, rule.dimension, rule.window, remaining=0, reset=reset)
                return self.refuse(Meaning.LIMIT, rule.scope, readings=(reading,))
            case Meaning.WAIT | Meaning.SILENT:
                return self.waiting(rule)
            case _:
                return self.refuse(rule.meaning, rule.scope, capability=rule.capability)

    def waiting(self, rule: Rule) -> Refusal:
        """A limit without a word: the stated wait, else the rule's, else nothing is known."""
        wait = self.wait(rule.zone)
        if rule.until and (wait is None or wait < SHORT[rule.until]):
            wait = self.boundary(rule.until, rule.zone)
        wait = rule.wait if wait is None else wait
        return self.refuse(Meaning.SILENT if wait is None else Meaning.WAIT, rule.scope, wait=wait)

    def no_credit(self) -> Refusal:
        """Money. Where an account has free models, only the paid ones are out, unless the refused
        one was free: a negative balance closes all (OpenRouterTeam/docs api_reference/limits.mdx).
        """
        wait = self.wait()
        if wait is not None and wait < 3600:
            # Retry-after as any 429 gets it: no balance renews itself within the hour.
            wait = None
        lower = self.text.lower()
        if wait is None and ("monthly included credits" in lower or "next month" in lower):
            # Hugging Face and Cohere renew on the first.
            wait = self.boundary("month", "UTC")
        paid_only = bool(self.preset.pools) and not self.preset.pool_of(self.model)
        return self.refuse(Meaning.CREDIT, "account", wait=wait, paid_only=paid_only)

    def overloaded(self) -> Refusal:
        """A local server is one machine: all its models are busy together."""
        scope: Scope = "account" if self.preset.local else "model"
        return self.refuse(Meaning.OVERLOADED, scope, wait=self.wait())

    def too_long(self) -> Refusal:
        """The prompt does not fit; the ceiling and its size in tokens, where they are told."""
        number = self.envelope.context_window or ceiling(self.text)
        requested = requested_tokens(self.text)
        return self.refuse(Meaning.TOO_LONG, number=number, requested=requested)


def open_case(
    preset: Preset,
    status: int,
    shown: int,
    envelope: Envelope,
    headers: Mapping[str, str],
    model: str,
    now: float,
) -> Case:
    told = envelope.metadata.get("headers")
    repeated: dict[str, str] = {}
    if isinstance(told, dict):
        for name, value in cast("dict[Any, Any]", told).items():
            if isinstance(name, str) and isinstance(value, str | int | float):
                repeated[name.lower()] = str(value)
    repeated.update((name.lower(), value) for name, value in headers.items())
    scan = scan_headers(preset, repeated, model=model, now=now)
    # GitHub Models names its limiter, Hugging Face its reason, in a header.
    aside = [repeated[name] for name in ("x-ratelimit-type", "x-error-message") if name in repeated]
    return Case(
        preset=preset,
        status=status,
        shown=shown,
        envelope=envelope,
        text=" | ".join([envelope.text, *aside])[:6000],
        model=model,
        now=now,
        header_wait=stated_wait(repeated, now),
        heard=tuple(
            reading._replace(reset=None if reading.reset is None else max(1.0, reading.reset))
            for reading in scan.readings
        ),
        no_allowance=scan.no_allowance,
    )

"""Entries for the ledger's tests, without a configuration around them."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import SecretStr

from proxy.limits.demand import Need
from proxy.limits.ledger import Ledger, Reservation
from proxy.limits.readings import Meaning, Reading, Refusal
from proxy.limits.status import Verdict
from proxy.model import (
    LIMIT_WORDS,
    Entry,
    Kind,
    Limit,
    Preset,
    Provider,
    Scope,
    Source,
    Window,
    make_entry,
)


def provider(
    *,
    account: str = "acme",
    origin: str = "https://acme.test:443",
    pools: tuple[str, ...] = (),
    counts_cap: bool = False,
    zone: str = "UTC",
    kinds: Mapping[str, Kind] | None = None,
    key: str | None = "k",
) -> Provider:
    return Provider(
        id=account,
        preset=Preset(
            id="acme",
            title="Acme",
            pools=pools,
            counts_cap=counts_cap,
            zone=zone,
            kinds=kinds or {},
        ),
        base_url=origin,
        origin=origin,
        account=account,
        key=None if key is None else SecretStr(key),
    )


def limit(
    word: str,
    size: int,
    *,
    scope: Scope = "model",
    kind: Kind = "rolling",
    source: Source = "manual",
    pool: str = "",
    zone: str = "UTC",
) -> Limit:
    dimension, window = LIMIT_WORDS[word]
    return Limit(scope, dimension, window, size, kind, source, pool, zone)


def entry_of(provider: Provider, model: str = "m", *limits: Limit, **facts: int | bool) -> Entry:
    made = make_entry(provider, model)
    return Entry(
        name=made.name,
        provider=provider,
        model=model,
        pool=made.pool,
        limits=limits,
        context_window=facts.get("context_window"),
        max_output=facts.get("max_output"),
        vision=None,
        tools=None,
        enabled=bool(facts.get("enabled", True)),
    )


def take(ledger: Ledger, entry: Entry, need: Need | None = None) -> Reservation:
    """A reservation that must be had."""
    got = ledger.reserve(entry, need or Need())
    assert isinstance(got, Reservation), got
    return got


def refused(ledger: Ledger, entry: Entry, need: Need | None = None) -> Verdict:
    """The verdict on a request that must not go."""
    got = ledger.reserve(entry, need or Need())
    assert isinstance(got, Verdict)
    return got


def take_all(ledger: Ledger, entry: Entry, most: int = 1000) -> list[Reservation]:
    """As many as may go at this moment."""
    taken: list[Reservation] = []
    while len(taken) < most:
        got = ledger.reserve(entry, Need())
        if isinstance(got, Verdict):
            break
        taken.append(got)
    return taken


def rpm(
    remaining: int | None = None,
    reset: float | None = None,
    limit: int | None = None,
    *,
    window: Window | None = "minute",
    scope: Scope = "model",
) -> Reading:
    return Reading(scope, "requests", window, limit, remaining, reset)


def tpm(
    remaining: int | None = None, reset: float | None = None, limit: int | None = None
) -> Reading:
    return Reading("model", "tokens", "minute", limit, remaining, reset)


def refusal(
    meaning: Meaning, *readings: Reading, wait: float | None = None, scope: Scope = "model"
) -> Refusal:
    return Refusal(meaning=meaning, status=429, readings=readings, wait=wait, scope=scope)

"""The configuration of a test: a chain of links, each an entry and its provider."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

from pydantic import SecretStr

from proxy.model import (
    Chain,
    Client,
    Configuration,
    ModelSpec,
    Preset,
    Provider,
    Routing,
    Timeouts,
    make_entry,
)
from tests.upstreams.fake_provider import Answers

KEY = "sk-client-of-the-tests"
PLAIN = Preset(id="plain", title="Plain")
AGGREGATOR = Preset(id="hub", title="Hub", aggregator=True)

QUICK = Timeouts(connect=1.0, first_token=0.3, plain=0.3, idle=0.3, total=5.0)
"""For upstreams that are slow on purpose."""


@dataclass(frozen=True, slots=True)
class Link:
    """One entry of the chain. Without `answers` and `base_url` it shares the provider of that id,
    which an earlier link has set up."""

    answers: Answers | None = None
    provider: str = ""
    model: str = "m"
    base_url: str = ""
    preset: Preset = PLAIN
    key: str | None = "sk-provider-{id}-0123456789"
    limits: Mapping[str, int] = field(default_factory=dict[str, int])
    """Of the model."""
    account: Mapping[str, int] = field(default_factory=dict[str, int])
    """Limits of the account."""
    spec: ModelSpec = field(default_factory=ModelSpec)
    timeouts: Timeouts = field(default_factory=Timeouts)
    enabled: bool = True
    headers: Mapping[str, SecretStr] = field(default_factory=dict[str, SecretStr])


def make_configuration(
    links: Iterable[Link],
    base_urls: Mapping[str, str],
    *,
    routing: Routing | None = None,
    clients: tuple[Client, ...] | None = None,
    chains: Mapping[str, Iterable[str]] | None = None,
    models: tuple[str, ...] = (),
    max_wait: float | None = None,
    local_only: bool = False,
    **more: Any,
) -> Configuration:
    """The chain `free` of all links, or the `chains` of entry names."""
    links = list(links)
    providers: dict[str, Provider] = {}
    for link in links:
        specs = {
            one.model: replace(one.spec, limits=one.limits)
            for one in links
            if one.provider == link.provider
        }
        if link.provider not in providers:
            providers[link.provider] = _provider(link, base_urls[link.provider], specs)
    entries = {
        f"{link.provider}/{link.model}": make_entry(providers[link.provider], link.model)
        for link in links
    }
    named = chains or {"free": list(entries)}
    return Configuration(
        providers=providers,
        chains={
            name: Chain(
                name=name,
                entries=tuple(entries[one] for one in chosen),
                models=models if name == "free" else (),
                max_wait=max_wait,
                local_only=local_only,
            )
            for name, chosen in named.items()
        },
        clients=clients or (Client(name="default", keys=(SecretStr(KEY),)),),
        routing=routing or Routing(max_wait=0.0),
        entries=entries,
        **more,
    )


def _provider(link: Link, base_url: str, specs: Mapping[str, ModelSpec]) -> Provider:
    parts = urlsplit(base_url)
    origin = f"{parts.scheme}://{parts.hostname}:{parts.port or 443}"
    key = None if link.key is None else link.key.format(id=link.provider)
    return Provider(
        id=link.provider,
        preset=link.preset,
        base_url=base_url,
        origin=origin,
        account=hashlib.sha256(f"{origin} {key}".encode()).hexdigest()[:24],
        key=None if key is None else SecretStr(key),
        timeouts=link.timeouts,
        limits=link.account,
        models=specs,
        headers=link.headers,
        enabled=link.enabled,
    )

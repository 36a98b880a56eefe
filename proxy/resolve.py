"""From the model name a client sends to the chain that serves it (DESIGN A4, "Model")."""

from __future__ import annotations

from fnmatch import fnmatchcase
from functools import lru_cache

from proxy.errors import RequestFault
from proxy.model import Chain, Client, Configuration, Entry, Provider, make_entry
from proxy.text import safe_text

_MOST_NAMES = 20
"""Names that an error lists."""


def resolve(configuration: Configuration, client: Client, model: str) -> Chain:
    """The chain for a model name. Raises RequestFault (404 model_not_found)."""
    chain = named_chain(configuration, model)
    if client.chains is not None:
        if chain is not None and chain.name in client.chains:
            return chain
    elif chain is not None:
        return chain
    elif (entry := direct_entry(configuration, model)) is not None:
        return Chain(name=entry.name, entries=(entry,))
    if configuration.routing.unknown_model == "reject":
        raise _unknown(configuration, client, model)
    fallback = client.chain or configuration.routing.default_chain
    default = configuration.chains.get(fallback)
    if default is None or (client.chains is not None and fallback not in client.chains):
        raise _unknown(configuration, client, model)
    return default


def named_chain(configuration: Configuration, model: str) -> Chain | None:
    """By its own name, else by the longest of the `models` patterns that match."""
    chain = configuration.chains.get(model)
    if chain is not None:
        return chain
    best, longest = None, -1
    for candidate in configuration.chains.values():
        for pattern in candidate.models:
            if len(pattern) > longest and fnmatchcase(model, pattern):
                best, longest = candidate, len(pattern)
    return best


def direct_entry(configuration: Configuration, model: str) -> Entry | None:
    """`provider/model` as one entry, as far as `routing.direct` allows it."""
    direct = configuration.routing.direct
    if direct == "off":
        return None
    entry = configuration.entries.get(model)
    if entry is not None or direct == "configured":
        return entry
    return any_entry(configuration, model)


def any_entry(configuration: Configuration, name: str) -> Entry | None:
    """`provider/model`, configured or not; None for a provider that is not configured."""
    known = configuration.entries.get(name)
    if known is not None:
        return known
    provider_id, _, model = name.partition("/")
    provider = configuration.providers.get(provider_id)
    return _unlisted(provider, model) if provider is not None and model else None


@lru_cache(maxsize=256)
def _unlisted(provider: Provider, model: str) -> Entry:
    """The same entry each time: the ledger knows entries by identity."""
    return make_entry(provider, model)


def listed_models(configuration: Configuration, client: Client) -> list[tuple[str, str]]:
    """`(id, owned_by)` for `GET /v1/models`: chains, their other names, every provider/model."""
    listed = dict.fromkeys(chain_names(configuration, client), "429chain")
    if client.chains is None and configuration.routing.direct != "off":
        for name, entry in configuration.entries.items():
            listed.setdefault(name, entry.provider.id)
    return list(listed.items())


def chain_names(configuration: Configuration, client: Client) -> list[str]:
    """The chains that a client may use, then their `models` names that are no patterns."""
    chains = [
        chain
        for chain in configuration.chains.values()
        if client.chains is None or chain.name in client.chains
    ]
    others = [name for chain in chains for name in chain.models if not set(name) & set("*?[")]
    return list(dict.fromkeys([*(chain.name for chain in chains), *others]))


def _unknown(configuration: Configuration, client: Client, model: str) -> RequestFault:
    known = ", ".join(chain_names(configuration, client)[:_MOST_NAMES])
    return RequestFault(
        f"The model '{safe_text(model, 200)}' names no chain. "
        f"Chains: {known or 'none, add one under [chains]'}.",
        status=404,
        param="model",
        code="model_not_found",
    )

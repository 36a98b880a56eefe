"""From the model name a client sends to the chain that serves it (DESIGN A4, "Model")."""

from __future__ import annotations

from fnmatch import fnmatchcase

from proxy.errors import RequestFault
from proxy.model import Chain, Client, Configuration, Entry, make_entry

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
    if default is None:
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
    provider_id, slash, name = model.partition("/")
    provider = configuration.providers.get(provider_id)
    if not slash or not name or provider is None:
        return None
    return make_entry(provider, name)


def listed_models(configuration: Configuration, client: Client) -> list[tuple[str, str]]:
    """`(id, owned_by)` for `GET /v1/models`: chains, their other names, every provider/model."""
    chains = [
        chain
        for chain in configuration.chains.values()
        if client.chains is None or chain.name in client.chains
    ]
    listed = {chain.name: "429chain" for chain in chains}
    for chain in chains:
        for pattern in chain.models:
            if "*" not in pattern and "?" not in pattern and "[" not in pattern:
                listed.setdefault(pattern, "429chain")
    if client.chains is None and configuration.routing.direct != "off":
        for name, entry in configuration.entries.items():
            listed.setdefault(name, entry.provider.id)
    return list(listed.items())


def _unknown(configuration: Configuration, client: Client, model: str) -> RequestFault:
    names = [name for name, _ in listed_models(configuration, client)]
    known = ", ".join(names[:_MOST_NAMES]) or "none: add one under [chains]"
    return RequestFault(
        f"The model '{model[:200]}' names no chain. Chains: {known}.",
        status=404,
        param="model",
        code="model_not_found",
    )

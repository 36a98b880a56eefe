"""Does a provider take its key? Asked at no cost in quota."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

from pydantic import SecretStr

from proxy.model import Provider
from proxy.providers.listing import NoModelList

_MADE_UP = SecretStr("429chain-asks-whether-any-key-will-do")

Ask = Callable[[Provider, str], Awaitable[int | None]]
"""GET a path below a provider's base URL: the status, None where no answer came."""


async def is_key_tested(provider: Provider, ask: Ask) -> bool | None:
    """Whether a provider that gave its list would have refused a wrong key; None: unknown.

    Some lists are everybody's (OpenRouter, SambaNova), some go to any key (ModelScope): what a
    made-up key gets tells, wherever the provider really runs. Raises NoModelList where its own key
    is refused after all.
    """
    preset = provider.preset
    if provider.key is None:
        return None
    if preset.key_path:
        status = await ask(provider, preset.key_path)
        if status in (401, 403):
            raise NoModelList(f"key refused ({status})")
        if status == 200:
            return True
    status = await ask(replace(provider, key=_MADE_UP), preset.models_path)
    if status == 200:
        return False
    if status is not None and 400 <= status < 500 and status != 429:
        return True
    return None


def told(provider: Provider, tested: bool | None) -> str:
    """What a person should know beside the list, or ""."""
    if tested is False:
        return "its list is public, the key was not tested"
    if tested is None and provider.key is not None:
        return "whether that tests the key is unknown"
    return ""

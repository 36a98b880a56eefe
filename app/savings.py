"""What a served request would have cost: list prices of the paid models (genai-prices, offline)."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Protocol

from proxy.events import RequestFinished
from proxy.model import Configuration

log = logging.getLogger("429chain")

_SELLERS: Mapping[str, str] = {
    "azure": "azure",
    "cerebras": "cerebras",
    "cloudflare": "cloudflare",
    "cohere": "cohere",
    "deepseek": "deepseek",
    "fireworks": "fireworks",
    "gemini": "google",
    "groq": "groq",
    "mistral": "mistral",
    "openai": "openai",
    "openrouter": "openrouter",
    "ovhcloud": "ovhcloud",
    "together": "together",
    "zai": "zai",
}
"""Preset to the id under which the price list has the same seller. No other seller's price counts:
unknown is better than guessed."""
_FREE_SUFFIX = ":free"
_AFTER_START = 1.0
"""Seconds; what was served before has no price."""


class _PriceList(Protocol):
    """As much of the price list as is used: a model of a seller, or LookupError."""

    def price(self, seller: str, model: str, tokens_in: int, tokens_out: int, at: float) -> float:
        """Dollars. Raises LookupError for a model that the list does not have."""
        ...


class Savings:
    """Prices requests, with whatever list is loaded by then. `run` loads it, in a thread."""

    def __init__(self) -> None:
        self._prices: _PriceList | None = None
        self._unknown: set[tuple[str, str]] = set()
        self._sellers: Mapping[str, str] = {}
        self._reference = ""

    def configure(self, configuration: Configuration, reference: str) -> None:
        """`reference` (`openai/gpt-4o-mini`) prices everything; "": the model that served."""
        self._sellers = {
            provider.id: _SELLERS.get(provider.preset.id, "")
            for provider in configuration.providers.values()
        }
        self._reference = reference

    async def run_after_the_start(self) -> None:
        """Load it when that is over: it takes as long as all the rest of it."""
        await asyncio.sleep(_AFTER_START)
        await self.run()

    async def run(self) -> None:
        """Load the price list; returns when that is done. Nothing is fetched."""
        self._prices = await asyncio.to_thread(_load)

    def price(self, event: RequestFinished) -> float | None:
        """Dollars that the tokens of a served request would have cost; None for unknown."""
        if event.entry is None or self._prices is None:
            return None
        provider, _, model = event.entry.partition("/")
        seller = self._sellers.get(provider, "")
        if seller == "openrouter":
            if not model.endswith(_FREE_SUFFIX):
                # It was paid for.
                return 0.0
            model = model.removesuffix(_FREE_SUFFIX)
        if self._reference:
            seller, model = self._referred(self._reference)
        if not seller or (seller, model) in self._unknown:
            return None
        try:
            price = self._prices.price(seller, model, event.tokens_in, event.tokens_out, event.at)
        except LookupError:
            self._note_unknown(seller, model)
            return None
        # A list price of zero is no price: the list has the free variant only.
        return price or (None if event.tokens_in + event.tokens_out else 0.0)

    @staticmethod
    def _referred(reference: str) -> tuple[str, str]:
        seller, _, model = reference.partition("/")
        return _SELLERS.get(seller, seller), model

    def _note_unknown(self, seller: str, model: str) -> None:
        if len(self._unknown) < 10_000:
            # Searching the list in vain is the slow case.
            self._unknown.add((seller, model))
        log.debug("no list price for %s at %s", model, seller)


class _Offline:
    """genai-prices' own data."""

    def __init__(self, snapshot: Any, usage: Any) -> None:
        self._snapshot = snapshot
        self._usage = usage

    def price(self, seller: str, model: str, tokens_in: int, tokens_out: int, at: float) -> float:
        calculated = self._snapshot.calc(
            self._usage(input_tokens=tokens_in, output_tokens=tokens_out),
            model,
            seller,
            None,
            datetime.fromtimestamp(at, UTC),
        )
        return float(calculated.total_price)


def _load() -> _PriceList:
    # Half a second in this thread; the collector, walking over all that is made here, would hold
    # up the loop for as long (measured: 400 ms against 20). What lasts is not for it to walk.
    gc.disable()
    try:
        from genai_prices import Usage
        from genai_prices.data_snapshot import get_snapshot

        prices = _Offline(get_snapshot(), Usage)
        # The data is parsed when it is first used.
        prices.price("openai", "gpt-4o-mini", 1, 1, 1_767_225_600.0)
        gc.freeze()
    finally:
        gc.enable()
    return prices

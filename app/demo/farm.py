"""The demo's three providers, with limits small enough to be seen at work within seconds."""

from __future__ import annotations

import secrets
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from app.demo.dialect import SimulatedModel
from app.demo.provider import Pace, SimulatedProvider, Trouble
from proxy.clock import Clock
from proxy.model import Limit

CLIENT_KEY = "sk-429chain-demo"

CHAIN = (
    "groq/llama-3.3-70b-versatile",
    "cerebras/gpt-oss-120b",
    "openrouter/meta-llama/llama-3.3-70b-instruct:free",
    "groq/llama-3.1-8b-instant",
    "openrouter/qwen/qwen3-coder:free",
)

_PACE = Pace(first_token=0.15, per_token=0.02, slow_share=0.04, slow_first_token=2.5)


@dataclass(frozen=True)
class DemoFarm:
    """Running simulated providers, by provider id, and what the config says of them."""

    providers: Mapping[str, SimulatedProvider]
    admin_token: str

    def settings(self) -> dict[str, Any]:
        """The whole configuration, in the shape of config.toml."""
        return {
            "server": {"api_keys": [CLIENT_KEY], "admin_token": self.admin_token},
            "providers": {
                name: {"preset": name, "base_url": provider.base_url, "api_key": provider.key}
                for name, provider in self.providers.items()
            },
            "chains": {"free": {"entries": list(CHAIN)}},
        }


@asynccontextmanager
async def demo_farm(clock: Clock) -> AsyncGenerator[DemoFarm]:
    """Start the three providers, stop them at the end."""
    async with AsyncExitStack() as stack:
        providers: dict[str, SimulatedProvider] = {}
        for provider in (_groq(clock), _cerebras(clock), _openrouter(clock)):
            providers[provider.dialect.name] = await stack.enter_async_context(provider)
        yield DemoFarm(providers, secrets.token_urlsafe(24))


def _groq(clock: Clock) -> SimulatedProvider:
    """Refuses first: six requests a minute, which no header of Groq's tells."""

    def limits(rpm: int, tpm: int) -> tuple[Limit, ...]:
        return (
            Limit("model", "requests", "minute", rpm, "bucket"),
            Limit("model", "requests", "day", 1000, "bucket"),
            Limit("model", "tokens", "minute", tpm, "bucket"),
        )

    return SimulatedProvider(
        "groq",
        clock=clock,
        key="gsk_simulated",
        models=(
            SimulatedModel(id="llama-3.3-70b-versatile"),
            SimulatedModel(id="llama-3.1-8b-instant"),
        ),
        model_limits={
            "llama-3.3-70b-versatile": limits(6, 6_000),
            "llama-3.1-8b-instant": limits(14, 3_000),
        },
        seed=1,
        pace=_PACE,
    )


def _cerebras(clock: Clock) -> SimulatedProvider:
    """Fast, tells every budget, and turns somebody away from its queue now and then."""
    return SimulatedProvider(
        "cerebras",
        clock=clock,
        key="csk-simulated",
        models=(SimulatedModel(id="gpt-oss-120b", context_window=65536),),
        limits=(
            Limit("model", "requests", "minute", 8, "bucket"),
            Limit("model", "requests", "hour", 300, "bucket"),
            Limit("model", "requests", "day", 2400, "bucket"),
            Limit("model", "tokens", "minute", 10_000, "bucket"),
        ),
        seed=2,
        pace=Pace(first_token=0.08, per_token=0.005),
        trouble=Trouble(overloaded=0.05),
    )


def _openrouter(clock: Clock) -> SimulatedProvider:
    """One pool for all its free models, a minute by the clock, and a 500 now and then."""
    free = "*:free"
    return SimulatedProvider(
        "openrouter",
        clock=clock,
        key="sk-or-v1-simulated",
        models=(
            SimulatedModel(id="meta-llama/llama-3.3-70b-instruct:free"),
            SimulatedModel(id="qwen/qwen3-coder:free", context_window=262144),
            SimulatedModel(id="openai/gpt-4o-mini", paid=True),
        ),
        limits=(
            Limit("pool", "requests", "minute", 20, "clock", pool=free),
            Limit("pool", "requests", "day", 1000, "clock", pool=free),
        ),
        seed=3,
        pace=_PACE,
        trouble=Trouble(failure=0.08),
    )

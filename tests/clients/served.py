"""What the official SDKs are pointed at: a real 429chain in front of a simulated provider."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from app.demo.dialect import SimulatedModel
from app.demo.provider import SimulatedProvider
from proxy.clock import SystemClock
from tests.e2e.process import CLIENT_KEY, ChainProcess, running
from tests.upstreams.fake_provider import FakeProvider

MODEL = "openai/gpt-oss-120b"

TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "weather",
            "description": "The weather in a city",
            "parameters": {
                "type": "object",
                "properties": {"city": {"type": "string"}},
                "required": ["city"],
                "additionalProperties": False,
            },
            "strict": True,
        },
    }
]


@dataclass(frozen=True, slots=True)
class Served:
    """A running 429chain and, where it is one, the simulated provider behind it."""

    chain: ChainProcess
    provider: SimulatedProvider


@asynccontextmanager
async def served(folder: Path) -> AsyncGenerator[Served]:
    """429chain with a chain `free` of one simulated model; other names are refused."""
    provider = SimulatedProvider(
        "groq", clock=SystemClock(), models=[SimulatedModel(id=MODEL)], key="simulated-provider-key"
    )
    async with provider:
        text = (
            f'[server]\napi_keys = ["{CLIENT_KEY}"]\nadmin_port = 0\n'
            '[routing]\nunknown_model = "reject"\n'
            f'[providers.groq]\nbase_url = "{provider.base_url}"\napi_key = "{provider.key}"\n'
            f'[chains.free]\nentries = ["groq/{MODEL}"]\n'
        )
        async with running(folder, text) as chain:
            yield Served(chain, provider)


@asynccontextmanager
async def in_front_of(folder: Path, *providers: FakeProvider) -> AsyncGenerator[ChainProcess]:
    """429chain with a chain `free` of one model on each, that waits for nobody."""
    parts = [
        f'[server]\napi_keys = ["{CLIENT_KEY}"]\nadmin_port = 0\n',
        '[routing]\nmax_wait = "0s"\n',
    ]
    for number, provider in enumerate(providers):
        parts.append(
            f'[providers.p{number}]\npreset = "openai-compatible"\n'
            f'base_url = "{provider.base_url}"\napi_key = "provider-key-{number}"\n'
        )
    entries = ", ".join(f'"p{number}/m"' for number in range(len(providers)))
    parts.append(f"[chains.free]\nentries = [{entries}]\n")
    async with running(folder, "".join(parts)) as chain:
        yield chain

"""The farm: seven simulated providers with the shapes of real free tiers, and the chain over them.

Facts of the shapes: `reference/providers.md`, 2026-11. Some sizes differ from what the product's
presets say, as they do in life.
"""

from __future__ import annotations

import json
import math
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from app.demo.dialect import SimulatedModel
from app.demo.dialects import dialect
from app.demo.provider import Pace, SimulatedProvider, Trouble
from app.demo.quota import Quota
from proxy.clock import Clock
from proxy.model import WINDOW_SECONDS, Limit
from tests.harvest.traffic import Planned, scripted_answer

_FREE = "*:free"
_PACE = Pace(first_token=0.3, per_token=0.004)
_NO_TROUBLE = Trouble()


@dataclass(frozen=True, kw_only=True)
class Site:
    """One provider of the farm, before it runs."""

    id: str
    """Its id in the config and the name of its preset."""
    models: Sequence[SimulatedModel]
    limits: Sequence[Limit] = ()
    model_limits: Mapping[str, Sequence[Limit]] = field(default_factory=dict[str, Sequence[Limit]])
    pace: Pace = _PACE
    trouble: Trouble = _NO_TROUBLE
    config: str = ""
    """More TOML for its table, and tables below it."""

    def quota(self, clock: Clock) -> Quota:
        """Its limits, with nothing taken."""
        kind = dialect(self.id, clock)
        return Quota(
            self.limits, clock, models=self.model_limits, charges_refusals=kind.charges_refusals
        )

    def provider(self, clock: Clock, seed: int) -> SimulatedProvider:
        return SimulatedProvider(
            self.id,
            clock=clock,
            models=self.models,
            limits=self.limits,
            model_limits=self.model_limits,
            key=f"key-of-{self.id}",
            seed=seed,
            pace=self.pace,
            trouble=self.trouble,
            answer=scripted_answer,
        )

    def counts_cap(self, clock: Clock) -> bool:
        return dialect(self.id, clock).counts_cap

    def duration(self, request: Planned) -> float:
        """Seconds from the moment the request is let in until its answer is complete."""
        # A stream's last word is followed by its finish reason and its usage.
        events = request.answer + (2 if request.stream else 0)
        return self.pace.first_token + self.pace.per_token * events


def _groq(rpm: int, rpd: int, tpm: int, tpd: int) -> tuple[Limit, ...]:
    return (
        Limit("model", "requests", "minute", rpm, "bucket"),
        Limit("model", "requests", "day", rpd, "bucket"),
        Limit("model", "tokens", "minute", tpm, "bucket"),
        Limit("model", "tokens", "day", tpd, "bucket"),
    )


SITES: Mapping[str, Site] = {
    site.id: site
    for site in (
        Site(
            id="cerebras",
            models=(SimulatedModel(id="gpt-oss-120b"),),
            limits=(
                Limit("model", "requests", "minute", 5, "bucket"),
                Limit("model", "requests", "hour", 150, "bucket"),
                Limit("model", "requests", "day", 2400, "bucket"),
                Limit("model", "tokens", "minute", 30_000, "bucket"),
            ),
            pace=Pace(first_token=0.1, per_token=0.001),
            trouble=Trouble(overloaded=0.05),
        ),
        Site(
            id="groq",
            models=(
                SimulatedModel(id="llama-3.3-70b-versatile"),
                SimulatedModel(id="llama-3.1-8b-instant"),
            ),
            model_limits={
                # Of these only the requests of a day and the tokens of a minute are in headers.
                "llama-3.3-70b-versatile": _groq(12, 1000, 12_000, 100_000),
                "llama-3.1-8b-instant": _groq(30, 14_400, 6_000, 500_000),
            },
            pace=Pace(first_token=0.15, per_token=0.002),
        ),
        Site(
            id="gemini",
            models=(SimulatedModel(id="gemini-2.5-flash"),),
            limits=(
                Limit("model", "requests", "minute", 5, "clock"),
                Limit("model", "requests", "day", 12, "clock", zone="America/Los_Angeles"),
                Limit("model", "tokens", "minute", 250_000, "clock"),
            ),
        ),
        Site(
            id="openrouter",
            models=(
                SimulatedModel(id="meta-llama/llama-3.3-70b-instruct:free"),
                SimulatedModel(id="qwen/qwen3-coder:free"),
            ),
            limits=(
                Limit("pool", "requests", "minute", 20, "clock", pool=_FREE),
                Limit("pool", "requests", "day", 50, "clock", pool=_FREE),
            ),
            pace=Pace(first_token=0.5, per_token=0.005),
        ),
        Site(
            id="mistral",
            models=(SimulatedModel(id="mistral-medium-latest"),),
            limits=(
                Limit("model", "requests", "minute", 23, "clock"),
                Limit("model", "tokens", "minute", 356_250, "clock"),
            ),
        ),
        Site(
            id="nvidia",
            models=(SimulatedModel(id="meta/llama-3.3-70b-instruct"),),
            limits=(Limit("model", "requests", "minute", 40, "rolling"),),
            pace=Pace(first_token=0.5, per_token=0.005),
            config='[providers.nvidia.models."meta/llama-3.3-70b-instruct"]\n'
            "limits = { rpm = 40 }\n",
        ),
        Site(
            id="ollama",
            models=(SimulatedModel(id="qwen3:8b", context_window=16_384),),
            limits=(Limit("account", "concurrent", None, 1),),
            pace=Pace(first_token=0.3, per_token=0.01),
            config="limits = { concurrent = 1 }\n"
            '[providers.ollama.models."qwen3:8b"]\ncontext_window = 16384\n',
        ),
    )
}

CHAIN = (
    ("cerebras", "gpt-oss-120b"),
    ("groq", "llama-3.3-70b-versatile"),
    ("gemini", "gemini-2.5-flash"),
    ("openrouter", "meta-llama/llama-3.3-70b-instruct:free"),
    ("openrouter", "qwen/qwen3-coder:free"),
    ("mistral", "mistral-medium-latest"),
    ("nvidia", "meta/llama-3.3-70b-instruct"),
    ("groq", "llama-3.1-8b-instant"),
    ("ollama", "qwen3:8b"),
)
"""Provider and model, in the order they are asked."""


@asynccontextmanager
async def running_farm(clock: Clock, seed: int) -> AsyncGenerator[Mapping[str, SimulatedProvider]]:
    """Every provider of the farm, running, by its id."""
    async with AsyncExitStack() as stack:
        yield {
            site.id: await stack.enter_async_context(site.provider(clock, seed))
            for site in SITES.values()
        }


def config_of(farm: Mapping[str, SimulatedProvider], max_wait: float, max_queue: int) -> str:
    """The product's configuration for a running farm, all but its `[server]` table."""
    lines = [f'[routing]\nmax_wait = "{max_wait:g}s"\nmax_queue = {max_queue}\n']
    for name, provider in farm.items():
        lines.append(
            f"[providers.{name}]\nbase_url = {json.dumps(provider.base_url)}\n"
            f"api_key = {json.dumps(provider.key)}\n{SITES[name].config}"
        )
    entries = json.dumps([f"{name}/{model}" for name, model in CHAIN])
    lines.append(f"[chains.free]\nentries = {entries}\n")
    return "\n".join(lines)


def capacity(sample: Sequence[Planned], seconds: float, clock: Clock) -> float:
    """Requests a second that the farm's limits allow, for requests like those of the sample.

    An hour or a day counts as all that it holds, spread over the run; what a minute's full bucket
    adds at the start does not count.
    """
    total = 0.0
    for site in SITES.values():
        cost = sum(one.cost(counts_cap=site.counts_cap(clock)) for one in sample) / len(sample)
        length = sum(site.duration(one) for one in sample) / len(sample)
        of_models = 0.0
        for model in site.models:
            own = site.model_limits.get(model.id, [x for x in site.limits if x.scope == "model"])
            of_models += min((_rate(x, cost, length, seconds) for x in own), default=math.inf)
        shared = [x for x in site.limits if x.scope != "model"]
        total += min([of_models, *(_rate(x, cost, length, seconds) for x in shared)])
    return total


def _rate(limit: Limit, cost: float, length: float, seconds: float) -> float:
    if limit.window is None:
        return limit.size / length
    window = WINDOW_SECONDS[limit.window]
    if limit.window != "minute":
        window = min(window, max(60.0, seconds))
    return limit.size / window / (cost if limit.dimension == "tokens" else 1)

"""What is asked of providers unasked, and what comes of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from aiohttp import web
from pydantic import SecretStr

from proxy.bus import Bus
from proxy.clock import SystemClock
from proxy.connections import Connections
from proxy.events import LimitsChanged
from proxy.inquiries import Inquiries
from proxy.limits.demand import Need
from proxy.limits.ledger import Ledger
from proxy.limits.subjects import Subject
from proxy.model import Configuration, Entry, Preset, Provider, make_entry
from proxy.providers.listing import NoModelList
from proxy.providers.presets import load_presets
from tests.upstreams.waiting import until


@dataclass
class Endpoints:
    """A provider's free endpoints, and who asked for them with what key."""

    models: Any = None
    key: Any = None
    ps: Any = None
    usage: Any = None
    balance: Any = None
    status: int = 200
    asked: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])

    async def handle(self, request: web.Request) -> web.Response:
        self.asked.append((request.path, request.headers.get("authorization", "")))
        body = {
            "/v1/models": self.models,
            "/v1/key": self.key,
            "/api/ps": self.ps,
            "/api/usage": self.usage,
            "/user/balance": self.balance,
        }
        return web.json_response(body.get(request.path), status=self.status)

    def paths(self) -> list[str]:
        return [path for path, _ in self.asked]


class Hurried(SystemClock):
    """The real clock, and as much later as a test wants."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def now(self) -> float:
        return super().now() + self.ahead


@asynccontextmanager
async def asking(
    endpoints: Endpoints, preset: Preset, model: str, **of_provider: Any
) -> AsyncGenerator[tuple[Inquiries, Ledger, Entry, Hurried, Bus]]:
    app = web.Application()
    app.router.add_get("/{path:.*}", endpoints.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    provider = Provider(
        id="p",
        preset=preset,
        base_url=f"http://{host}:{port}/v1",
        origin=f"http://{host}:{port}",
        account="account-of-p",
        key=SecretStr("key-of-p"),
        **of_provider,
    )
    entry = make_entry(provider, model)
    clock, bus = Hurried(), Bus()
    ledger = Ledger(clock)
    configuration = Configuration(
        providers={"p": provider}, chains={}, clients=(), entries={entry.name: entry}
    )
    async with Connections() as connections:
        inquiries = Inquiries(ledger, connections, bus)
        inquiries.configure(configuration)
        try:
            yield inquiries, ledger, entry, clock, bus
        finally:
            await runner.cleanup()


@asynccontextmanager
async def running(inquiries: Inquiries) -> AsyncGenerator[None]:
    task = asyncio.get_running_loop().create_task(inquiries.run())
    try:
        yield
    finally:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


GENERIC = Preset(id="openai-compatible", title="Any")


async def test_a_list_tells_what_a_model_can_take() -> None:
    row = {
        "id": "m",
        "context_length": 1000,
        "supported_parameters": ["stop"],
        "architecture": {"input_modalities": ["text"]},
    }
    endpoints = Endpoints(models={"data": [row]})
    async with asking(endpoints, GENERIC, "m") as (inquiries, ledger, entry, _, _):
        assert ledger.verdict(entry, Need(tools=True)) is None
        async with running(inquiries):
            await until(lambda: ledger.verdict(entry, Need(tools=True)) is not None)
        assert endpoints.asked == [("/v1/models", "Bearer key-of-p")]
        for need, reason in (
            (Need(tools=True), "no-tools"),
            (Need(vision=True, images=1), "no-vision"),
            (Need(prompt_bytes=9000), "too-long"),
        ):
            verdict = ledger.verdict(entry, need)
            assert verdict is not None
            assert verdict.reason == reason
        assert ledger.verdict(entry, Need()) is None


async def test_the_configuration_knows_better_than_a_list() -> None:
    endpoints = Endpoints(models={"data": [{"id": "m", "context_length": 1000}]})
    async with asking(endpoints, GENERIC, "m") as (inquiries, ledger, entry, _, _):
        wide = make_entry(entry.provider, "m")
        wide = replace(wide, context_window=100_000, tools=True)
        ledger.configure([wide])
        await inquiries.list_models(entry.provider)
        assert ledger.verdict(wide, Need(prompt_bytes=9000, tools=True)) is None


async def test_lists_are_asked_for_daily_and_sooner_after_a_failure() -> None:
    endpoints = Endpoints(models={"data": []}, status=500)
    async with asking(endpoints, GENERIC, "m") as (inquiries, _, entry, clock, _):
        async with running(inquiries):
            await until(lambda: len(endpoints.asked) == 1)
        endpoints.status = 200
        clock.ahead = 301
        async with running(inquiries):
            await until(lambda: len(endpoints.asked) == 2)
        clock.ahead += 86_000
        async with running(inquiries):
            await until(lambda: entry.provider.account in inquiries.listings)
        assert len(endpoints.asked) == 2
        clock.ahead += 1000
        async with running(inquiries):
            await until(lambda: len(endpoints.asked) == 3)


async def test_a_refused_key_is_told() -> None:
    endpoints = Endpoints(status=401)
    async with asking(endpoints, GENERIC, "m") as (inquiries, _, entry, _, _):
        with pytest.raises(NoModelList, match=r"key refused \(401\)"):
            await inquiries.list_models(entry.provider)


async def test_openrouters_key_endpoint_fills_the_gauge_of_the_free_pool() -> None:
    daily = {"used": 50, "limit": 50, "remaining": 0}
    endpoints = Endpoints(models={"data": []}, key={"data": {"free_model_daily_requests": daily}})
    preset = load_presets()["openrouter"]
    async with asking(endpoints, preset, "x/y:free") as (inquiries, ledger, entry, clock, bus):
        async with running(inquiries):
            await until(lambda: ledger.verdict(entry, Need()) is not None)
        verdict = ledger.verdict(entry, Need())
        assert verdict is not None
        assert verdict.reason == "rpd"
        paid = make_entry(entry.provider, "x/y")
        assert ledger.verdict(paid, Need()) is None

        assert endpoints.paths().count("/v1/key") == 1
        clock.ahead = 60
        bus_event = LimitsChanged("account-of-p|pool|*:free", urgent=True)
        async with running(inquiries):
            await until(lambda: len(bus.feeds) == 1)
            bus.publish(bus_event)
            await until(lambda: endpoints.paths().count("/v1/key") == 2, within=8)


async def test_an_idle_account_is_left_alone() -> None:
    endpoints = Endpoints(models={"data": []}, key={"data": {}})
    preset = load_presets()["openrouter"]
    async with asking(endpoints, preset, "x/y:free") as (inquiries, _, _, clock, _):
        async with running(inquiries):
            await until(lambda: len(endpoints.asked) == 2)
        clock.ahead = 3000
        async with running(inquiries):
            await until(lambda: "account-of-p" in inquiries.listings)
        assert endpoints.paths().count("/v1/key") == 1


async def test_ollamas_window_is_what_its_server_runs() -> None:
    endpoints = Endpoints(
        models={"data": []}, ps={"models": [{"name": "q", "context_length": 8192}]}
    )
    preset = load_presets()["ollama"]
    async with asking(endpoints, preset, "q") as (inquiries, ledger, entry, _, _):
        long = Need(prompt_bytes=5000 * 4)
        verdict = ledger.verdict(entry, long)
        assert verdict is not None
        assert verdict.reason == "too-long"
        async with running(inquiries):
            await until(lambda: ledger.verdict(entry, long) is None)
        assert "/api/ps" in endpoints.paths()


async def test_a_spent_window_of_ollama_cloud_is_a_cooldown_until_it_ends() -> None:
    endpoints = Endpoints(models={"data": []}, usage={"limits": {"session": {"usage": 1.0}}})
    preset = load_presets()["ollama-cloud"]
    async with asking(endpoints, preset, "m") as (inquiries, ledger, entry, clock, _):
        async with running(inquiries):
            await until(lambda: ledger.verdict(entry, Need()) is not None)
        verdict = ledger.verdict(entry, Need())
        assert verdict is not None
        assert verdict.until is not None
        assert verdict.reason == "cooldown"
        ends = clock.wall() + verdict.until - clock.now()
        assert abs(ends - round(ends / 18_000) * 18_000) < 1


async def test_while_it_is_spent_it_is_looked_at_and_lifted_when_the_account_has_some_again() -> (
    None
):
    endpoints = Endpoints(models={"data": []}, usage={"limits": {"weekly": {"usage": 1.0}}})
    preset = load_presets()["ollama-cloud"]
    async with asking(endpoints, preset, "m") as (inquiries, ledger, entry, clock, bus):

        def tell(subject: Subject, urgent: bool) -> None:
            bus.publish(LimitsChanged(subject.key, urgent))

        ledger.on_change = tell
        async with running(inquiries):
            await until(lambda: ledger.verdict(entry, Need()) is not None)
            assert endpoints.paths().count("/api/usage") == 1
            endpoints.usage = {"limits": {"weekly": {"usage": 0.1}}}
            clock.ahead = 301
            await until(lambda: ledger.verdict(entry, Need()) is None, within=8)


async def test_a_spent_balance_at_deepseek_is_no_credit() -> None:
    endpoints = Endpoints(models={"data": []}, balance={"is_available": False})
    async with (
        asking(endpoints, load_presets()["deepseek"], "m") as (inquiries, ledger, entry, _, _),
        running(inquiries),
    ):
        await until(lambda: ledger.status(entry).reason == "no-credit")


async def test_nobody_without_a_key_or_switched_off_is_asked() -> None:
    endpoints = Endpoints(models={"data": []})
    async with asking(endpoints, GENERIC, "m", enabled=False) as (inquiries, _, _, _, bus):
        async with running(inquiries):
            await until(lambda: len(bus.feeds) == 1)
        assert endpoints.asked == []

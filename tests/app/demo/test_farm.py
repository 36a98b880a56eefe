"""The demo: three providers, a chain over them, and a client that keeps it busy."""

from __future__ import annotations

import asyncio
import time
import tomllib

import aiohttp
import tomlkit

from app.demo.farm import CHAIN, CLIENT_KEY, demo_farm
from app.demo.player import Player
from proxy.clock import SystemClock
from tests.app.demo.manual_clock import ManualClock
from tests.upstreams.fake_provider import fake_provider
from tests.upstreams.replies import completion, refusal
from tests.upstreams.waiting import until


async def test_the_settings_are_a_config_file_that_reaches_every_entry():
    async with demo_farm(SystemClock()) as farm, aiohttp.ClientSession() as session:
        settings = tomllib.loads(tomlkit.dumps(farm.settings()))
        assert settings["server"]["api_keys"] == [CLIENT_KEY]
        assert settings["chains"]["free"]["entries"] == list(CHAIN)
        for entry in CHAIN:
            provider_id, _, model = entry.partition("/")
            provider = settings["providers"][provider_id]
            async with session.get(
                f"{provider['base_url']}/models",
                headers={"authorization": f"Bearer {provider['api_key']}"},
            ) as answer:
                listed = (await answer.json())["data"]
            assert model in [row["id"] for row in listed]


async def test_every_farm_has_an_admin_token_of_its_own():
    async with demo_farm(ManualClock()) as one, demo_farm(ManualClock()) as other:
        assert one.admin_token != other.admin_token
        assert len(one.admin_token) >= 32


async def test_the_player_asks_more_than_the_first_entry_takes_within_five_seconds():
    started = time.monotonic()
    async with fake_provider([completion()]) as proxy:
        player = Player(proxy.base_url, "k")
        async with asyncio.TaskGroup() as group:
            playing = group.create_task(player.run())
            await proxy.wait_for_requests(8)
            playing.cancel()
        async with demo_farm(ManualClock()) as farm:
            minute = farm.providers["groq"].quota.gauges("llama-3.3-70b-versatile")[0]
    assert time.monotonic() - started < 5
    assert minute.limit.size < 8
    assert {request.body["stream"] for request in proxy.requests} == {True, False}
    assert {(request.key, request.body["model"]) for request in proxy.requests} == {("k", "free")}


async def test_a_paused_player_sends_nothing_until_it_goes_on():
    async with fake_provider([completion()]) as proxy:
        player = Player(proxy.base_url, "k", playing=False)
        async with asyncio.TaskGroup() as group:
            playing = group.create_task(player.run())
            for _ in range(50):
                await asyncio.sleep(0)
            assert (player.playing, player.sent) == (False, 0)
            player.resume()
            await proxy.wait_for_requests(2)
            player.pause()
            assert not player.playing
            playing.cancel()


async def test_a_player_bears_refusals_and_a_proxy_that_is_gone():
    async with fake_provider([refusal(429), completion()]) as proxy:
        player = Player(proxy.base_url, "k")
        async with asyncio.TaskGroup() as group:
            playing = group.create_task(player.run())
            await until(lambda: player.answered >= 1)
            assert player.sent > player.answered
            playing.cancel()
        gone = Player("http://127.0.0.1:1/v1", "k")
        async with asyncio.TaskGroup() as group:
            playing = group.create_task(gone.run())
            await until(lambda: gone.sent >= 3)
            assert not playing.done()
            playing.cancel()
    assert gone.answered == 0

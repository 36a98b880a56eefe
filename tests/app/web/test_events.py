"""The event stream: what changes reaches everybody who watches, and nobody waits for a slow one."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from typing import Any

import pytest

from app.admin import broadcast
from app.changes import LimitsChange, Resync
from app.contract import AdminError
from app.web import events as web_events
from proxy.events import HealthChanged
from tests.app.running import TOKEN, Instance
from tests.upstreams.fake_provider import FakeProvider
from tests.upstreams.replies import refusal


@asynccontextmanager
async def watching(instance: Instance) -> AsyncGenerator[AsyncGenerator[tuple[str, Any]]]:
    """Events of an open stream, the first `resync` included."""
    async with instance.http.get(
        f"{instance.url}/api/events", headers={"authorization": f"Bearer {TOKEN}"}
    ) as answer:
        assert answer.status == 200

        async def read() -> AsyncGenerator[tuple[str, Any]]:
            name = ""
            while line := (await answer.content.readline()).decode().rstrip("\n"):
                if line.startswith("event: "):
                    name = line.removeprefix("event: ")
                elif line.startswith("data: "):
                    yield name, json.loads(line.removeprefix("data: "))
                    await answer.content.readline()
                else:
                    yield "comment", line
                    await answer.content.readline()

        async with aclosing(read()) as events:
            yield events


async def wait_for(events: AsyncGenerator[tuple[str, Any]], name: str) -> Any:
    async for found, data in events:
        if found == name:
            return data
    raise AssertionError(f"no {name} came")


async def test_requests_limits_and_config_are_told(instance: Instance, lab: FakeProvider) -> None:
    async with watching(instance) as events:
        assert (await anext(events))[0] == "resync"
        await instance.chat()
        limits = await wait_for(events, "limits")
        request = await wait_for(events, "request")
        await instance.ask("PUT", "/api/chains/free", json={"entries": ["lab/n"]})
        changed = await wait_for(events, "config")
        lab.answer(refusal(429, headers={"retry-after": "1"}))
        await instance.ask("POST", "/api/test", json={"entry": "lab/n", "prompt": "x"})
        cooling = await wait_for(events, "limits")
        while cooling["items"][0]["state"] == "cooling":
            # Nothing but time ends it: it is told all the same.
            cooling = await wait_for(events, "limits")

    assert limits["items"][0]["entry"] == "lab/m"
    assert (request["entry"], request["outcome"]) == ("lab/m", "ok")
    assert (changed["config_version"], changed["error"]) == (1, None)


async def test_an_invalid_edit_is_told(instance: Instance) -> None:
    async with watching(instance) as events:
        await anext(events)
        instance.path.write_text("[", "utf-8")
        await instance.configured.reload()
        changed = await wait_for(events, "config")

    assert "config.toml:1" in changed["error"]


async def test_a_part_that_gets_worse_is_told(instance: Instance) -> None:
    async with watching(instance) as events:
        await wait_for(events, "resync")
        instance.engine.bus.publish(HealthChanged("database", False, "the disk is full"))
        data = await wait_for(events, "health")

    assert data == {"part": "database", "healthy": False, "detail": "the disk is full"}


async def test_ten_watchers_see_the_same(instance: Instance) -> None:
    async def one() -> str:
        async with watching(instance) as events:
            await anext(events)
            ready.release()
            return (await wait_for(events, "request"))["id"]

    ready = asyncio.Semaphore(0)
    async with asyncio.TaskGroup() as group:
        watchers = [group.create_task(one()) for _ in range(10)]
        for _ in watchers:
            await ready.acquire()
        served = await instance.chat()

    assert {watcher.result() for watcher in watchers} == {served.headers["x-request-id"]}


async def test_there_is_a_heartbeat(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_events, "HEARTBEAT", 0.01)
    async with watching(instance) as events:
        await wait_for(events, "comment")


async def test_a_slow_reader_gets_a_resync_and_holds_nobody_up(instance: Instance) -> None:
    async with aclosing(instance.admin.events()) as slow:
        assert isinstance(await anext(slow), Resync)
        async with aclosing(instance.admin.events()) as quick:
            await anext(quick)
            for _ in range(3):
                await instance.ask("POST", "/api/limits/lab/m/clear")
                while not isinstance(await anext(quick), LimitsChange):
                    pass
            flood = broadcast._QUEUE  # pyright: ignore[reportPrivateUsage]
            for number in range(flood):
                instance.admin._broadcast._send(  # pyright: ignore[reportPrivateUsage]
                    [Resync(str(number))]
                )
        first = await anext(slow)

    assert isinstance(first, Resync)
    assert first.reason == "this reader is too slow"


async def test_watchers_are_bounded_and_leave(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broadcast, "MOST_WATCHERS", 1)
    async with aclosing(instance.admin.events()) as first:
        await anext(first)
        full = await instance.ask("GET", "/api/events")
        async with aclosing(instance.admin.events()) as second:
            with pytest.raises(AdminError, match="open already"):
                await anext(second)
    async with aclosing(instance.admin.events()) as third:
        assert isinstance(await anext(third), Resync)

    assert full.status == 503


async def test_metrics_count_what_happened(instance: Instance, lab: FakeProvider) -> None:
    await instance.chat()
    lab.answer(refusal(429))
    await instance.ask("POST", "/api/test", json={"entry": "lab/other", "prompt": "x"})
    answer = await instance.ask("GET", "/metrics")
    lines = answer.text.splitlines()

    assert answer.headers["Content-Type"].startswith("text/plain")
    for line in (
        'chain429_requests_total{chain="free",outcome="ok"} 1.0',
        'chain429_attempts_total{entry="lab/m",outcome="ok"} 1.0',
        'chain429_tokens_total{direction="in"} 3.0',
        'chain429_first_token_seconds_count{entry="lab/m"} 1.0',
        "chain429_in_flight 0.0",
        "chain429_waiting 0.0",
        "chain429_log_rows_lost 0.0",
        "chain429_saved_usd_total 0.0",
        # The account's one limit a minute is what that refusal must have meant.
        'chain429_entry_usable{entry="lab/m"} 0.0',
    ):
        assert line in lines
    assert any(line.startswith("chain429_limit_remaining{") for line in lines)
    assert any(line.startswith("chain429_loop_lag_seconds ") for line in lines)
    # A client chooses names of models without end; they are no labels.
    assert "lab/other" not in answer.text
    assert "_created" not in answer.text

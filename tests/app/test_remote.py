"""The remote admin says what the local one says, over real HTTP."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest
from pydantic import SecretStr

from app.changes import PromptEvent
from app.contract import Admin, AdminError, Prompt
from app.remote import remote_admin
from app.request_snapshot import Answered
from tests.app.running import TOKEN, Instance


@pytest.fixture
def remote(instance: Instance) -> Admin:
    return remote_admin(instance.url + "/", SecretStr(TOKEN), instance.http)


async def test_reads_are_equal_on_both_sides(instance: Instance, remote: Admin) -> None:
    await instance.chat()
    local = instance.admin

    assert await remote.chains() == await local.chains()
    assert await remote.chain("free") == await local.chain("free")
    assert (await remote.providers()).items[0].api_key == (await local.provider("lab")).api_key
    assert await remote.presets() == await local.presets()
    assert [row.id for row in (await remote.requests(limit=1, chain="free")).items] == [
        row.id for row in (await local.requests()).items
    ]
    assert await remote.stats("provider") == await local.stats("provider")
    assert (await remote.models("lab")).items == (await local.models("lab")).items
    assert "chain429_requests_total" in await remote.metrics()
    status = await remote.status()
    assert (status.pid, status.time.tzinfo) == ((await local.status()).pid, status.time.tzinfo)
    limits = await remote.limits()
    assert limits[0].gauges[0].limit == 100


async def test_writes(instance: Instance, remote: Admin) -> None:
    chains = await remote.chains()
    changed = await remote.change_chain(
        "free", {"entries": ["lab/n", "lab/a/b:free"]}, if_match=chains.version
    )
    with pytest.raises(AdminError) as moved:
        await remote.remove_chain("free", if_match=chains.version)
    added = await remote.add_provider({"id": "groq", "limits": {"rpm": 3}})
    await remote.remove_provider("groq")
    undone = await remote.undo()
    cleared = [
        await remote.clear("lab"),
        await remote.clear("lab", "a/b:free"),
    ]

    assert changed.entries == ("lab/n", "lab/a/b:free")
    assert moved.value.status == 412
    assert added.limits == {"rpm": 3}
    assert undone.change == "remove provider groq"
    assert [len(entries) for entries in cleared] == [2, 1]


async def test_streams(instance: Instance, remote: Admin) -> None:
    prompt = Prompt(prompt="x", chain="free")
    answered = await remote.test(prompt)
    events: list[PromptEvent] = [event async for event in remote.test_stream(prompt)]
    table = b"".join([piece async for piece in remote.requests_csv(status="ok")])

    assert answered.content == "hi"
    assert isinstance(events[-1], Answered)
    assert events[-1].content == "hi"
    assert table.count(b"\n") == 3
    async with aclosing(_generator(remote)) as changes:
        assert type(await anext(changes)).__name__ == "Resync"


def _generator(remote: Admin) -> AsyncGenerator[object]:
    return remote.events()


async def test_refusals_come_through_as_they_are(instance: Instance, remote: Admin) -> None:
    with pytest.raises(AdminError) as unknown:
        await remote.chain("a/../b")
    with pytest.raises(AdminError) as bad:
        await remote.change_provider("lab", {"base_url": "file:///x"})
    stranger = remote_admin(instance.url, SecretStr("wrong"), instance.http)
    with pytest.raises(AdminError) as refused:
        await stranger.status()
    with pytest.raises(AdminError) as streamed:
        await anext(stranger.events())

    assert unknown.value.status == 404
    assert (bad.value.status, bad.value.field) == (400, "base_url")
    assert refused.value.status == streamed.value.status == 401
    assert TOKEN not in str(refused.value)


async def test_an_address_where_nothing_or_something_else_answers(instance: Instance) -> None:
    nothing = remote_admin("http://127.0.0.1:1", SecretStr("x"), instance.http)
    other = remote_admin(instance.proxy_url, SecretStr("x"), instance.http)

    with pytest.raises(AdminError, match="Nothing answers at"):
        await nothing.status()
    with pytest.raises(AdminError, match="no admin port"):
        await other.status()

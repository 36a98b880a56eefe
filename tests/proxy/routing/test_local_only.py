"""`local_only` is judged on the address that is really connected to, not on what a name says."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest

from tests.proxy.routing.stage import QUICK, Link, chain
from tests.upstreams.fake_provider import fake_provider
from tests.upstreams.replies import completion

NAME = "models.lan"
PUBLIC = "192.0.2.7"
"""Of the block that is kept for documentation: nobody is there."""


def lead_to(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> list[str]:
    """Let DNS answer for `NAME` with one address after the other; returns what is left of them."""
    resolve, left = socket.getaddrinfo, list(addresses)

    def answer(host: Any, port: Any, *rest: Any, **more: Any) -> Any:
        if host not in (NAME, NAME.encode()):
            return resolve(host, port, *rest, **more)
        return resolve(left.pop(0) if len(left) > 1 else left[0], port, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    return left


def watch_connects(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every address that is connected to from now on; those outside refuse."""
    connect, connected = asyncio.SelectorEventLoop.sock_connect, list[str]()

    async def watched(loop: Any, sock: socket.socket, address: Any) -> None:
        connected.append(address[0])
        if address[0] == PUBLIC:
            raise ConnectionRefusedError
        await connect(loop, sock, address)

    monkeypatch.setattr(asyncio.SelectorEventLoop, "sock_connect", watched)
    return connected


def link(base_url: str) -> Link:
    port = base_url.removesuffix("/v1").rpartition(":")[2]
    return Link(base_url=f"http://{NAME}:{port}/v1", timeouts=QUICK)


async def test_a_name_of_the_house_that_leads_into_the_house_is_asked(
    monkeypatch: pytest.MonkeyPatch,
):
    lead_to(monkeypatch, "127.0.0.1")
    async with (
        fake_provider([completion("hi")]) as up,
        chain(link(up.base_url), local_only=True) as proxy,
    ):
        assert (await proxy.ask()).text == "hi"


@pytest.mark.parametrize("local_only, asked", [(True, 0), (False, 1)])
async def test_one_that_leads_out_of_it_is_never_connected_to(
    monkeypatch: pytest.MonkeyPatch, local_only: bool, asked: int
):
    lead_to(monkeypatch, PUBLIC)
    connected = watch_connects(monkeypatch)
    async with (
        fake_provider([completion("hi")]) as up,
        chain(link(up.base_url), local_only=local_only) as proxy,
    ):
        told = await proxy.ask()
        assert told.trail == "a/m=unreachable"
        assert [host for host in connected if host == PUBLIC] == [PUBLIC] * asked
        assert not up.requests


async def test_dns_that_answers_otherwise_the_second_time_gains_nothing(
    monkeypatch: pytest.MonkeyPatch,
):
    left = lead_to(monkeypatch, "127.0.0.1", PUBLIC)
    connected = watch_connects(monkeypatch)
    last_on_its_connection = completion("hi", headers={"connection": "close"})
    async with (
        fake_provider([last_on_its_connection]) as up,
        chain(link(up.base_url), local_only=True) as proxy,
    ):
        assert (await proxy.ask()).text == "hi"
        assert (await proxy.ask()).trail == "a/m=unreachable"
        assert left == [PUBLIC]
        assert PUBLIC not in connected
        assert len(up.requests) == 1

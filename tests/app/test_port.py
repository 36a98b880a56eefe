"""Our port: opened, closed to newcomers, or told why not."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import pytest
from aiohttp import web

from app.connection import Connection, connections
from app.options import UserError
from app.port import open_port
from tests.upstreams.raw_client import raw_client


def _connections() -> AbstractAsyncContextManager[Callable[[], Connection]]:
    def refuse(status: int, message: str) -> web.Response:
        return web.Response(status=status, text=message)

    return connections(web.Application(), refuse)


async def test_it_serves_until_closed_and_keeps_open_connections():
    async with open_port(_connections(), "127.0.0.1", 0, setting="port") as port:
        assert port.url == f"http://127.0.0.1:{port.number}"
        async with raw_client(port.number) as kept:
            assert (await kept.request("GET", "/")).status == 404
            port.close()
            with pytest.raises(ConnectionRefusedError):
                await asyncio.open_connection("127.0.0.1", port.number)
            assert (await kept.request("GET", "/")).status == 404


@pytest.mark.parametrize(
    "host, name", [("0.0.0.0", "127.0.0.1"), ("localhost", "localhost"), ("::1", "[::1]")]
)
async def test_its_url_is_for_programs_on_this_machine(host: str, name: str):
    try:
        async with open_port(_connections(), host, 0, setting="port") as port:
            assert port.url == f"http://{name}:{port.number}"
    except UserError as error:
        if host != "::1":
            raise
        pytest.skip(f"no IPv6 here: {error}")


@pytest.mark.parametrize(
    "setting, told",
    [("port", "--port or server.port"), ("admin_port", "--admin-port or server.ad")],
)
async def test_one_that_is_in_use_names_what_to_change(setting: str, told: str):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        number = taken.getsockname()[1]
        with pytest.raises(UserError, match=f"127.0.0.1:{number} is in use") as error:
            async with open_port(_connections(), "127.0.0.1", number, setting=setting):
                pass
    assert told in str(error.value)

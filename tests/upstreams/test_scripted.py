"""The byte player does exactly what its script says."""

from __future__ import annotations

import asyncio
import ssl
import time
from urllib.parse import urlsplit

import pytest

from tests.upstreams.observer import observing
from tests.upstreams.raw_client import AnswerBroken, raw_client
from tests.upstreams.scripted import Step, scripted_upstream

OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


def send(text: str, **more: int) -> Step:
    return {"op": "send", "utf8": text, **more}


async def test_a_script_is_played_from_the_start_on_every_connection():
    async with scripted_upstream([send(OK)]) as upstream:
        for _ in range(2):
            async with raw_client(upstream.port) as client:
                answer = await client.request("POST", "/v1/x", {"a": 1})
                assert (answer.status, answer.body) == (200, b"{}")
                assert await client.read_to_end() == b""
    assert upstream.connections == 2
    assert [request.endswith(b'{"a":1}') for request in upstream.requests] == [True, True]


async def test_bytes_go_out_repeated_split_and_filled_in():
    steps = [
        send("HTTP/1.1 200 OK\r\n\r\n"),
        send("ab", repeat=100_000),
        send("{{KEY}}", split=1, gap_ms=1),
        {"op": "base64", "base64": ""},
        {"op": "send", "base64": "/w=="},
    ]
    async with (
        scripted_upstream(steps, variables={"KEY": "sk-1"}) as upstream,
        raw_client(upstream.port) as client,
    ):
        answer = await client.request("GET", "/")
    assert answer.body == b"ab" * 100_000 + b"sk-1" + b"\xff"


async def test_a_reset_is_a_reset_and_a_close_is_none():
    async with (
        scripted_upstream([{"op": "no_read"}, {"op": "reset"}]) as upstream,
        raw_client(upstream.port) as client,
    ):
        with pytest.raises(ConnectionResetError):
            await client.read_to_end()
    async with (
        scripted_upstream([send("HTTP/1.1 20"), {"op": "close"}]) as upstream,
        raw_client(upstream.port) as client,
    ):
        with pytest.raises(AnswerBroken):
            await client.request("GET", "/")


async def test_hold_ends_when_the_peer_leaves_and_the_block_when_it_is_left():
    hold: list[Step] = [{"op": "hold", "max_ms": 60_000}]
    started = time.monotonic()
    async with scripted_upstream(hold) as upstream:
        async with raw_client(upstream.port) as leaving:
            await leaving.send(leaving.request_bytes("GET", "/"))
        async with raw_client(upstream.port) as staying:
            await staying.send(staying.request_bytes("GET", "/"))
            await upstream.close()
            with pytest.raises(ConnectionResetError):
                await staying.read_to_end()
    assert time.monotonic() - started < 10


async def test_nobody_answers_where_refusal_is_asked_for():
    async with scripted_upstream([], listen="refuse") as upstream:
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", upstream.port)
    async with scripted_upstream([], listen="dns_invalid") as upstream:
        address = urlsplit(upstream.base_url)
        assert (address.scheme, address.hostname) == ("https", "no-such-host.invalid")


async def test_the_certificate_is_not_to_be_trusted():
    async with scripted_upstream([send(OK)], listen="tls_untrusted") as upstream:
        assert upstream.base_url.startswith("https://127.0.0.1:")
        with pytest.raises(ssl.SSLCertVerificationError):
            await asyncio.open_connection(
                "127.0.0.1", upstream.port, ssl=ssl.create_default_context()
            )
        careless = ssl.create_default_context()
        careless.check_hostname, careless.verify_mode = False, ssl.CERT_NONE
        reader, writer = await asyncio.open_connection("127.0.0.1", upstream.port, ssl=careless)
        writer.write(b"GET / HTTP/1.1\r\n\r\n")
        assert await reader.readexactly(len(OK)) == OK.encode()
        writer.close()
        await writer.wait_closed()


async def test_an_observer_counts_what_should_not_come():
    async with observing() as observer:
        assert observer.requests == []
        async with raw_client(observer.port) as client:
            await client.request("POST", "/steal", {"prompt": "secret"})
        assert b"secret" in observer.requests[0]

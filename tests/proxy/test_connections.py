"""Outgoing connections: which are used again, which addresses are called, how a break is told."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

import pytest
from pydantic import SecretStr

from proxy.breakage import BROKEN, ForbiddenAddress, NoConnection, in_our_words
from proxy.connections import Connections, ConnectionUse
from proxy.model import Preset, Provider
from proxy.upstream_connection import Answered
from tests.upstreams.certificate import untrusted_server
from tests.upstreams.scripted import loopback_server, read_request
from tests.upstreams.waiting import until

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
LARGE = bytes(range(256)) * 20_000


def provider(base_url: str, **headers: str) -> Provider:
    secrets = {name: SecretStr(value) for name, value in headers.items()}
    preset = Preset(id="lab", title="Lab", base_url=base_url)
    return Provider(
        id="p", preset=preset, base_url=base_url, origin=base_url, account="a", headers=secrets
    )


class Peer:
    """Answers the requests of all its connections with `answers`, one after another."""

    def __init__(self, answers: Sequence[bytes]) -> None:
        self.answers = list(answers)
        self.connections = 0
        self.requests: list[bytes] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                self.requests.append(await read_request(reader))
                answer = self.answers.pop(0)
                writer.write(answer)
                if not answer or b"connection: close" in answer:
                    break
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            # Whether we keep a connection is what the test asks.
            pass
        finally:
            writer.close()


@asynccontextmanager
async def peer(*answers: bytes) -> AsyncGenerator[tuple[Peer, Provider, Connections]]:
    played = Peer(answers)
    async with loopback_server(played.serve) as port, Connections() as connections:
        yield played, provider(f"http://127.0.0.1:{port}/v1"), connections


async def post(
    connections: Connections, to: Provider, use: ConnectionUse | None = None, *, fresh: bool = False
) -> Answered:
    use = use or ConnectionUse()
    return await connections.post(to, b"{}", local_only=False, fresh=fresh, use=use)


async def read(answered: Answered) -> bytes:
    """All of the body, then let go."""
    body = bytearray()
    try:
        while chunk := await answered.content.readany():
            body += chunk
    finally:
        answered.close()
    return bytes(body)


async def test_a_connection_whose_answer_was_read_is_used_again():
    async with peer(OK, OK, OK) as (played, to, connections):
        uses = [ConnectionUse() for _ in range(3)]
        assert [await read(await post(connections, to, use)) for use in uses[:2]] == [b"ok", b"ok"]
        assert await read(await post(connections, to, uses[2], fresh=True)) == b"ok"

    assert played.connections == 2
    assert [(use.sent, use.reused) for use in uses] == [(True, False), (True, True), (True, False)]


@pytest.mark.parametrize(
    "first",
    [
        pytest.param(OK + OK, id="two answers to one request"),
        pytest.param(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nok", id="closed"),
        pytest.param(b"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok", id="HTTP/1.0"),
    ],
)
async def test_a_connection_that_is_not_to_be_trusted_is_not_used_again(first: bytes):
    async with peer(first, OK) as (played, to, connections):
        assert await read(await post(connections, to)) == b"ok"
        assert await read(await post(connections, to)) == b"ok"

    assert played.connections == 2


async def test_an_answer_that_was_given_up_ends_its_connection():
    long = b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nok"
    async with peer(long, OK) as (played, to, connections):
        (await post(connections, to)).close()
        assert await read(await post(connections, to)) == b"ok"

    assert played.connections == 2


async def test_interim_answers_are_passed_over():
    async with peer(b"HTTP/1.1 103 Early Hints\r\nlink: </>\r\n\r\n" * 3 + OK) as (_, to, it):
        answered = await post(it, to)
        assert (answered.status, await read(answered)) == (200, b"ok")


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
@pytest.mark.parametrize("framing", ["content-length", "chunked", "close"])
async def test_a_large_answer_waits_for_its_reader_and_comes_whole(framing: str, encoding: str):
    body = gzip.compress(LARGE) if encoding == "gzip" else LARGE
    head = b"HTTP/1.1 200 OK\r\ncontent-encoding: " + encoding.encode() + b"\r\n"
    if framing == "content-length":
        answer = head + b"content-length: %d\r\n\r\n" % len(body) + body
    elif framing == "chunked":
        pieces = [body[at : at + 70_000] for at in range(0, len(body), 70_000)]
        framed = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
        answer = head + b"transfer-encoding: chunked\r\n\r\n" + framed + b"0\r\n\r\n"
    else:
        answer = head + b"connection: close\r\n\r\n" + body
    async with peer(answer, OK) as (_, to, connections):
        answered = await post(connections, to)
        await until(lambda: answered.content.total_bytes > 0)
        assert await read(answered) == LARGE
        assert await read(await post(connections, to)) == b"ok"


@pytest.mark.parametrize(
    "answer, words",
    [
        (b"", "the connection was closed without an answer"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "the answer is no HTTP"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\nconnection: close\r\n\r\nok", "was cut off"),
        (
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\nzz\r\n",
            "the answer is no HTTP",
        ),
    ],
)
async def test_a_break_is_told_in_our_words(answer: bytes, words: str):
    async with peer(answer) as (_, to, connections):
        with pytest.raises(BROKEN) as broken:
            await read(await post(connections, to))

    assert words in in_our_words(broken.value)


async def test_why_there_is_no_connection():
    async with Connections() as connections, loopback_server(nothing) as port:
        connections.own_ports = frozenset({port})
        for url, words in (
            ("http://127.0.0.1:1/v1", "the connection was refused"),
            ("http://nobody.invalid/v1", "its host name is not known"),
            (f"http://localhost:{port}/v1", "an address that is refused"),
        ):
            with pytest.raises(NoConnection, match=words):
                await post(connections, provider(url))
        with pytest.raises(ForbiddenAddress):
            await post(connections, provider(f"http://127.0.0.1:{port}/v1"))
    async with Connections() as connections, loopback_server(nothing, untrusted_server()) as port:
        with pytest.raises(NoConnection, match="certificate is not trusted"):
            await post(connections, provider(f"https://127.0.0.1:{port}/v1"))


async def test_a_header_cannot_end_its_line():
    async with peer(OK) as (played, _, connections):
        with pytest.raises(ValueError, match="line break"):
            await post(connections, provider("http://127.0.0.1:1/v1", team="a\r\nx: y"))

    assert not played.requests


async def test_what_goes_over_the_wire():
    async with peer(OK) as (played, to, connections):
        await read(await post(connections, to))

    head, _, body = played.requests[0].partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert lines[0] == "POST /v1/chat/completions HTTP/1.1"
    assert {"accept-encoding: identity", "content-length: 2", "user-agent: 429chain"} <= set(lines)
    assert body == b"{}"


async def nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()

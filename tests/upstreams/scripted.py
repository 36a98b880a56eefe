"""A byte-exact upstream: plays a script of `tests/data/fault-scripts.json` on each connection.

Pure asyncio, no HTTP library: what it sends is what the script says, however wrong that is.
"""

from __future__ import annotations

import asyncio
import base64
import re
import socket
import struct
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Literal

from tests.upstreams.certificate import untrusted_server

Listen = Literal["tcp", "refuse", "dns_invalid", "tls_untrusted", "https_url_plain_server"]
Step = Mapping[str, Any]

_BLOCK = 64 * 1024
# A request of a test is small; a head without an end is the peer's mistake.
_HEAD_PATIENCE = 10.0


class ScriptedUpstream:
    """What listens, and what it was asked. Made by `scripted_upstream`."""

    def __init__(self, steps: Sequence[Step], variables: Mapping[str, str]) -> None:
        self.base_url = ""
        self.port = 0
        self.connections = 0
        self.requests: list[bytes] = []
        """Head and body of every request that was read."""
        self._steps = steps
        self._variables = variables
        self._open: set[asyncio.StreamWriter] = set()
        self._idle = asyncio.Event()
        self._idle.set()

    async def play(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, from accept to close."""
        self.connections += 1
        self._open.add(writer)
        self._idle.clear()
        try:
            await self._play(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, TimeoutError):
            # A peer that leaves ends the script quietly: that it left is the test's business.
            writer.transport.abort()
        finally:
            writer.close()
            self._open.discard(writer)
            if not self._open:
                self._idle.set()

    async def close(self) -> None:
        """End the running scripts by closing their sockets.

        Cancelling a `start_server` handler makes noise on Python 3.11.
        """
        for writer in list(self._open):
            writer.transport.abort()
        async with asyncio.timeout(5):
            await self._idle.wait()

    async def _play(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection: socket.socket = writer.get_extra_info("socket")
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if not self._steps or self._steps[0]["op"] != "no_read":
            async with asyncio.timeout(_HEAD_PATIENCE):
                self.requests.append(await read_request(reader))
        for step in self._steps:
            match step["op"]:
                case "send":
                    await self._send(step, writer)
                case "sleep":
                    await self._pause(step["ms"], writer)
                case "hold":
                    await _hold(reader, step["max_ms"] / 1000)
                case "reset":
                    await reset(writer)
                    return
                case "close":
                    return
                case _:
                    pass

    async def _send(self, step: Step, writer: asyncio.StreamWriter) -> None:
        data = self._bytes(step)
        if size := step.get("split"):
            for start in range(0, len(data), size):
                writer.write(data[start : start + size])
                await writer.drain()
                await self._pause(step.get("gap_ms", 0), writer)
            return
        times = step.get("repeat", 1)
        at_once = max(1, _BLOCK // max(1, len(data)))
        while times > 0:
            writer.write(data * min(at_once, times))
            await writer.drain()
            times -= at_once

    async def _pause(self, milliseconds: float, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(milliseconds / 1000)
        if writer.transport.is_closing():
            raise ConnectionResetError

    def _bytes(self, step: Step) -> bytes:
        if "base64" in step:
            return base64.b64decode(step["base64"])
        text: str = step["utf8"]
        for name, value in self._variables.items():
            text = text.replace("{{" + name + "}}", value)
        return text.encode()


@asynccontextmanager
async def scripted_upstream(
    steps: Sequence[Step],
    *,
    listen: Listen = "tcp",
    variables: Mapping[str, str] | None = None,
) -> AsyncGenerator[ScriptedUpstream]:
    """An upstream that plays `steps` on every connection while the block runs.

    `variables` fill placeholders such as `{{OBSERVER_PORT}}`. For `refuse` and `dns_invalid`
    nobody listens, and `base_url` says where nobody does.
    """
    upstream = ScriptedUpstream(steps, variables or {})
    if listen in ("refuse", "dns_invalid"):
        with socket.socket() as held:
            # Bound for as long as the test runs, but not listening: a port that were free could
            # be taken by another test in the meantime.
            held.bind(("127.0.0.1", 0))
            upstream.port = held.getsockname()[1]
            upstream.base_url = f"http://127.0.0.1:{upstream.port}/v1"
            if listen == "dns_invalid":
                upstream.base_url = f"https://no-such-host.invalid:{upstream.port}/v1"
            yield upstream
        return
    tls = untrusted_server() if listen == "tls_untrusted" else None
    async with loopback_server(upstream.play, tls) as port:
        upstream.port = port
        scheme = "http" if listen == "tcp" else "https"
        upstream.base_url = f"{scheme}://127.0.0.1:{port}/v1"
        try:
            yield upstream
        finally:
            await upstream.close()


@asynccontextmanager
async def loopback_server(
    serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Any], tls: Any = None
) -> AsyncGenerator[int]:
    """A TCP server on a free port of 127.0.0.1; gives the port."""
    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls, limit=2**20)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def read_request(reader: asyncio.StreamReader) -> bytes:
    """Head and body of one HTTP request, the body by its length or its chunks."""
    head = await reader.readuntil(b"\r\n\r\n")
    if length := re.search(rb"\r\ncontent-length: *(\d+)", head, re.IGNORECASE):
        return head + await reader.readexactly(int(length[1]))
    if re.search(rb"\r\ntransfer-encoding: *chunked", head, re.IGNORECASE):
        return head + await read_chunks(reader)
    return head


async def read_chunks(reader: asyncio.StreamReader) -> bytes:
    """A chunked body, joined. Raises ValueError for framing that is none."""
    body = bytearray()
    while size := int(await reader.readuntil(b"\r\n"), 16):
        body += await reader.readexactly(size)
        if await reader.readexactly(2) != b"\r\n":
            raise ValueError("a chunk that does not end where it said")
    while await reader.readuntil(b"\r\n") != b"\r\n":
        pass
    return bytes(body)


async def reset(writer: asyncio.StreamWriter) -> None:
    """Send what is written, then RST in place of FIN."""
    connection: socket.socket = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def _hold(reader: asyncio.StreamReader, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            while await reader.read(_BLOCK):
                pass
    except TimeoutError:
        return

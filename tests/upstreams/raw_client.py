"""A client that sends exactly the bytes it is told to, and reads an answer strictly.

Strictly: what a lenient HTTP library would repair raises `AnswerBroken` here.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import orjson

from tests.upstreams.scripted import read_chunks, reset


def strict_json(raw: bytes) -> Any:
    """What RFC 8259 calls JSON: NaN, Infinity and broken UTF-8 raise ValueError.

    A lone surrogate written as an escape is JSON, though orjson does not take it.
    """

    def refuse(constant: str) -> Any:
        raise ValueError(f"{constant} is not JSON")

    return json.loads(raw.decode(), parse_constant=refuse)


class AnswerBroken(Exception):
    """The answer is cut off, or no HTTP. `so_far` is what arrived of its body."""

    def __init__(self, message: str, so_far: bytes = b"") -> None:
        super().__init__(message)
        self.so_far = so_far


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """An answer, complete. Header names in lower case; of one sent twice the last counts."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    head: bytes

    def json(self) -> Any:
        """The body as `strict_json`."""
        return strict_json(self.body)


class RawClient:
    """One connection. Made by `raw_client`."""

    def __init__(
        self, address: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.address = address
        self.reader = reader
        self.writer = writer

    async def send(self, data: bytes, *, split: int = 0, gap: float = 0.0) -> None:
        """Send bytes as they are, in segments of `split` bytes with `gap` seconds between them."""
        size = split or max(1, len(data))
        for start in range(0, len(data), size):
            self.writer.write(data[start : start + size])
            await self.writer.drain()
            if split:
                await asyncio.sleep(gap)

    async def request(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        key: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> RawAnswer:
        """Send a well-formed request and read its answer. `body`: bytes as they are, else JSON."""
        await self.send(self.request_bytes(method, path, body, key=key, headers=headers))
        return await self.answer()

    def request_bytes(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        key: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> bytes:
        raw = b"" if body is None else body if isinstance(body, bytes) else orjson.dumps(body)
        fields = {"host": self.address}
        if raw:
            fields |= {"content-type": "application/json", "content-length": str(len(raw))}
        if key:
            fields["authorization"] = f"Bearer {key}"
        fields |= headers or {}
        lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {fields[name]}" for name in fields)]
        return "\r\n".join([*lines, "", ""]).encode() + raw

    async def answer(self) -> RawAnswer:
        """Read one answer. Raises AnswerBroken where it is cut off or malformed."""
        try:
            head = await self.reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            raise AnswerBroken("closed before the end of the head") from error
        status_line, *lines = head.decode("latin-1").split("\r\n")[:-2]
        version, _, rest = status_line.partition(" ")
        if not version.startswith("HTTP/1.") or not rest[:3].isdigit():
            raise AnswerBroken(f"no status line: {status_line!r}")
        headers: dict[str, str] = {}
        for line in lines:
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        return RawAnswer(int(rest[:3]), headers, await self._body(int(rest[:3]), headers), head)

    async def _body(self, status: int, headers: Mapping[str, str]) -> bytes:
        try:
            if status in (204, 304):
                return b""
            if headers.get("transfer-encoding") == "chunked":
                return await read_chunks(self.reader)
            if "content-length" in headers:
                return await self.reader.readexactly(int(headers["content-length"]))
            return await self.reader.read()
        except asyncio.IncompleteReadError as error:
            raise AnswerBroken("closed before the end of the body", error.partial) from error
        except (ConnectionError, ValueError) as error:
            raise AnswerBroken(f"body broken off: {error}") from error

    async def read_to_end(self) -> bytes:
        """All that comes until the peer closes."""
        return await self.reader.read()

    def half_close(self) -> None:
        """FIN: nothing more will be sent, but the answer is still read."""
        self.writer.write_eof()

    async def reset(self) -> None:
        """Leave with RST."""
        await reset(self.writer)

    async def close(self) -> None:
        """Leave with FIN."""
        self.writer.close()
        try:
            await self.writer.wait_closed()
        except ConnectionError:
            return


@asynccontextmanager
async def raw_client(port: int, host: str = "127.0.0.1") -> AsyncGenerator[RawClient]:
    """A connection to a server on this machine, closed at the end of the block."""
    reader, writer = await asyncio.open_connection(host, port, limit=64 * 2**20)
    client = RawClient(f"{host}:{port}", reader, writer)
    try:
        yield client
    finally:
        await client.close()

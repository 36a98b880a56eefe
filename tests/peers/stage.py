"""The product among peers: its process, its providers, what it holds and what it has logged."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import sys
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.faults.product import CLIENT_KEY, Product, running_product
from tests.peers.canaries import leaked
from tests.upstreams.raw_client import RawAnswer, raw_client
from tests.upstreams.waiting import until

UPSTREAM_KEY = "sk-upstream-secret-among-peers"
CHAT = "/v1/chat/completions"


@dataclass(frozen=True, slots=True)
class Stage:
    """A running product whose chain `free` is the given upstreams, as `up0/m`, `up1/m`, ..."""

    product: Product

    @property
    def port(self) -> int:
        return self.product.port

    async def ask(self, *, stream: bool = False, text: str = "hello") -> RawAnswer:
        """One chat request, on a connection of its own."""
        async with raw_client(self.port) as client:
            return await client.request(
                "POST", CHAT, chat(stream=stream, text=text), key=CLIENT_KEY
            )

    def descriptors(self) -> int:
        """Open files and sockets of the product."""
        return len(os.listdir(f"/proc/{self.product.pid}/fd"))

    async def tasks(self) -> int:
        """Its asyncio tasks, by the launcher's word."""
        return (await self.inside())[0]

    async def inside(self) -> tuple[int, int]:
        """Its asyncio tasks and the blocks of memory that Python holds, by the launcher's word.

        Blocks that grow are a leak; memory that grows without them is the allocator's.
        """
        told = self._told()
        os.kill(self.product.pid, signal.SIGUSR1)
        await until(lambda: len(self._told()) > len(told))
        tasks, blocks = self._told()[-1]
        return int(tasks), int(blocks)

    def _told(self) -> list[tuple[str, str]]:
        return re.findall(r"^tasks (\d+) blocks (\d+)$", self.output(), re.MULTILINE)

    def output(self) -> str:
        """What it wrote to stdout and stderr."""
        return (self.product.folder / "output").read_text(errors="replace")

    def rows(self) -> list[dict[str, Any]]:
        """The request log, oldest first."""
        return logged(self.product.folder / "data" / "429chain.db")

    async def until_rows(self, count: int, *, within: float = 15.0) -> list[dict[str, Any]]:
        """The request log, once it has at least `count` rows."""
        with suppress(TimeoutError):
            await until(lambda: len(self.rows()) >= count, within=within, interval=0.05)
        rows = self.rows()
        assert len(rows) >= count, f"{len(rows)} rows of {count} in the request log: {rows}"
        return rows

    def leaks(self) -> list[str]:
        """Secrets in anything that it wrote, in any form."""
        return leaked(self.product.written(), (UPSTREAM_KEY, CLIENT_KEY))


def chat(*, stream: bool = False, text: str = "hello", **more: object) -> dict[str, object]:
    """The body of a chat request."""
    return {
        "model": "free",
        "messages": [{"role": "user", "content": text}],
        "stream": stream,
        **more,
    }


def logged(database: Path) -> list[dict[str, Any]]:
    """All rows of a request log, oldest first."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=10)) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute("SELECT * FROM requests ORDER BY seq")]


@asynccontextmanager
async def staged(
    base_urls: Sequence[str],
    *,
    limits: Mapping[str, int] | None = None,
    routing: Mapping[str, object] | None = None,
    timeouts: Mapping[str, str] | None = None,
    launch: Mapping[str, float] | None = None,
) -> AsyncGenerator[Stage]:
    """Run the product on these upstreams. `launch`: what `tests.peers.launcher` takes.

    The chain waits at most 5 s for a limit unless `routing` says otherwise.
    """
    settings = {"default_chain": "free", "max_wait": "5s", **(routing or {})}
    tables = ["[routing]", *(f"{key} = {json.dumps(value)}" for key, value in settings.items())]
    tables += ["[timeouts]", *(f'{key} = "{value}"' for key, value in (timeouts or {}).items())]
    for number, base_url in enumerate(base_urls):
        tables += [
            f"[providers.up{number}]",
            'preset = "openai-compatible"',
            f'base_url = "{base_url}"',
            f'api_key = "{UPSTREAM_KEY}"',
        ]
        if limits:
            pairs = ", ".join(f"{key} = {value}" for key, value in limits.items())
            tables.append(f"limits = {{ {pairs} }}")
    entries = [f"up{number}/m" for number in range(len(base_urls))]
    tables += ["[chains.free]", f"entries = {json.dumps(entries)}", ""]
    patience = [f"{name}={value:g}" for name, value in (launch or {}).items()]
    command = (sys.executable, "-m", "tests.peers.launcher", *patience)
    async with running_product("\n".join(tables), command=command) as product:
        yield Stage(product)


async def settled(read: Callable[[], int], target: int, *, within: float = 10.0) -> int:
    """`read()` once it is at most `target`, or what it still is after `within` seconds."""
    with suppress(TimeoutError):
        await until(lambda: read() <= target, within=within, interval=0.05)
    return read()

"""The processes that are measured, and what the kernel knows of them."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.http_client import Unanswered, connect

ROOT = Path(__file__).resolve().parents[1]
CLIENT_KEY = "sk-429chain-bench"

_PATIENCE = 30.0
"""Seconds until a process must answer."""
_AT_REST = 0.08
"""Share of a processor below which nothing of a load is left to be done."""
_PAGE = os.sysconf("SC_PAGE_SIZE")
_CPU_CLOCK = 2
"""CPUCLOCK_SCHED: what a process has run so far, all threads, in nanoseconds."""


class DidNotStart(Exception):
    """The message holds the end of what the process wrote."""


@dataclass(frozen=True, slots=True)
class Running:
    """A process that listens on `port` of the loopback."""

    name: str
    port: int
    pid: int
    by_path: bool = True
    """A behaviour of the provider is asked for by path; else by model, which names a chain."""

    def cpu(self) -> float:
        """User and system seconds so far: `/proc/PID/stat`'s sum, without its 10 ms steps."""
        return time.clock_gettime((~self.pid << 3) | _CPU_CLOCK)

    def rss(self) -> float:
        """Resident memory in MB (10^6 bytes)."""
        return int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * _PAGE / 1e6

    async def rest(self, most: float = 3.0) -> None:
        """Return when it has written its log and stands still, in `most` seconds at the latest."""
        deadline, still = time.perf_counter() + most, 0
        before = self.cpu()
        while still < 3 and time.perf_counter() < deadline:
            await asyncio.sleep(0.12)
            now = self.cpu()
            still = still + 1 if now - before < 0.12 * _AT_REST else 0
            before = now

    def request(self, behaviour: str, *, size: int = 600, stream: bool = False) -> bytes:
        """A chat request with a body of about `size` bytes, as the OpenAI SDK would send it."""
        said = "The water falls, step by step. " * (size // 31)
        streaming = b'"stream":true,' if stream else b""
        body = b'{"model":"%b",%b"messages":[{"role":"user","content":"%b"}]}' % (
            behaviour.encode(),
            streaming,
            said[: max(1, size - 70)].encode(),
        )
        path = f"/{behaviour}/v1/chat/completions" if self.by_path else "/v1/chat/completions"
        head = (
            f"POST {path} HTTP/1.1",
            f"host: 127.0.0.1:{self.port}",
            "accept: application/json",
            "accept-encoding: identity",
            "user-agent: OpenAI/Python 3.50.0",
            "x-stainless-lang: python",
            "x-stainless-retry-count: 0",
            f"authorization: Bearer {CLIENT_KEY}",
            "content-type: application/json",
            f"content-length: {len(body)}",
            "\r\n",
        )
        return "\r\n".join(head).encode() + body


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@asynccontextmanager
async def provider(folder: Path, chunks: int) -> AsyncGenerator[Running]:
    """The simulated provider; its paced streams and floods have `chunks` chunks."""
    port = free_port()
    command = ("bench.provider", str(port), str(chunks))
    async with _process("direct", port, command, folder) as running:
        yield running


@asynccontextmanager
async def reference(folder: Path, provider_port: int) -> AsyncGenerator[Running]:
    """The pass-through."""
    port = free_port()
    command = ("bench.passthrough", str(port), str(provider_port))
    async with _process("reference", port, command, folder) as running:
        yield running


@asynccontextmanager
async def product(
    folder: Path, config: str, *, screen: int | None = None, before: Sequence[str] = ()
) -> AsyncGenerator[Running]:
    """429chain on the TOML text `config`, with its data in `folder`/data.

    With its interface on the terminal `screen`, if there is one; run by the module `before`.
    """
    port = free_port()
    path = folder / "config.toml"
    server = (
        "[server]",
        f"port = {port}",
        f"admin_port = {free_port()}",
        f'api_keys = ["{CLIENT_KEY}"]',
        'admin_token = "admin-token-of-the-bench"',
    )
    path.write_text("\n".join((*server, "", config)))
    path.chmod(0o600)
    data = str(folder / "data")
    flags = ("--config", str(path), "--data-dir", data)
    command = (*before, "app", *(() if screen is not None else ("--no-tui",)), *flags)
    async with _process("429chain", port, command, folder, by_path=False, screen=screen) as running:
        yield running


@asynccontextmanager
async def _process(
    name: str,
    port: int,
    command: tuple[str, ...],
    folder: Path,
    *,
    by_path: bool = True,
    screen: int | None = None,
) -> AsyncGenerator[Running]:
    output = folder / f"{name}.log"
    with output.open("wb") as file:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            *command,
            cwd=ROOT,
            # Nothing of the developer's own: no key, no proxy, no setting.
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(folder),
                "LANG": "C.UTF-8",
                "TERM": "xterm-256color",
                "COLORTERM": "truecolor",
            },
            stdin=asyncio.subprocess.DEVNULL if screen is None else screen,
            stdout=file if screen is None else screen,
            stderr=file if screen is None else screen,
            start_new_session=screen is not None,
        )
    try:
        if not await _listens(process, port):
            tail = output.read_text(errors="replace")[-2000:]
            raise DidNotStart(f"{name} did not start (exit {process.returncode}):\n{tail}")
        yield Running(name, port, process.pid, by_path)
    finally:
        await _stop(process)


async def _listens(process: asyncio.subprocess.Process, port: int) -> bool:
    """Wait for it; False if it ended, or does not in time."""
    deadline = time.perf_counter() + _PATIENCE
    while process.returncode is None and time.perf_counter() < deadline:
        try:
            (await connect(port)).abort()
        except (OSError, Unanswered):
            await asyncio.sleep(0.005)
        else:
            return True
    return False


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.send_signal(signal.SIGTERM)
    try:
        async with asyncio.timeout(15):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()

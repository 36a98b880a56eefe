"""429chain as the process that a user starts: real arguments, real files, real signals.

async with fake_provider([completion("hi")]) as up, running(folder, config(a=up)) as chain:
    answer = await chain.chat("free")
"""

from __future__ import annotations

import asyncio
import os
import random
import re
import signal
import socket
import sys
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from tests.upstreams.fake_provider import FakeProvider
from tests.upstreams.raw_client import RawAnswer, raw_client
from tests.upstreams.waiting import until

ROOT = Path(__file__).resolve().parents[2]
CLIENT_KEY = "sk-client-of-the-process-tests"
HELLO = {"model": "free", "messages": [{"role": "user", "content": "Hello"}]}

_SERVES = re.compile(r" serves (http://\S+:(\d+)/v1)")
_PATIENCE = 20.0


def config(*, server: str = "", more: str = "", **providers: FakeProvider) -> str:
    """A config with a chain `free` of one model `m` on each provider, in their order."""
    parts = [f'[server]\napi_keys = ["{CLIENT_KEY}"]\nadmin_port = 0\n{server}']
    for name, provider in providers.items():
        parts.append(
            f'[providers.{name}]\npreset = "openai-compatible"\n'
            f'base_url = "{provider.base_url}"\napi_key = "{name}-provider-key"\n'
        )
    entries = ", ".join(f'"{name}/m"' for name in providers)
    chain = f"[chains.free]\nentries = [{entries}]\n" if providers else ""
    return "\n".join([*parts, more, chain])


def free_port() -> int:
    """Free a moment ago, and not given to anybody who asks for any port: those are higher."""
    for number in random.sample(range(20_000, 30_000), 100):
        with socket.socket() as probe:
            # As the server will: a connection of an earlier one that lingers is no hindrance.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with suppress(OSError):
                probe.bind(("127.0.0.1", number))
                return number
    raise AssertionError("no port is free")


def write_config(folder: Path, text: str) -> Path:
    path = folder / "config.toml"
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    return path


class ChainProcess:
    """A started 429chain. Its output is read from files in `folder` while it runs."""

    def __init__(self, process: asyncio.subprocess.Process, folder: Path) -> None:
        self.process = process
        self.folder = folder
        self.data = folder / "data"
        self.config = folder / "config.toml"

    @property
    def stderr(self) -> str:
        return _text(self.folder / "stderr")

    @property
    def stdout(self) -> str:
        return _text(self.folder / "stdout")

    @property
    def log(self) -> str:
        return _text(self.data / "429chain.log")

    @property
    def port(self) -> int:
        found = _SERVES.findall(self.stderr)
        assert found, self.stderr
        return int(found[-1][1])

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    async def serves(self) -> None:
        """Until it listens."""
        await until(
            lambda: _SERVES.search(self.stderr) or self.process.returncode is not None,
            within=_PATIENCE,
        )
        assert self.process.returncode is None, self.stderr

    async def says(self, text: str, *, times: int = 1, within: float = _PATIENCE) -> None:
        """Until `text` stands in stderr, so many times."""
        await until(lambda: self.stderr.count(text) >= times, within=within)

    async def request(self, method: str, path: str, body: object = None) -> RawAnswer:
        """One request on a connection of its own, with the client key."""
        async with raw_client(self.port) as client:
            return await client.request(method, path, body, key=CLIENT_KEY)

    async def chat(self, **more: object) -> RawAnswer:
        return await self.request("POST", "/v1/chat/completions", {**HELLO, **more})

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    async def ends(self, within: float = _PATIENCE) -> int:
        """Its exit code; negative for the signal that killed it."""
        async with asyncio.timeout(within):
            return await self.process.wait()

    async def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.send(number)
        return await self.ends()


async def launch(
    folder: Path,
    arguments: Sequence[str | Path],
    *,
    environ: Mapping[str, str] | None = None,
    python: Sequence[str] = (),
    stdout: int | None = None,
    stderr: int | None = None,
) -> ChainProcess:
    """Start `429chain ARGUMENTS` in `folder`, with an environment that holds nothing of ours."""
    clean = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder / "home"),
        "PYTHONPATH": str(ROOT),
        "LANG": "C.UTF-8",
    }
    with (folder / "stdout").open("ab") as out, (folder / "stderr").open("ab") as err:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *python,
            "-m",
            "app",
            *map(str, arguments),
            cwd=folder,
            env={**clean, **(environ or {})},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=out if stdout is None else stdout,
            stderr=err if stderr is None else stderr,
        )
    return ChainProcess(process, folder)


@asynccontextmanager
async def running(
    folder: Path,
    text: str | None,
    *arguments: str | Path,
    environ: Mapping[str, str] | None = None,
    python: Sequence[str] = (),
) -> AsyncGenerator[ChainProcess]:
    """429chain, headless, on a config of this text (None: on what is there) and a free port."""
    if text is not None:
        write_config(folder, text)
    (folder / "stderr").unlink(missing_ok=True)
    flags: list[str | Path] = [
        "--no-tui",
        "--port",
        str(free_port()),
        "--data-dir",
        folder / "data",
    ]
    if text is not None or (folder / "config.toml").exists():
        flags += ["--config", folder / "config.toml"]
    chain = await launch(folder, [*flags, *arguments], environ=environ, python=python)
    try:
        await chain.serves()
        yield chain
    finally:
        await finish(chain)


async def finish(chain: ChainProcess) -> None:
    """End what still runs."""
    if chain.process.returncode is None:
        chain.process.kill()
        await chain.process.wait()


async def completed(
    folder: Path, *arguments: str | Path, environ: Mapping[str, str] | None = None
) -> ChainProcess:
    """Run `429chain ARGUMENTS` to its end; for what is expected to end by itself."""
    for name in ("stdout", "stderr"):
        (folder / name).unlink(missing_ok=True)
    chain = await launch(folder, arguments, environ=environ)
    try:
        await chain.ends()
    finally:
        await finish(chain)
    return chain


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

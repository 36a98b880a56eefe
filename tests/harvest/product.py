"""The product as a process of its own, that can be killed in the middle and started again."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

import aiohttp

from proxy.clock import Clock

ROOT = Path(__file__).parents[2]
CLIENT_KEY = "sk-client-of-the-harvest"

_PATIENCE = 30.0


class ProductDidNotStart(Exception):
    """The message holds the end of what it wrote."""


class Product:
    """`async with Product(folder, config, clock)`: started, healthy, and stopped in the end.

    `config` is TOML without its `[server]` table.
    """

    def __init__(self, folder: Path, config: str, clock: Clock) -> None:
        self._folder = folder
        self._clock = clock
        self._port = _free_port()
        self._process: asyncio.subprocess.Process | None = None
        server = {"port": self._port, "admin_port": 0, "api_keys": [CLIENT_KEY]}
        lines = [f"{key} = {json.dumps(value)}" for key, value in server.items()]
        self._config = folder / "config.toml"
        self._config.write_text("\n".join(["[server]", *lines, "", config]))
        self._config.chmod(0o600)

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._port}/v1"

    @property
    def written(self) -> str:
        """What it wrote to its output, over all its lives."""
        return (self._folder / "output").read_text(errors="replace")

    def cpu(self) -> float:
        """Seconds of processor time of its present life; 0 once it has ended."""
        if self._process is None or self._process.returncode is not None:
            return 0.0
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            async with asyncio.timeout(15):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()

    async def start(self) -> None:
        """Start it and wait until it answers. Raises ProductDidNotStart."""
        with (self._folder / "output").open("ab") as output:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "app",
                "--no-tui",
                "--config",
                str(self._config),
                "--data-dir",
                str(self._folder / "data"),
                cwd=ROOT,
                env={"PATH": os.environ["PATH"], "HOME": str(self._folder), "LANG": "C.UTF-8"},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        deadline = self._clock.now() + _PATIENCE
        async with aiohttp.ClientSession() as session:
            while self._process.returncode is None and self._clock.now() < deadline:
                try:
                    async with session.get(f"http://127.0.0.1:{self._port}/health") as answer:
                        if answer.status == 200:
                            return
                except aiohttp.ClientError:
                    await asyncio.sleep(0.05)
        raise ProductDidNotStart(f"the product did not start:\n{self.written[-2000:]}")

    async def kill(self) -> None:
        """SIGKILL: no time to write anything down."""
        if self._process is not None:
            self._process.kill()
            await self._process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]

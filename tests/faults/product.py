"""The product as a process of its own: started with a config, watched, stopped."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
import tempfile
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.upstreams.raw_client import AnswerBroken, raw_client

ROOT = Path(__file__).parents[2]
CLIENT_KEY = "sk-client-of-the-faults"

_START_PATIENCE = 30.0
_PAGE = os.sysconf("SC_PAGE_SIZE")


class ProductDidNotStart(Exception):
    """The message holds the end of what it wrote."""


@dataclass(frozen=True, slots=True)
class Product:
    """A running product."""

    port: int
    pid: int
    folder: Path

    def rss(self) -> float:
        """Its resident memory in MiB."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * _PAGE / 2**20

    def written(self) -> bytes:
        """All that it wrote: its log, its output, its database."""
        files = [file for file in self.folder.rglob("*") if file.is_file()]
        return b"".join(file.read_bytes() for file in files if file.name != "config.toml")


@asynccontextmanager
async def running_product(config: str, *, command: tuple[str, ...] = ()) -> AsyncGenerator[Product]:
    """Run the product with the TOML text `config`, to which the `[server]` table is added.

    `command` replaces `python -m app`; it gets the same arguments. Raises ProductDidNotStart.
    """
    with tempfile.TemporaryDirectory(prefix="faults-") as name:
        folder = Path(name)
        port = _free_port()
        server = {"port": port, "admin_port": 0, "api_keys": [CLIENT_KEY]}
        lines = [f"{key} = {json.dumps(value)}" for key, value in server.items()]
        path = folder / "config.toml"
        path.write_text("\n".join(["[server]", *lines, "", config]))
        path.chmod(0o600)
        with (folder / "output").open("wb") as output:
            process = await asyncio.create_subprocess_exec(
                *(command or (sys.executable, "-m", "app")),
                "--no-tui",
                "--config",
                str(path),
                "--data-dir",
                str(folder / "data"),
                cwd=ROOT,
                env={"PATH": os.environ["PATH"], "HOME": name, "LANG": "C.UTF-8"},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        try:
            await _until_started(process, port, folder / "output")
            yield Product(port, process.pid, folder)
        finally:
            await _stop(process)


async def _until_started(process: asyncio.subprocess.Process, port: int, output: Path) -> None:
    deadline = time.monotonic() + _START_PATIENCE
    while time.monotonic() < deadline:
        if process.returncode is not None:
            break
        with suppress(OSError, AnswerBroken):
            async with raw_client(port) as client:
                healthy = (await client.request("GET", "/health")).status == 200
                # The line that says so comes last: by then all of it is loaded.
                if healthy and b" serves http" in output.read_bytes():
                    return
        await asyncio.sleep(0.05)
    tail = output.read_text(errors="replace")[-2000:]
    raise ProductDidNotStart(f"the product did not start (exit {process.returncode}):\n{tail}")


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


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]

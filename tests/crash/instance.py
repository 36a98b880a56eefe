"""The product on a folder that outlives it: started, killed, started again."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sqlite3
import sys
import time
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from tests.faults.product import CLIENT_KEY, ROOT
from tests.peers.stage import CHAT, chat
from tests.upstreams.raw_client import AnswerBroken, RawAnswer, raw_client

_START_PATIENCE = 30.0


class Instance:
    """Config and, unless `data` says otherwise, data lie in `folder`; the port stays the same over
    restarts."""

    def __init__(self, folder: Path, base_url: str, *, data: Path | None = None) -> None:
        self.folder = folder
        self.database = (data or folder / "data") / "429chain.db"
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self._process: asyncio.subprocess.Process | None = None
        config = folder / "config.toml"
        config.write_text(_config(self.port, base_url))
        config.chmod(0o600)

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    async def start(self, *, launch: Sequence[str] = ()) -> float:
        """Start it; seconds until it answered. `launch`: what `tests.peers.launcher` takes."""
        started = time.monotonic()
        with (self.folder / "output").open("ab") as output:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "tests.peers.launcher", *launch, "--no-tui"),
                *("--config", str(self.folder / "config.toml")),
                *("--data-dir", str(self.database.parent)),
                cwd=ROOT,
                env={"PATH": os.environ["PATH"], "HOME": str(self.folder), "LANG": "C.UTF-8"},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        while time.monotonic() - started < _START_PATIENCE:
            if self._process.returncode is not None:
                break
            with suppress(OSError, AnswerBroken):
                async with raw_client(self.port) as client:
                    if (await client.request("GET", "/health")).status == 200:
                        return time.monotonic() - started
            await asyncio.sleep(0.02)
        raise AssertionError(f"it did not start:\n{self.output()[-2000:]}")

    async def kill(self) -> None:
        """SIGKILL: no chance to tidy up."""
        assert self._process is not None
        with suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()

    async def stop(self) -> int:
        """SIGTERM; its exit code."""
        assert self._process is not None
        if self._process.returncode is None:
            self._process.send_signal(signal.SIGTERM)
            async with asyncio.timeout(20):
                await self._process.wait()
        return self._process.returncode or 0

    async def ask(self, *, stream: bool = False) -> RawAnswer:
        async with raw_client(self.port) as client:
            return await client.request("POST", CHAT, chat(stream=stream), key=CLIENT_KEY)

    def output(self) -> str:
        """All that its runs wrote to stdout and stderr."""
        return (self.folder / "output").read_text(errors="replace")

    def look(self) -> tuple[str, list[dict[str, Any]], list[str]]:
        """SQLite's own verdict on the database, the rows of the log, the keys of limit state."""
        # Without mode=ro: a journal that a kill left behind is recovered on opening.
        with closing(sqlite3.connect(self.database, timeout=10)) as connection:
            connection.row_factory = sqlite3.Row
            verdict = str(connection.execute("PRAGMA integrity_check").fetchone()[0])
            rows = [dict(row) for row in connection.execute("SELECT * FROM requests ORDER BY seq")]
            state = [str(row[0]) for row in connection.execute("SELECT key FROM limit_state")]
        return verdict, rows, state


def _config(port: int, base_url: str) -> str:
    return f"""\
[server]
port = {port}
admin_port = 0
api_keys = [{json.dumps(CLIENT_KEY)}]

[routing]
default_chain = "free"
max_wait = "0s"

[providers.up]
preset = "openai-compatible"
base_url = "{base_url}"
api_key = "sk-upstream-secret-of-the-crash"
limits = {{ rpd = 1000000, tpm = 900000000, concurrent = 500 }}

[chains.free]
entries = ["up/m"]
"""

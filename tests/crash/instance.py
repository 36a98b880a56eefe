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
import tomllib
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from tests.faults.product import CLIENT_KEY, ROOT
from tests.peers.canaries import leaked
from tests.peers.stage import CHAT, chat
from tests.upstreams.raw_client import AnswerBroken, RawAnswer, raw_client

ADMIN_TOKEN = "admin-token-of-the-crash"
UPSTREAM_KEY = "sk-upstream-secret-of-the-crash"
_START_PATIENCE = 30.0


class Instance:
    """Config and, unless `data` says otherwise, data lie in `folder`; the port stays the same over
    restarts."""

    def __init__(self, folder: Path, base_url: str, *, data: Path | None = None) -> None:
        self.folder = folder
        self.database = (data or folder / "data") / "429chain.db"
        self.port, self.admin_port = _free_ports()
        self._process: asyncio.subprocess.Process | None = None
        self.config = folder / "config.toml"
        self.config.write_text(_config(self.port, self.admin_port, base_url))
        self.config.chmod(0o600)

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
                *("--config", str(self.config)),
                *("--data-dir", str(self.database.parent)),
                cwd=ROOT,
                env={"PATH": os.environ["PATH"], "HOME": str(self.folder), "LANG": "C.UTF-8"},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        await self._answers(self.port)
        took = time.monotonic() - started
        # The admin port comes after the proxy's.
        await self._answers(self.admin_port)
        return took

    async def _answers(self, port: int) -> None:
        """Until it does. Raises AssertionError."""
        deadline = time.monotonic() + _START_PATIENCE
        while time.monotonic() < deadline:
            if self._process is None or self._process.returncode is not None:
                break
            with suppress(OSError, AnswerBroken):
                async with raw_client(port) as client:
                    if (await client.request("GET", "/health")).status == 200:
                        return
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

    async def edit(self, entry: str) -> bool:
        """Have the chain end in that entry, by the admin API; True if it was acknowledged."""
        async with raw_client(self.admin_port) as client:
            body = {"entries": ["up/m", entry]}
            answer = await client.request("PUT", "/api/chains/free", body, key=ADMIN_TOKEN)
            return answer.status == 200

    def last_entry(self) -> str:
        """Of the chain, as the config file has it. Raises ValueError where it is no TOML."""
        return tomllib.loads(self.config.read_text())["chains"]["free"]["entries"][-1]

    def leaks(self) -> list[str]:
        """Secrets in anything that its runs wrote, the config aside, in any form."""
        files = [file for file in self.folder.rglob("*") if file.is_file()]
        written = b"".join(file.read_bytes() for file in files if file != self.config)
        return leaked(written, (CLIENT_KEY, ADMIN_TOKEN, UPSTREAM_KEY))

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


def _free_ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as other:
        one.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        return one.getsockname()[1], other.getsockname()[1]


def _config(port: int, admin_port: int, base_url: str) -> str:
    return f"""\
[server]
port = {port}
admin_port = {admin_port}
admin_token = {json.dumps(ADMIN_TOKEN)}
api_keys = [{json.dumps(CLIENT_KEY)}]

[routing]
default_chain = "free"
max_wait = "0s"

[providers.up]
preset = "openai-compatible"
base_url = "{base_url}"
api_key = "{UPSTREAM_KEY}"
limits = {{ rpd = 1000000, tpm = 900000000, concurrent = 500 }}

[chains.free]
entries = ["up/m"]
"""

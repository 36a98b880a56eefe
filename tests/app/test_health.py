"""The container's health check, as the container runs it."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from pathlib import Path

import pytest

from app.health import announced, trouble
from tests.e2e.process import ROOT, config, running
from tests.upstreams.fake_provider import fake_provider
from tests.upstreams.replies import completion


async def _check(data: Path) -> tuple[int | None, str]:
    """Exit code and all output of the module, with nothing set but the data folder."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "app.health",
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "CHAIN429_DATA_DIR": str(data)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    told, _ = await process.communicate()
    return process.returncode, told.decode()


async def test_it_finds_the_instance_on_whatever_port_without_a_key(tmp_path: Path) -> None:
    async with fake_provider([completion("hi")]) as up, running(tmp_path, config(a=up)) as chain:
        assert await _check(chain.data) == (0, f"http://127.0.0.1:{chain.port}: ok\n")
        chain.send(signal.SIGKILL)
        await chain.ends()
        code, told = await _check(chain.data)
        assert (code, told.split(": ", 1)[1]) == (1, "no answer (ConnectionRefusedError)\n")


async def test_one_that_is_silent_is_not_healthy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.health._PATIENCE", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        assert trouble(url) == "no answer (TimeoutError)"


@pytest.mark.parametrize(
    "text, url",
    [
        ('{"pid": 1, "url": null, "serves": "http://[::1]:4290"}', "http://[::1]:4290"),
        # A longer text was there before.
        ('{"serves": "http://127.0.0.1:1"}:4290"}', "http://127.0.0.1:1"),
        ('{"pid": 1, "url": null, "serves": null}', None),
        ('{"pid": 1, "url": "http://127.0.0.1:4291"}', None),
        ("[]", None),
        ("", None),
    ],
)
def test_what_the_lock_file_says(tmp_path: Path, text: str, url: str | None) -> None:
    path = tmp_path / "429chain.lock"
    path.write_text(text)
    assert announced(path) == url


def test_no_lock_file_says_nothing(tmp_path: Path) -> None:
    assert announced(tmp_path / "429chain.lock") is None

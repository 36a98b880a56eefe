"""`429chain --demo`: no account, no network, no config file, no trace."""

from __future__ import annotations

import os
import signal
import sqlite3
import time
from pathlib import Path

from tests.e2e.process import finish, free_port, launch
from tests.upstreams.raw_client import raw_client
from tests.upstreams.waiting import until

KEY = "sk-429chain-demo"


async def test_within_five_seconds_a_429_falls_through(tmp_path: Path):
    data = tmp_path / "data"
    flags = ["--demo", "--no-tui", "--port", str(free_port()), "--data-dir", data]
    chain = await launch(tmp_path, flags)
    try:
        await chain.serves()
        started = time.monotonic()
        await until(lambda: _fell_through(data), within=10)
        took = time.monotonic() - started
        assert took < 5
        assert f"export OPENAI_BASE_URL={chain.base_url} OPENAI_API_KEY={KEY}" in chain.stdout
        assert f"curl -i {chain.base_url}/chat/completions" in chain.stdout
        stopped = time.monotonic()
        assert await chain.stop() == 0
        assert time.monotonic() - stopped < 8
    finally:
        await finish(chain)
    assert "Traceback" not in chain.stderr
    assert "shutting_down" not in chain.stderr


def _fell_through(data: Path) -> bool:
    """Whether the log has a request that one entry refused with 429 and a later one served."""
    try:
        database = sqlite3.connect(f"file:{data}/429chain.db?mode=ro", uri=True)
        rows = database.execute("SELECT trail FROM requests WHERE outcome = 'ok'").fetchall()
        database.close()
    except sqlite3.OperationalError:
        return False
    return any('"429"' in trail and '"ok"' in trail for (trail,) in rows)


async def test_quiet_sends_nothing_and_nothing_is_left(tmp_path: Path):
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    flags = ["--demo", "--quiet", "--port", str(free_port())]
    chain = await launch(tmp_path, flags, environ={"TMPDIR": str(temporary)})
    try:
        await chain.serves()
        (data,) = temporary.iterdir()
        body = {"model": "free", "messages": [{"role": "user", "content": "Hello"}]}
        async with raw_client(chain.port) as client:
            answer = await client.request("POST", "/v1/chat/completions", body, key=KEY)
        assert answer.status == 200
        assert (data / "429chain.db").exists()
        assert await chain.stop() == 0
    finally:
        await finish(chain)
    # The one request is ours.
    assert chain.stderr.count(" -> ") == 1
    assert list(temporary.iterdir()) == []
    assert not (tmp_path / "home").exists()
    assert set(os.listdir(tmp_path)) == {"tmp", "stdout", "stderr"}


async def test_even_at_once_it_leaves_no_folder(tmp_path: Path):
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    flags = ["--demo", "--port", str(free_port())]
    chain = await launch(tmp_path, flags, environ={"TMPDIR": str(temporary)})
    try:
        await chain.serves()
        await chain.says(" -> ")
        chain.send(signal.SIGINT)
        chain.send(signal.SIGINT)
        assert await chain.ends(within=2) == 130
    finally:
        await finish(chain)
    assert list(temporary.iterdir()) == []


async def test_a_config_of_the_user_is_none_of_its_business(tmp_path: Path):
    (tmp_path / "config.toml").write_text("[chains.broken")
    flags = ["--demo", "--quiet", "--port", str(free_port())]
    environ = {"CHAIN429_CONFIG": str(tmp_path / "config.toml"), "GROQ_API_KEY": "x" * 20}
    chain = await launch(tmp_path, flags, environ=environ)
    try:
        await chain.serves()
        assert "config" not in chain.stderr
        assert await chain.stop() == 0
    finally:
        await finish(chain)

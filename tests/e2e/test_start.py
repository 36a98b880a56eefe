"""How 429chain starts, and how it tells that it cannot."""

from __future__ import annotations

import re
import socket
import sqlite3
import stat
import time
from pathlib import Path

import pytest

from tests.e2e.process import completed, config, finish, free_port, launch, running, write_config
from tests.upstreams.fake_provider import fake_provider
from tests.upstreams.raw_client import raw_client
from tests.upstreams.replies import completion


async def test_a_request_is_served_and_logged(tmp_path: Path):
    async with (
        fake_provider([completion("hi")]) as up,
        running(tmp_path, config(a=up)) as chain,
    ):
        answer = await chain.chat()
        assert answer.status == 200
        assert answer.json()["choices"][0]["message"]["content"] == "hi"
        assert answer.headers["x-429chain-trail"] == "a/m=ok"
        await chain.says("free -> a/m: 200 ok")
        assert await chain.stop() == 0
    assert "free -> a/m: 200 ok" in chain.log
    assert f"config file: {chain.config}" in chain.stderr
    with sqlite3.connect(chain.data / "429chain.db") as database:
        rows = database.execute("SELECT chain, entry, outcome, status FROM requests").fetchall()
        tried = database.execute("SELECT entry, outcome, status FROM attempts").fetchall()
    database.close()
    assert rows == [("free", "a/m", "ok", 200)]
    assert tried == [("a/m", "ok", 200)]


async def test_what_it_writes_is_for_its_user_alone(tmp_path: Path):
    async with fake_provider([completion()]) as up, running(tmp_path, config(a=up)) as chain:
        await chain.chat()
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in chain.data.iterdir()}
        assert stat.S_IMODE(chain.data.stat().st_mode) == 0o700
    assert {"429chain.db", "429chain.log", "429chain.lock"} <= set(modes)
    assert set(modes.values()) == {0o600}


async def test_without_a_config_it_writes_one_and_starts(tmp_path: Path):
    async with running(tmp_path, None) as chain:
        path = tmp_path / "home/.config/429chain/config.toml"
        assert f"wrote {path}" in chain.stderr
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        async with raw_client(chain.port) as client:
            health = await client.request("GET", "/health")
        assert (health.status, health.json()) == (200, {"status": "ok"})
        written = re.findall(r'"([^"]{20,})"', path.read_text())
        assert await chain.stop() == 0
    assert written
    for secret in written:
        assert secret not in chain.stderr + chain.stdout + chain.log


async def test_the_environment_names_the_config_and_sets_values(tmp_path: Path):
    async with fake_provider([completion()]) as up:
        other = tmp_path / "other"
        other.mkdir()
        path = write_config(other, config(server='host = "nowhere.invalid"', a=up))
        environ = {"CHAIN429_CONFIG": str(path), "CHAIN429_SERVER__HOST": "127.0.0.1"}
        async with running(tmp_path, None, environ=environ) as chain:
            assert f"config file: {path}" in chain.stderr
            assert (await chain.chat()).status == 200


async def fails(folder: Path, *arguments: str | Path) -> str:
    """The one line that a start which fails leaves on stderr."""
    chain = await completed(folder, "--no-tui", "--data-dir", folder / "data", *arguments)
    assert (chain.process.returncode, chain.stdout) == (1, ""), chain.stderr
    assert "Traceback" not in chain.stderr
    lines = chain.stderr.splitlines()
    assert len(lines) == 1, chain.stderr
    assert lines[0].startswith("429chain: ")
    return lines[0]


async def test_a_port_in_use_is_told(tmp_path: Path):
    path = write_config(tmp_path, config())
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        line = await fails(tmp_path, "--config", path, "--port", str(port))
    assert f"127.0.0.1:{port} is in use" in line
    assert "--port" in line


@pytest.mark.parametrize(
    "host, told",
    [
        ("192.0.2.1", "this machine has no such address"),
        ("no-such-host.invalid", "no-such-host.invalid"),
    ],
)
async def test_an_address_that_cannot_be_had_is_told(tmp_path: Path, host: str, told: str):
    path = write_config(tmp_path, config(server='admin_token = "a-token-of-some-length"'))
    line = await fails(tmp_path, "--config", path, "--port", str(free_port()), "--host", host)
    assert f"cannot listen on {host}:" in line
    assert told in line


async def test_a_second_instance_names_the_first(tmp_path: Path):
    async with running(tmp_path, config()) as first:
        second = tmp_path / "second"
        second.mkdir()
        chain = await completed(
            second,
            "--no-tui",
            "--config",
            first.config,
            "--data-dir",
            first.data,
            "--port",
            str(free_port()),
        )
    assert chain.process.returncode == 1
    (line,) = chain.stderr.splitlines()
    assert f"pid {first.process.pid}" in line
    assert "--data-dir" in line


async def test_a_killed_instance_is_succeeded(tmp_path: Path):
    async with running(tmp_path, config()) as first:
        first.process.kill()
        await first.ends()
    async with running(tmp_path, None) as second:
        assert await second.stop() == 0


@pytest.mark.parametrize(
    "text, told",
    [
        ('[server]\napi_keys = ["a-client-key"]\nprot = 1\n', r"config\.toml:3: .*port"),
        ('[server]\napi_keys = ["a-client-key\n', r"config\.toml:2: "),
        ("[server]\nport = 1\n", r"config\.toml:?\d*: .*429chain init"),
    ],
)
async def test_an_invalid_config_is_told_by_line(tmp_path: Path, text: str, told: str):
    path = write_config(tmp_path, text)
    line = await fails(tmp_path, "--config", path)
    assert re.search(told, line), line
    assert not (tmp_path / "data").exists()


async def test_every_problem_is_a_line(tmp_path: Path):
    path = write_config(tmp_path, '[server]\napi_keys = ["a-client-key"]\nprot = 1\nhots = "x"\n')
    chain = await completed(tmp_path, "--no-tui", "--config", path)
    assert chain.process.returncode == 1
    assert [line.split(": ")[1][-2:] for line in chain.stderr.splitlines()] == [":3", ":4"]


async def test_an_unreadable_config_is_told(tmp_path: Path):
    folder = tmp_path / "folder.toml"
    folder.mkdir()
    assert str(folder) in await fails(tmp_path, "--config", folder)
    assert "cannot be written" in await fails(tmp_path, "--config", "/proc/no/config.toml")


async def test_a_newer_database_is_refused_and_left_alone(tmp_path: Path):
    path = write_config(tmp_path, config())
    (tmp_path / "data").mkdir()
    newer = tmp_path / "data/429chain.db"
    database = sqlite3.connect(newer)
    database.execute("PRAGMA user_version = 999")
    database.execute("CREATE TABLE future (x)")
    database.commit()
    database.close()
    before = newer.read_bytes()
    line = await fails(tmp_path, "--config", path, "--port", str(free_port()))
    assert "newer" in line
    assert newer.read_bytes() == before


async def test_a_data_folder_that_cannot_be_made_does_not_stop_it(tmp_path: Path):
    (tmp_path / "file").write_text("")
    async with fake_provider([completion()]) as up:
        write_config(tmp_path, config(a=up))
        async with running(tmp_path, None, "--data-dir", tmp_path / "file/data") as chain:
            assert (await chain.chat()).status == 200
            assert "WARNING" in chain.stderr
            assert await chain.stop() == 0


async def test_it_is_ready_within_two_seconds(tmp_path: Path):
    async with fake_provider([completion()]) as up:
        started = time.monotonic()
        async with running(tmp_path, config(a=up)) as chain:
            assert (await chain.chat()).status == 200
            took = time.monotonic() - started
    # Measured: 0.7 s on two shared cores. Generous, for a machine that does more than this.
    assert took < 5


async def test_headless_never_imports_textual(tmp_path: Path):
    async with (
        fake_provider([completion()]) as up,
        running(tmp_path, config(a=up), python=["-X", "importtime"]) as chain,
    ):
        await chain.chat()
        assert await chain.stop() == 0
    imported = re.findall(r"\| +([\w.]+)$", chain.stderr, re.MULTILINE)
    assert "aiohttp.web" in imported
    assert [name for name in imported if name.partition(".")[0] in ("textual", "rich")] == []


async def test_without_no_tui_it_says_that_it_serves_headless(tmp_path: Path):
    path = write_config(tmp_path, config())
    async with running(tmp_path, None, "--log-level", "debug") as chain:
        assert "headless" not in chain.stderr
    (tmp_path / "stderr").unlink()
    chain = await launch(
        tmp_path, ["--config", path, "--data-dir", tmp_path / "data", "--port", str(free_port())]
    )
    try:
        await chain.serves()
        assert "no terminal to draw on: serving without the interface" in chain.stderr
        assert await chain.stop() == 0
    finally:
        await finish(chain)

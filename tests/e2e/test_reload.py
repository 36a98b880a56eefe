"""An edit of the config reaches the running process, and drops nothing."""

from __future__ import annotations

import asyncio
import signal
import time
from pathlib import Path

from tests.e2e.process import CLIENT_KEY, ChainProcess, config, running, write_config
from tests.e2e.streaming import open_stream
from tests.upstreams.fake_provider import fake_provider
from tests.upstreams.raw_client import raw_client
from tests.upstreams.replies import completion, stream


async def test_an_edit_is_live_within_two_seconds_and_drops_no_stream(tmp_path: Path):
    gate = asyncio.Event()
    async with (
        fake_provider([stream("one", gate, "two")]) as old,
        fake_provider([completion("from the new one")]) as new,
        running(tmp_path, config(a=old)) as chain,
    ):
        async with open_stream(chain.base_url) as answer:
            await answer.until(b"one")
            write_config(tmp_path, config(b=new))
            edited = time.monotonic()
            await chain.says("configuration 1 is in force", within=2)
            assert time.monotonic() - edited < 2
            assert b"from the new one" in (await chain.chat()).body
            gate.set()
            assert (await answer.to_end()).endswith(b"data: [DONE]\n\n")
        assert len(old.requests) == 1


async def test_sighup_reloads_and_never_stops(tmp_path: Path):
    async with (
        fake_provider([completion("hi")]) as up,
        running(tmp_path, config(a=up)) as chain,
    ):
        for times in (1, 2):
            chain.send(signal.SIGHUP)
            await chain.says("asked to reload the configuration", times=times)
        write_config(tmp_path, config(more="# a remark", a=up))
        chain.send(signal.SIGHUP)
        await chain.says("is in force")
        assert (await chain.chat()).status == 200
        assert await chain.stop() == 0


async def test_an_invalid_edit_is_refused_by_line_and_the_next_good_one_taken(tmp_path: Path):
    async with (
        fake_provider([completion("hi")]) as up,
        running(tmp_path, config(a=up)) as chain,
    ):
        write_config(tmp_path, "[server\n" + config(a=up))
        await chain.says("the edit is refused", within=2)
        assert f"{chain.config}:1: " in chain.stderr
        assert (await chain.chat()).status == 200
        chain.config.unlink()
        await chain.says("no such file", within=2)
        assert (await chain.chat()).status == 200
        write_config(tmp_path, config(a=up))
        await chain.says("is in force", within=2)
        assert (await chain.chat()).status == 200


async def test_a_changed_dotenv_is_an_edit(tmp_path: Path):
    (tmp_path / ".env").write_text("UP_KEY=the-first-key\n")
    async with fake_provider([completion()]) as up:
        text = config(a=up).replace('"a-provider-key"', '"env:UP_KEY"')
        async with running(tmp_path, text) as chain:
            await chain.chat()
            (tmp_path / ".env").write_text("UP_KEY=the-second-key\n")
            await chain.says("is in force", within=2)
            await chain.chat()
            assert [request.key for request in up.requests] == ["the-first-key", "the-second-key"]
            assert "the-first-key" not in chain.stderr
            assert "the-second-key" not in chain.stderr


async def test_a_changed_secret_file_is_an_edit(tmp_path: Path):
    (tmp_path / "key").write_text("the-first-key\n")
    async with fake_provider([completion()]) as up:
        text = config(a=up).replace('"a-provider-key"', '"file:key"')
        async with running(tmp_path, text) as chain:
            await chain.chat()
            (tmp_path / "key").write_text("the-second-key\n")
            await chain.says("is in force", within=2)
            await chain.chat()
            assert [request.key for request in up.requests] == ["the-first-key", "the-second-key"]


async def test_a_client_key_that_is_taken_away_opens_nothing_any_more(tmp_path: Path):
    async with fake_provider([completion()]) as up, running(tmp_path, config(a=up)) as chain:
        assert (await chain.chat()).status == 200
        write_config(tmp_path, config(a=up).replace(CLIENT_KEY, "another-client-key"))
        await chain.says("is in force", within=2)
        assert (await chain.chat()).status == 401


async def test_a_new_port_needs_a_restart_and_that_is_said(tmp_path: Path):
    async with running(tmp_path, config(server="port = 4290")) as chain:
        # The flag stands above the file: for the process nothing changes.
        write_config(tmp_path, config(server="port = 4295"))
        await _reloaded(chain)
        assert "needs a restart" not in chain.stderr
        write_config(tmp_path, config(server='shutdown_grace = "3s"').replace("= 0", "= 4299", 1))
        await chain.says("server.admin_port: needs a restart", within=2)
        async with raw_client(chain.port) as client:
            assert (await client.request("GET", "/health")).status == 200


async def _reloaded(chain: ChainProcess) -> None:
    before = chain.stderr.count("asked to reload")
    chain.send(signal.SIGHUP)
    await chain.says("asked to reload", times=before + 1)

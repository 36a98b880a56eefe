"""The terminal interface as a person starts it: in a terminal, with keys, and left in every way."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path

import pytest

from tests.e2e.process import CLIENT_KEY, config, free_port, running, write_config
from tests.e2e.tmux import Tmux, in_terminal
from tests.needs import require
from tests.upstreams.fake_provider import fake_provider
from tests.upstreams.raw_client import raw_client
from tests.upstreams.replies import completion
from tests.upstreams.waiting import until

ADMIN_TOKEN = "admin-token-of-the-terminal-tests"


@pytest.fixture(autouse=True)
def _needs_tmux() -> None:
    require("tmux", ci=os.environ.get("CI") == "true")


def _pid(folder: Path) -> int:
    lock = folder / "data" / "429chain.lock"
    text = lock.read_text(encoding="utf-8")
    return int(text.partition('"pid": ')[2].partition(",")[0])


def _flags(folder: Path, port: int, admin_port: int = 0) -> list[str | Path]:
    return [
        *("--config", folder / "config.toml", "--data-dir", folder / "data"),
        *("--port", str(port), "--admin-port", str(admin_port)),
    ]


async def test_it_shows_the_board_and_serves(tmp_path: Path) -> None:
    port = free_port()
    async with fake_provider([completion("hi")]) as up:
        write_config(tmp_path, config(a=up))
        async with in_terminal(tmp_path, *_flags(tmp_path, port)) as terminal:
            await terminal.shows(f"127.0.0.1:{port}")
            await terminal.shows("a/m")
            async with raw_client(port) as client:
                body = {"model": "free", "messages": [{"role": "user", "content": "x"}]}
                answer = await client.request("POST", "/v1/chat/completions", body, key=CLIENT_KEY)
            assert answer.status == 200
            terminal.press("q")
            # A program asked a moment ago: it is not left without a question.
            await terminal.shows("answers nobody")
            terminal.press("y")
            assert await terminal.ends() == 0
            assert terminal.is_sane
            assert re.search(r"429chain served \d requests? today", terminal.screen)


async def test_q_leaves_at_once_where_nobody_asked(tmp_path: Path) -> None:
    write_config(tmp_path, config())
    async with in_terminal(tmp_path, *_flags(tmp_path, free_port())) as terminal:
        await _is_empty(terminal)
        terminal.press("q")
        assert await terminal.ends() == 0
        assert terminal.is_sane


@pytest.mark.parametrize("number, code", [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
async def test_a_signal_leaves_a_sane_terminal(
    tmp_path: Path, number: signal.Signals, code: int
) -> None:
    write_config(tmp_path, config())
    async with in_terminal(tmp_path, *_flags(tmp_path, free_port())) as terminal:
        await _is_empty(terminal)
        os.kill(_pid(tmp_path), number)
        assert await terminal.ends() == code
        assert terminal.is_sane


async def test_a_closed_window_ends_it_with_the_log_on_disk(tmp_path: Path) -> None:
    port = free_port()
    async with fake_provider([completion("hi")]) as up:
        write_config(tmp_path, config(a=up))
        async with in_terminal(tmp_path, *_flags(tmp_path, port)) as terminal:
            await terminal.shows("a/m")
            pid = _pid(tmp_path)
            terminal.close_window()
            await until(lambda: not _runs(pid), within=20)
    log = (tmp_path / "data" / "429chain.log").read_text(encoding="utf-8")
    assert "Traceback" not in log


async def test_a_hang_up_with_the_window_there_reloads(tmp_path: Path) -> None:
    write_config(tmp_path, config())
    async with in_terminal(tmp_path, *_flags(tmp_path, free_port())) as terminal:
        await _is_empty(terminal)
        os.kill(_pid(tmp_path), signal.SIGHUP)
        terminal.press("3")
        await terminal.shows("Requests")
        assert _runs(_pid(tmp_path))
        terminal.press("q")
        assert await terminal.ends() == 0


async def test_attach_shows_a_headless_instance_and_leaves_it_running(tmp_path: Path) -> None:
    admin_port = free_port()
    async with fake_provider([completion("hi")]) as up:
        text = config(a=up, server=f'admin_token = "{ADMIN_TOKEN}"').replace(
            "admin_port = 0", f"admin_port = {admin_port}"
        )
        async with running(tmp_path, text) as chain:
            elsewhere = tmp_path / "elsewhere"
            elsewhere.mkdir()
            async with in_terminal(
                elsewhere,
                "attach",
                f"http://127.0.0.1:{admin_port}",
                environ={"CHAIN429_ADMIN_TOKEN": ADMIN_TOKEN},
            ) as terminal:
                await terminal.shows("a/m")
                await terminal.shows("attached")
                terminal.press("q")
                assert await terminal.ends() == 0
                assert f"The instance on 127.0.0.1:{admin_port} goes on." in terminal.screen
            assert (await chain.chat()).status == 200


async def test_a_second_start_opens_on_the_one_that_runs(tmp_path: Path) -> None:
    admin_port = free_port()
    text = config(server=f'admin_token = "{ADMIN_TOKEN}"').replace(
        "admin_port = 0", f"admin_port = {admin_port}"
    )
    async with running(tmp_path, text) as chain:
        second = tmp_path / "second"
        second.mkdir()
        async with in_terminal(second, *_flags(tmp_path, free_port(), admin_port)) as terminal:
            await terminal.shows("attached")
            terminal.press("q")
            assert await terminal.ends() == 0
        assert chain.process.returncode is None


async def test_a_wrong_token_is_told_in_one_line(tmp_path: Path) -> None:
    admin_port = free_port()
    text = config(server=f'admin_token = "{ADMIN_TOKEN}"').replace(
        "admin_port = 0", f"admin_port = {admin_port}"
    )
    async with running(tmp_path, text):
        elsewhere = tmp_path / "elsewhere"
        elsewhere.mkdir()
        async with in_terminal(
            elsewhere,
            "attach",
            f"http://127.0.0.1:{admin_port}",
            environ={"CHAIN429_ADMIN_TOKEN": "wrong"},
        ) as terminal:
            assert await terminal.ends() == 1
            assert "429chain:" in terminal.screen
            assert "Traceback" not in terminal.screen


async def test_resizing_keeps_it_whole(tmp_path: Path) -> None:
    write_config(tmp_path, config())
    async with in_terminal(tmp_path, *_flags(tmp_path, free_port())) as terminal:
        await _is_empty(terminal)
        for columns, rows in ((80, 24), (60, 16), (120, 40)):
            terminal("resize-window", "-x", str(columns), "-y", str(rows))
            await _painted(terminal, columns)
        terminal.press("q")
        assert await terminal.ends() == 0


async def _is_empty(terminal: Tmux) -> None:
    """The first start's page is there, and left."""
    await terminal.shows("one address, every free model you have")
    terminal.press("Escape")
    await terminal.shows("no chain yet")


async def _painted(terminal: Tmux, columns: int) -> None:
    await terminal.shows("quit")
    await until(lambda: max(map(len, terminal.screen.splitlines())) > columns * 3 // 4)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True

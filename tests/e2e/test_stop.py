"""How 429chain ends: in good order, at once, and whatever becomes of its output."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.process import CLIENT_KEY, HELLO, ROOT, config, finish, free_port, launch, running
from tests.e2e.streaming import open_stream
from tests.upstreams.fake_provider import fake_provider
from tests.upstreams.raw_client import raw_client
from tests.upstreams.replies import ROLE, Reply, completion, raw_stream, refusal, stream
from tests.upstreams.waiting import until


async def test_sigterm_closes_the_port_and_lets_a_stream_end(tmp_path: Path):
    gate = asyncio.Event()
    async with (
        fake_provider([stream("one", gate, "two")]) as up,
        running(tmp_path, config(a=up)) as chain,
    ):
        port = chain.port
        async with raw_client(port) as kept, open_stream(chain.base_url) as answer:
            assert (await kept.request("GET", "/health")).status == 200
            await answer.until(b"one")
            chain.send(signal.SIGTERM)
            await chain.says("stopping; requests still running: 1")
            with pytest.raises(ConnectionRefusedError):
                await asyncio.open_connection("127.0.0.1", port)
            assert (await kept.request("GET", "/health")).status == 503
            late = await kept.request("POST", "/v1/chat/completions", HELLO, key=CLIENT_KEY)
            assert (late.status, late.json()["error"]["code"]) == (503, "shutting_down")
            gate.set()
            whole = await answer.to_end()
        assert b"two" in whole
        assert whole.endswith(b"data: [DONE]\n\n")
        assert await chain.ends() == 0
    assert "free -> a/m: 200 ok (stream" in chain.log
    assert "Traceback" not in chain.stderr


async def test_a_stream_longer_than_the_grace_ends_with_an_error_event(tmp_path: Path):
    async with (
        fake_provider([stream("one", asyncio.Event(), "two")]) as up,
        running(tmp_path, config(server='shutdown_grace = "1s"', a=up)) as chain,
    ):
        async with open_stream(chain.base_url) as answer:
            await answer.until(b"one")
            started = time.monotonic()
            chain.send(signal.SIGTERM)
            whole = await answer.to_end()
        assert b'"code":"stream_interrupted"' in whole
        assert b"[DONE]" not in whole
        assert await chain.ends() == 0
        assert 0.9 < time.monotonic() - started < 3.5
        await up.wait_for_abandoned()
    assert "requests cut off: 1" in chain.stderr
    assert "interrupted (stream" in chain.log
    assert "Traceback" not in chain.stderr


def _before_the_head(gate: asyncio.Event) -> Reply:
    return completion("late", gate=gate)


def _amid_the_body(gate: asyncio.Event) -> Reply:
    return Reply(200, {"content-type": "application/json"}, [b'{"id": "x",', gate], stream=True)


def _before_the_first_token(gate: asyncio.Event) -> Reply:
    return raw_stream(ROLE, gate)


@pytest.mark.parametrize("asked", ["chat/completions", "messages", "responses"])
@pytest.mark.parametrize(
    "reply, streaming",
    [(_before_the_head, False), (_amid_the_body, False), (_before_the_first_token, True)],
)
async def test_what_has_no_first_byte_when_the_grace_is_over_is_told_so(
    tmp_path: Path, reply: Callable[[asyncio.Event], Reply], streaming: bool, asked: str
):
    gate = asyncio.Event()
    async with (
        fake_provider([reply(gate)]) as up,
        running(tmp_path, config(server='shutdown_grace = "500ms"', a=up)) as chain,
        asyncio.TaskGroup() as group,
    ):
        body = {"model": "free", "stream": streaming, "max_tokens": 9}
        body |= {"input": "Hello"} if asked == "responses" else {"messages": HELLO["messages"]}
        waiting = group.create_task(chain.request("POST", f"/v1/{asked}", body))
        await up.wait_for_requests()
        chain.send(signal.SIGTERM)
        answer = await waiting
        assert answer.status == 503
        error = answer.json()["error"]
        assert "shutting down" in error["message"]
        if asked != "messages":
            assert (error["type"], error["code"]) == ("server_error", "shutting_down")
        assert int(answer.headers["retry-after"]) >= 1
        await up.wait_for_abandoned()
        assert await chain.ends() == 0
    assert "requests cut off: 1" in chain.stderr
    assert "Traceback" not in chain.stderr


async def test_a_body_that_has_not_come_by_then_is_told_so(tmp_path: Path):
    async with (
        fake_provider([completion()]) as up,
        running(tmp_path, config(a=up)) as chain,
        raw_client(chain.port) as client,
    ):
        whole = client.request_bytes("POST", "/v1/chat/completions", HELLO, key=CLIENT_KEY)
        await client.send(whole[:-10])
        assert (await chain.request("GET", "/health")).status == 200
        chain.send(signal.SIGTERM)
        answer = await client.answer()
        assert (answer.status, answer.json()["error"]["code"]) == (503, "shutting_down")
        assert await chain.ends() == 0
    assert not up.requests
    assert "Traceback" not in chain.stderr


async def test_who_waits_in_line_is_sent_home(tmp_path: Path):
    refused = refusal(429, headers={"retry-after": "30"})
    async with (
        fake_provider([refused]) as up,
        running(tmp_path, config(a=up)) as chain,
        asyncio.TaskGroup() as group,
    ):
        waiting = group.create_task(chain.chat())
        await up.wait_for_requests()
        chain.send(signal.SIGTERM)
        answer = await waiting
        assert (answer.status, answer.json()["error"]["code"]) == (503, "shutting_down")
        assert await chain.ends() == 0


@pytest.mark.parametrize(
    "number, code", [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["ctrl+c", "term"]
)
async def test_the_second_signal_ends_it_at_once(tmp_path: Path, number: signal.Signals, code: int):
    async with (
        fake_provider([stream("one", asyncio.Event())]) as up,
        running(tmp_path, config(a=up)) as chain,
        open_stream(chain.base_url) as answer,
    ):
        await answer.until(b"one")
        chain.send(number)
        await chain.says("stopping")
        chain.send(number)
        assert await chain.ends(within=1.0) == code


async def test_ctrl_c_ends_it_with_130(tmp_path: Path):
    async with running(tmp_path, config()) as chain:
        assert await chain.stop(signal.SIGINT) == 130
    assert "Traceback" not in chain.stderr


async def test_an_idle_keepalive_connection_does_not_hold_it(tmp_path: Path):
    async with (
        fake_provider([completion()]) as up,
        running(tmp_path, config(a=up)) as chain,
        raw_client(chain.port) as kept,
    ):
        await kept.request("POST", "/v1/chat/completions", HELLO, key=CLIENT_KEY)
        started = time.monotonic()
        assert await chain.stop() == 0
    assert time.monotonic() - started < 2


async def test_what_a_terminal_signals_does_no_harm(tmp_path: Path):
    """A window that is resized all the time, ctrl+z and fg, in the middle of a stream."""
    gate = asyncio.Event()
    async with (
        fake_provider([stream("one", gate, "two")]) as up,
        running(tmp_path, config(a=up), environ={"TERM": "dumb"}) as chain,
        open_stream(chain.base_url) as answer,
    ):
        await answer.until(b"one")
        for _ in range(100):
            chain.send(signal.SIGWINCH)
        stat = Path(f"/proc/{chain.process.pid}/stat")
        # As ctrl+z does, but SIGTSTP stops nobody in a process group that has lost its terminal.
        chain.send(signal.SIGSTOP)
        await until(lambda: ") T " in stat.read_text())
        gate.set()
        chain.send(signal.SIGCONT)
        assert (await answer.to_end()).endswith(b"data: [DONE]\n\n")
        assert await chain.stop() == 0
    assert "Traceback" not in chain.stderr


async def test_a_reader_of_its_output_that_leaves_does_no_harm(tmp_path: Path):
    """`429chain --demo 2>&1 | head`: the pipe breaks, the proxy goes on."""
    out_read, out_write = os.pipe()
    error_read, error_write = os.pipe()
    port = free_port()
    chain = await launch(
        tmp_path,
        ["--demo", "--quiet", "--no-tui", "--port", str(port)],
        stdout=out_write,
        stderr=error_write,
    )
    for end in (out_write, error_write, out_read, error_read):
        os.close(end)
    try:
        assert (await _answer_of(port)) == 200
        assert await chain.stop() == 0
    finally:
        await finish(chain)


async def test_closed_standard_streams_do_no_harm(tmp_path: Path):
    port = free_port()
    script = 'exec "$@" <&- >&- 2>&-'
    flags = ["--demo", "--quiet", "--no-tui", "--port", str(port), "--data-dir", str(tmp_path)]
    process = await asyncio.create_subprocess_exec(
        "sh", "-c", script, "sh", sys.executable, "-m", "app", *flags, cwd=ROOT
    )
    try:
        assert (await _answer_of(port)) == 200
        numbers = {number: os.readlink(f"/proc/{process.pid}/fd/{number}") for number in (0, 1, 2)}
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert set(numbers.values()) == {os.devnull}


async def _answer_of(port: int) -> int:
    """The status of a demo request, once the port is open."""
    body = {**HELLO, "max_tokens": 5}
    async with asyncio.timeout(20):
        while True:
            try:
                async with raw_client(port) as client:
                    path = "/v1/chat/completions"
                    key = "sk-429chain-demo"
                    return (await client.request("POST", path, body, key=key)).status
            except ConnectionRefusedError:
                await asyncio.sleep(0.02)

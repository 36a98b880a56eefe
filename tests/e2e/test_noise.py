"""What is no HTTP, or nobody's business, does not fill the log."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.process import config, running
from tests.upstreams.fake_provider import fake_provider
from tests.upstreams.raw_client import raw_client
from tests.upstreams.replies import completion

GARBAGE = (
    b"GET / HTTP/9.9\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64),
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"POST /v1/chat/completions HTTP/1.1\r\ncontent-length: +3\r\n\r\nabc",
    b"GET / HTTP/1.1\r\nhost : x\r\n\r\n",
    b"\x00" * 100 + b"\r\n\r\n",
)


async def test_malformed_requests_are_one_line_and_no_traceback(tmp_path: Path):
    async with fake_provider([completion("hi")]) as up, running(tmp_path, config(a=up)) as chain:
        for data in GARBAGE * 3:
            async with raw_client(chain.port) as client:
                await client.send(data)
                assert b"400 Bad Request" in await client.read_to_end()
        assert (await chain.chat()).status == 200
        assert await chain.stop() == 0
    assert chain.stderr.count("no proper HTTP") == 1
    assert "Traceback" not in chain.stderr + chain.log
    assert "Traceback" not in chain.stdout


async def test_a_client_that_leaves_at_any_moment_is_no_error(tmp_path: Path):
    async with fake_provider([completion("hi")]) as up, running(tmp_path, config(a=up)) as chain:
        for data in (b"", b"GET", b"GET / HTTP/1.1\r\n", b"POST /v1/chat/completions HTTP/1.1\r\n"):
            async with raw_client(chain.port) as client:
                await client.send(data)
                await client.reset()
        assert (await chain.chat()).status == 200
        assert await chain.stop() == 0
    assert "ERROR" not in chain.stderr
    assert "Traceback" not in chain.stderr

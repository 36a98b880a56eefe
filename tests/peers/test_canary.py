"""Secrets stay where they are: in the config file and on the way to their provider (case 125)."""

from __future__ import annotations

from base64 import b64encode
from contextlib import AsyncExitStack
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.faults.product import CLIENT_KEY
from tests.peers.canaries import leaked
from tests.peers.stage import CHAT, UPSTREAM_KEY, Stage, chat, staged
from tests.upstreams.fake_provider import fake_provider
from tests.upstreams.raw_client import RawClient, raw_client
from tests.upstreams.replies import ROLE, Reply, chunk, raw_stream, refusal, reply, sse

_BASE64 = b64encode(UPSTREAM_KEY.encode()).decode()
_SPELT = f"{UPSTREAM_KEY} {_BASE64} {quote(UPSTREAM_KEY, safe='')}"
_HEADERS = {"x-echo": UPSTREAM_KEY, "x-request-id": UPSTREAM_KEY, "set-cookie": f"k={UPSTREAM_KEY}"}
_ERROR = {"error": {"message": f"bad key {_SPELT}", "code": UPSTREAM_KEY, "type": UPSTREAM_KEY}}

_ECHOES: tuple[Reply, ...] = (
    *(refusal(status, f"bad key {_SPELT}", headers=_HEADERS) for status in (400, 401, 403, 429)),
    *(reply(status, _ERROR, headers=_HEADERS) for status in (200, 402, 404, 422, 500, 503)),
    reply(502, f"<html>{_SPELT}</html>"),
    reply(500, _SPELT),
    raw_stream(sse(_ERROR)),
    raw_stream(ROLE, chunk({"content": "a"}), sse(_ERROR)),
    raw_stream(ROLE, chunk({"content": "a"}), cut=True, headers=_HEADERS),
)
"""Answers that repeat the key they came with, in every place and spelling."""


@pytest.mark.parametrize("stream", [False, True])
async def test_no_answer_and_no_file_repeats_a_key(stream: bool):
    heard: list[bytes] = []
    async with AsyncExitStack() as stack:
        ups = [await stack.enter_async_context(fake_provider([echo])) for echo in _ECHOES]
        urls = [up.base_url for up in ups]
        stage = await stack.enter_async_context(staged(urls, routing={"max_wait": "0s"}))
        for number in range(len(ups)):
            body = chat(stream=stream) | {"model": f"up{number}/m"}
            heard.append(await _hear(stage, body))
        heard.append(await _hear(stage, chat(stream=stream)))
        heard.append(await _hear(stage, chat() | {"api_key": "x"}, key=f"{CLIENT_KEY}x"))
        heard.append(await _hear(stage, b'{"' + CLIENT_KEY.encode()))
        await stage.until_rows(len(ups) + 1)
        told = {
            "an answer": b"".join(heard),
            "a file": stage.product.written(),
            "its command line": Path(f"/proc/{stage.product.pid}/cmdline").read_bytes(),
        }
        # The key did go where it belongs: else nothing was tested.
        assert {up.requests[0].key for up in ups} == {UPSTREAM_KEY}
    hits = {where: leaked(text, (UPSTREAM_KEY, CLIENT_KEY)) for where, text in told.items()}
    assert not any(hits.values()), hits


def test_a_canary_is_seen_in_any_spelling():
    secret = "sk-canary/of+the tests"
    for told in (secret, quote(secret, safe=""), b64encode(f"k:{secret}!".encode()).decode()):
        for before in ("", "a", "ab"):
            assert leaked(f"{before} {told} {before}".encode(), [secret]) == [secret]
    assert not leaked(b64encode(b"sk-canary of something else"), [secret])


async def _hear(stage: Stage, body: object, *, key: str = CLIENT_KEY) -> bytes:
    """All bytes of an answer, its head included."""
    async with raw_client(stage.port) as client:
        fields = {"connection": "close"}
        await client.send(client.request_bytes("POST", CHAT, body, key=key, headers=fields))
        return await _to_end(client)


async def _to_end(client: RawClient) -> bytes:
    try:
        return await client.read_to_end()
    except ConnectionError:
        return b""

"""docs/examples: a reverse proxy set up as shown carries all that clients and faces need."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.docs.proxies import FRONTS, NAME, Front, front
from tests.e2e.process import CLIENT_KEY, HELLO, config, free_port, running
from tests.upstreams.fake_provider import Answers, FakeProvider, fake_provider
from tests.upstreams.raw_client import RawClient
from tests.upstreams.replies import completion, stream

_TOKEN = "admin-token-behind-a-proxy"
_CHAT = "/v1/chat/completions"

pytestmark = pytest.mark.parametrize("program", FRONTS)


@dataclass(frozen=True, slots=True)
class Behind:
    """A reverse proxy, and the provider at the other end of the instance behind it."""

    front: Front
    up: FakeProvider


@asynccontextmanager
async def behind(program: str, folder: Path, answers: Answers) -> AsyncGenerator[Behind]:
    admin_port = free_port()
    server = f'admin_token = "{_TOKEN}"\nallowed_hosts = ["{NAME}"]'
    async with fake_provider(answers) as up:
        text = config(server=server, a=up).replace("admin_port = 0", f"admin_port = {admin_port}")
        async with running(folder, text) as chain:
            ports = {"port": chain.port, "admin_port": admin_port}
            async with front(program, folder / program, **ports) as made:
                yield Behind(made, up)


async def _ask(client: RawClient, **more: object) -> None:
    await client.send(client.request_bytes("POST", _CHAT, {**HELLO, **more}, key=CLIENT_KEY))


async def test_a_stream_comes_through_event_by_event(program: str, tmp_path: Path) -> None:
    read = asyncio.Event()
    async with (
        behind(program, tmp_path, [stream("first", read, "second")]) as place,
        place.front.client() as client,
        asyncio.timeout(20),
    ):
        await _ask(client, stream=True)
        await client.reader.readuntil(b'"first"')
        # The provider sends the second piece when the first one has been read.
        read.set()
        await client.reader.readuntil(b"data: [DONE]\n\n")


async def test_a_client_that_leaves_ends_its_request(program: str, tmp_path: Path) -> None:
    never = asyncio.Event()
    async with behind(program, tmp_path, [stream("first", never)]) as place:
        async with place.front.client() as client:
            await _ask(client, stream=True)
            await client.reader.readuntil(b'"first"')
        async with asyncio.timeout(20):
            await place.up.wait_for_abandoned()


async def test_a_client_that_waits_for_a_plain_answer_and_leaves_ends_it(
    program: str, tmp_path: Path
) -> None:
    async with behind(program, tmp_path, [completion("late", gate=asyncio.Event())]) as place:
        async with place.front.client() as client, asyncio.timeout(20):
            await _ask(client)
            await place.up.wait_for_requests()
        async with asyncio.timeout(20):
            await place.up.wait_for_abandoned()


async def test_a_large_body_passes_and_one_that_is_too_large_does_not(
    program: str, tmp_path: Path
) -> None:
    async with behind(program, tmp_path, [completion("hi")]) as place, asyncio.timeout(60):
        async with place.front.client() as client:
            answer = await client.request("POST", _CHAT, _of_size(15), key=CLIENT_KEY)
            assert answer.status == 200
            assert answer.headers["x-429chain-trail"] == "a/m=ok"
        async with place.front.client() as client:
            body = client.request_bytes("POST", _CHAT, _of_size(21), key=CLIENT_KEY)
            with suppress(ConnectionError):
                # It may be answered and closed before it has been sent.
                await client.send(body)
            assert (await client.answer()).status == 413


async def test_no_prompt_is_written_to_a_file_on_its_way(program: str, tmp_path: Path) -> None:
    async with (
        behind(program, tmp_path, [completion("late", gate=asyncio.Event())]) as place,
        place.front.client() as client,
        asyncio.timeout(20),
    ):
        await client.send(client.request_bytes("POST", _CHAT, _of_size(1), key=CLIENT_KEY))
        await place.up.wait_for_requests()
        files = [path for path in place.front.folder.rglob("*") if path.is_file()]
        # nginx takes the name of such a file away at once, but warns that there is one.
        marks = (b"x" * 1000, b"buffered to a temporary file")
        found = [path.name for path in files if any(mark in path.read_bytes() for mark in marks)]
        assert found == []


def _of_size(mib: int) -> dict[str, object]:
    return {**HELLO, "messages": [{"role": "user", "content": "x" * (mib * 2**20)}]}


async def test_the_events_of_the_admin_api_come_as_they_happen(
    program: str, tmp_path: Path
) -> None:
    async with (
        behind(program, tmp_path, [completion("hi")]) as place,
        place.front.client() as events,
        place.front.client() as client,
        asyncio.timeout(20),
    ):
        await events.send(events.request_bytes("GET", "/api/events", key=_TOKEN))
        assert b"text/event-stream" in await events.reader.readuntil(b"\r\n\r\n")
        await _ask(client)
        assert (await client.answer()).status == 200
        await events.reader.readuntil(b"event: request")


async def test_the_web_view_signs_in_and_its_cookie_is_for_https_alone(
    program: str, tmp_path: Path
) -> None:
    async with behind(program, tmp_path, []) as place, place.front.client() as client:
        assert (await client.request("GET", "/")).headers["content-type"].startswith("text/html")
        page = {"origin": f"https://{NAME}", "sec-fetch-site": "same-origin"}
        signed_in = await client.request("POST", "/api/session", {"token": _TOKEN}, headers=page)
        assert signed_in.status == 200
        cookie = signed_in.headers["set-cookie"]
        assert {"Secure", "HttpOnly", "SameSite=Strict"} <= set(cookie.split("; "))
        mine = {**page, "cookie": cookie.partition(";")[0]}
        assert (await client.request("GET", "/api/status", headers=mine)).status == 200
        foreign = {**mine, "origin": "https://elsewhere.example", "sec-fetch-site": "cross-site"}
        undo = await client.request("POST", "/api/undo", b"{}", headers=foreign)
        assert undo.status == 403

"""How the page's files are served, without a browser."""

from __future__ import annotations

import gzip
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urljoin

import aiohttp
import pytest
from aiohttp import web
from playwright.async_api import Browser, expect

from app.web.api import Handler
from app.web.page import Page
from tests.web.visit import configured, groq, serving, visiting

BUDGET = 100_000
"""Bytes that a browser loads before it shows everything."""


class Routes:
    def open(self, app: web.Application, method: str, path: str, handler: Handler) -> None:
        app.router.add_route(method, path, handler)


@pytest.fixture
async def http() -> AsyncGenerator[aiohttp.ClientSession]:
    """On the page's files alone; nothing is unpacked by itself."""
    app = web.Application()
    Page().add_to(Routes(), app)
    async with (
        _listening(app) as url,
        aiohttp.ClientSession(url, auto_decompress=False) as session,
    ):
        yield session


@asynccontextmanager
async def _listening(app: web.Application) -> AsyncGenerator[str]:
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2, handler_cancellation=True)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()


async def _everything(http: aiohttp.ClientSession) -> dict[str, bytes]:
    """The page and what it leads to, by path, packed as a browser gets it."""
    found: dict[str, bytes] = {}
    waiting = ["/"]
    while waiting:
        path = waiting.pop()
        if path in found:
            continue
        async with http.get(path, headers={"accept-encoding": "gzip"}) as answer:
            assert answer.status == 200, path
            found[path] = await answer.read()
        text = gzip.decompress(found[path]).decode()
        links = re.findall(r'(?:from |import\(|href=|src=)"([^"#]+\.(?:js|css|svg))"', text)
        waiting += [urljoin(path, link) for link in links]
    return found


async def test_all_of_it_is_small(http: aiohttp.ClientSession):
    found = await _everything(http)
    assert sum(map(len, found.values())) < BUDGET


async def test_every_file_is_used(http: aiohttp.ClientSession):
    found = await _everything(http)
    folder = Path(__file__).parents[2] / "app" / "web" / "page"
    used = {path.rpartition("/")[2] or "index.html" for path in found}
    assert used == {path.name for path in folder.iterdir() if path.is_file()}


async def test_files_are_kept_for_ever_and_the_page_is_asked_for_again(
    http: aiohttp.ClientSession,
):
    for path in await _everything(http):
        async with http.get(path) as answer:
            tag = answer.headers["etag"]
            for_ever = "immutable" in answer.headers["cache-control"]
            assert for_ever == (path != "/")
            assert answer.headers["vary"] == "accept-encoding".title()
        async with http.get(path, headers={"if-none-match": tag}) as answer:
            assert answer.status == 304
            assert await answer.read() == b""
        async with http.head(path) as answer:
            assert answer.status == 200


@pytest.mark.parametrize(
    "path", ["/page/0123456789abcdef/main.js", "/page/{digest}/none.js", "/page/{digest}/%2e%2e"]
)
async def test_other_names_are_not_there(http: aiohttp.ClientSession, path: str):
    module = next(one for one in await _everything(http) if one.endswith("main.js"))
    async with http.get(path.format(digest=module.split("/")[2])) as answer:
        assert answer.status == 404


async def test_it_is_served_with_the_strict_headers_and_without_a_token(tmp_path: Path):
    async with (
        serving(tmp_path, "") as instance,
        aiohttp.ClientSession() as session,
        session.get(instance.url) as answer,
    ):
        assert answer.status == 200
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        text = await answer.text()
        assert "style=" not in text
        assert re.findall(r"<script(?! src=)", text) == []
        async with session.get(instance.url, headers={"host": "evil.example"}) as other:
            assert other.status == 421
        async with session.get(f"{instance.url}api/status") as other:
            assert other.status == 401


@pytest.mark.asyncio(loop_scope="session")
async def test_it_works_under_a_path_of_a_proxy_in_front(tmp_path: Path, browser: Browser):
    async with (
        groq() as provider,
        serving(tmp_path, configured(provider)) as instance,
        _listening(_front(instance.url)) as front,
        visiting(browser, f"{front}deep/down/") as visit,
    ):
        await visit.sign_in()
        await expect(visit.page.locator(".landing")).to_be_visible()
        await visit.show("Test")
        await visit.page.get_by_role("textbox", name="prompt").fill("Hello")
        await visit.page.keyboard.press("Enter")
        await visit.show("Board")
        # The row comes with the event stream, through the proxy.
        await expect(visit.page.locator(".requests .trail")).to_have_count(1)


def _front(inner: str) -> web.Application:
    """A proxy that serves the admin port at /deep/down/."""

    async def relay(request: web.Request) -> web.StreamResponse:
        url = inner + request.match_info["path"]
        headers = {k: v for k, v in request.headers.items() if k.lower() != "content-length"}
        async with (
            aiohttp.ClientSession(auto_decompress=False) as session,
            session.request(
                request.method,
                url,
                params=request.query,
                headers=headers,
                data=await request.read(),
            ) as answer,
        ):
            response = web.StreamResponse(status=answer.status)
            for name, value in answer.headers.items():
                if name.lower() not in ("transfer-encoding", "content-length", "server", "date"):
                    response.headers.add(name, value)
            await response.prepare(request)
            async for piece in answer.content.iter_any():
                await response.write(piece)
            await response.write_eof()
            return response

    app = web.Application()
    app.router.add_route("*", "/deep/down/{path:.*}", relay)
    return app

"""Does a key work? Asked at no cost, and honestly where the answer says nothing of the key."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from tests.app.running import config, running

GOOD = "key-that-is-right-0123456789"
WRONG = "key-that-is-wrong-0123456789"

Doors = Mapping[str, Callable[[str], int]]
"""By path: the status that a key gets."""


def _everybody(key: str) -> int:
    return 200


def _owner(key: str) -> int:
    return 200 if key == GOOD else 401


def _gemini(key: str) -> int:
    return 200 if key == GOOD else 400


def _busy(key: str) -> int:
    return 200 if key in (GOOD, WRONG) else 429


@asynccontextmanager
async def _vendor(doors: Doors) -> AsyncGenerator[tuple[str, list[str]]]:
    """A provider's free questions; its base URL, and the paths that were asked."""
    asked: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(f"{request.method} {request.path}")
        key = request.headers["authorization"].removeprefix("Bearer ")
        status = doors[request.path](key) if request.path in doors else 404
        return web.json_response({"data": [{"id": "m"}]}, status=status)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}", asked
    finally:
        await runner.cleanup()


@pytest.mark.parametrize(
    "preset, doors, key, ok, tested, detail",
    [
        ("openrouter", {"/models": _everybody, "/key": _owner}, GOOD, True, True, "lists 1 models"),
        ("openrouter", {"/models": _everybody, "/key": _owner}, WRONG, False, False, "refused"),
        ("vercel", {"/models": _everybody, "/credits": _owner}, WRONG, False, False, "refused"),
        ("vercel", {"/models": _everybody}, GOOD, True, False, "list is public, the key was not"),
        ("sambanova", {"/models": _everybody}, WRONG, True, False, "list is public, the key was"),
        ("groq", {"/models": _owner}, GOOD, True, True, "lists 1 models"),
        ("groq", {"/models": _owner}, WRONG, False, False, "key refused (401)"),
        ("gemini", {"/models": _gemini}, GOOD, True, True, "lists 1 models"),
        ("groq", {"/models": _busy}, WRONG, True, False, "is unknown"),
    ],
)
async def test_a_key_is_said_to_work_only_if_a_wrong_one_would_not(
    preset: str, doors: Doors, key: str, ok: bool, tested: bool, detail: str, tmp_path: Path
) -> None:
    async with _vendor(doors) as (base_url, asked):
        text = config(
            f'[providers.lab]\npreset = "{preset}"\nbase_url = "{base_url}"\napi_key = "{key}"\n'
        )
        async with running(tmp_path, text) as instance:
            check = (await instance.ask("POST", "/api/providers/lab/check")).body
    assert (check["ok"], check["key_tested"]) == (ok, tested)
    assert detail in check["detail"]
    # Nothing that a provider counts.
    assert {one.partition(" ")[0] for one in asked} == {"GET"}

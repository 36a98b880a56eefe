"""Who gets in: every route behind the token, and what strangers' pages and names cannot do."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from aiohttp import web
from yarl import URL

from app.web.api import AdminServer
from proxy.clock import SystemClock
from tests.app.running import CLIENT_KEY, TOKEN, Instance, config, running
from tests.upstreams.raw_client import raw_client

OPEN = {("GET", "/health"), ("POST", "/api/session")}


def routes(instance: Instance) -> list[tuple[str, str]]:
    """Every route of a server like the running one, with names in the place of parameters."""
    server = AdminServer(instance.admin, instance.configured, SystemClock(), instance.database)
    found: list[tuple[str, str]] = []
    for route in server.application().router.routes():
        assert isinstance(route.resource, web.Resource)
        path = re.sub(r"\{[^}]*\}", "x", route.resource.canonical)
        found.append((route.method, path))
    return found


async def test_every_route_wants_the_token(instance: Instance) -> None:
    walked = routes(instance)
    assert len(walked) > 25
    for method, path in walked:
        if (method, path) in OPEN:
            continue
        for token in (None, CLIENT_KEY, "", TOKEN[:-1], TOKEN + "x", "Ä" * 10, "x" * 5_000):
            instance_answer = await instance.ask(method, path, token=token)
            assert instance_answer.status in (401, 429), (method, path, token)
        answer = await instance.ask(method, path, token=None)
        assert answer.status == 401, (method, path)
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert set(answer.body["error"]) == {"title", "message", "hint", "field"}


async def test_unknown_paths_and_methods_say_nothing_without_the_token(instance: Instance) -> None:
    for method, path in (("GET", "/api/nothing"), ("PUT", "/api/status"), ("OPTIONS", "/api/test")):
        assert (await instance.ask(method, path, token=None)).status == 401
    assert (await instance.ask("GET", "/api/nothing")).status == 404
    assert (await instance.ask("PUT", "/api/status", json={})).status == 405


async def test_health_is_open_and_says_no_more(instance: Instance) -> None:
    answer = await instance.ask("GET", "/health", token=None)

    assert (answer.status, answer.body) == (200, {"status": "ok"})


async def test_what_is_no_http_is_told_so_in_our_words(instance: Instance) -> None:
    async with raw_client(URL(instance.url).port or 0) as client:
        await client.send(b"GET /" + b"a" * 10_000 + b" HTTP/1.1\r\n\r\n")
        answer = await client.answer()

    assert answer.status == 400
    assert "8,190 bytes" in answer.json()["error"]["message"]
    assert answer.headers["server"] == "429chain"
    assert "default-src 'none'" in answer.headers["content-security-policy"]


async def test_the_token_opens_nothing_on_the_proxy_port(instance: Instance) -> None:
    async with instance.http.get(
        f"{instance.proxy_url}/v1/models", headers={"authorization": f"Bearer {TOKEN}"}
    ) as answer:
        assert answer.status == 401


async def test_ten_wrong_tokens_a_minute_then_429_but_the_right_one_is_taken(
    instance: Instance,
) -> None:
    missing = [(await instance.ask("GET", "/api/status", token=None)).status for _ in range(30)]
    wrong = [await instance.ask("GET", "/api/status", token="wrong") for _ in range(12)]

    assert missing == [401] * 30
    assert [answer.status for answer in wrong] == [401] * 10 + [429] * 2
    assert "9 tries left" in wrong[0].body["error"]["message"]
    assert 1 <= int(wrong[-1].headers["Retry-After"]) <= 60
    assert (await instance.ask("GET", "/api/status")).status == 200


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.0.0.1:4291", "localhost:1", "[::1]:4291", "192.168.1.7", "BOX.lan:9"]
)
async def test_hosts_that_are_ours(host: str, tmp_path: Path) -> None:
    async with running(tmp_path, config("", server='allowed_hosts = ["box.lan"]')) as made:
        answer = await made.ask("GET", "/api/status", headers={"host": host})

    assert answer.status == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "localhost.evil.example",
        "127.0.0.1.nip.io",
        "2130706433",
        "a b",
        "",
        "x:y",
        '"><script>',
    ],
)
async def test_hosts_that_are_not(host: str, instance: Instance) -> None:
    answer = await instance.ask("GET", "/api/status", headers={"host": host})

    assert answer.status == 421
    if host == "evil.example":
        assert 'allowed_hosts = ["evil.example"]' in answer.body["error"]["hint"]
    assert "script" not in answer.text


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:1"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
async def test_another_sites_page_can_neither_write_nor_read(
    headers: dict[str, str], instance: Instance
) -> None:
    before = instance.text()
    for method, path, body in (
        ("PUT", "/api/chains/free", {"entries": ["lab/n"]}),
        ("DELETE", "/api/providers/lab", None),
        ("POST", "/api/session", {"token": TOKEN}),
        ("GET", "/api/status", None),
    ):
        answer = await instance.ask(method, path, json=body, headers=headers)
        assert answer.status == 403, (method, path)
        assert not any(name.lower().startswith("access-control") for name in answer.headers)
    assert instance.text() == before


async def test_its_own_page_can(instance: Instance) -> None:
    headers = {"origin": instance.url, "sec-fetch-site": "same-origin"}
    answer = await instance.ask(
        "PUT", "/api/chains/free", json={"entries": ["lab/n"]}, headers=headers
    )

    assert answer.status == 200


@pytest.mark.parametrize(
    "kind",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""],
)
async def test_writes_are_json_alone(kind: str, instance: Instance) -> None:
    for method, path in (
        ("PUT", "/api/chains/free"),
        ("POST", "/api/undo"),
        ("DELETE", "/api/chains/x"),
    ):
        answer = await instance.ask(
            method, path, data=b'{"entries": []}', headers={"content-type": kind}
        )
        assert answer.status == 415, method


async def test_every_answer_has_its_headers(instance: Instance) -> None:
    for path, token in (("/api/status", TOKEN), ("/health", None), ("/api/none", None)):
        headers = (await instance.ask("GET", path, token=token)).headers
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert headers["Cache-Control"] == "no-store"
        assert headers["Server"] == "429chain"


async def test_without_an_admin_token_every_token_is_refused(tmp_path: Path) -> None:
    async with running(tmp_path, config("", token="")) as made:
        for token in (None, "", "x", "None", CLIENT_KEY):
            answer = await made.ask("GET", "/api/status", token=token)
            assert answer.status == 401
            assert "admin_token" in answer.body["error"]["hint"]


async def test_a_large_body_is_refused(instance: Instance) -> None:
    async with instance.http.post(
        f"{instance.url}/api/test",
        data=io.BytesIO(b" " * 3_000_000),
        headers={"content-type": "application/json", "authorization": f"Bearer {TOKEN}"},
    ) as answer:
        assert answer.status == 413
        assert (await answer.json())["error"]["title"] == "Body refused"

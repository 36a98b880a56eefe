"""Bad input, keys and habits of clients: every answer is JSON of the contract, never a 500."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson
import pytest

from proxy import intake
from tests.proxy.routing.stage import KEY, Proxy, chain
from tests.upstreams.raw_client import RawAnswer, raw_client
from tests.upstreams.replies import completion

CHAT = "/v1/chat/completions"
GOOD: dict[str, Any] = {"model": "free", "messages": [{"role": "user", "content": "hi"}]}


def good_with(**more: Any) -> bytes:
    return orjson.dumps(GOOD | more)


async def post(proxy: Proxy, body: bytes, **headers: str) -> RawAnswer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    async with raw_client(proxy.port) as client:
        return await client.request("POST", CHAT, body or None, key=KEY, headers=named)


def assert_refused(answer: RawAnswer, status: int) -> dict[str, Any]:
    assert answer.status == status
    assert answer.headers["content-type"].startswith("application/json")
    assert len(answer.headers["x-request-id"]) == 24
    assert "x-429chain-trail" not in answer.headers
    error = answer.json()["error"]
    assert error.keys() == {"message", "type", "param", "code"}
    assert error["type"] == "invalid_request_error"
    assert error["message"]
    return error


@pytest.mark.parametrize(
    "body, param",
    [
        pytest.param(b"", None, id="empty"),
        pytest.param(b"{", None, id="truncated"),
        pytest.param(b"nonsense", None, id="no JSON"),
        pytest.param(b"[]", None, id="an array"),
        pytest.param(b'"x"', None, id="a string"),
        pytest.param(b"null", None, id="null"),
        pytest.param(b"\xff\xfe{}", None, id="no UTF-8"),
        pytest.param(b'{"model":"free","messages":NaN}', None, id="NaN"),
        pytest.param(b'{"model":"free","seed":Infinity}', None, id="Infinity"),
        pytest.param(b'{"a":' * 100_000 + b"1" + b"}" * 100_000, None, id="100,000 deep"),
        pytest.param(b"[" * 100_000, None, id="100,000 open"),
        pytest.param(b'{"model":"a","model":"b","messages":[]}', None, id="duplicate keys"),
        pytest.param(orjson.dumps({"messages": GOOD["messages"]}), "model", id="no model"),
        pytest.param(good_with(model=1), "model", id="model: 1"),
        pytest.param(good_with(model=""), "model", id="model: empty"),
        pytest.param(orjson.dumps({"model": "free"}), "messages", id="no messages"),
        pytest.param(good_with(messages=[]), "messages", id="messages: empty"),
        pytest.param(good_with(messages={}), "messages", id="messages: an object"),
        pytest.param(good_with(messages=["x"]), "messages.0", id="a message that is a string"),
        pytest.param(good_with(stream="yes"), "stream", id="stream: yes"),
        pytest.param(good_with(max_tokens="5"), "max_tokens", id="max_tokens: a string"),
        pytest.param(good_with(tools={}), "tools", id="tools: an object"),
        pytest.param(good_with(stream_options=1), "stream_options", id="stream_options: 1"),
    ],
)
async def test_a_malformed_body_is_400_and_names_the_field(body: bytes, param: str | None):
    async with chain([completion()]) as proxy:
        error = assert_refused(await post(proxy, body), 400)
        if param is not None:
            assert error["param"].startswith(param)
        assert proxy.up["a"].requests == []
        assert not proxy.logged


async def test_a_lone_surrogate_and_long_integers_do_not_break_anything():
    async with chain([completion()]) as proxy:
        lone = b'{"model":"free","messages":[{"role":"user","content":"\\ud800"}]}'
        assert (await post(proxy, lone)).status == 200
        long = b'{"model":"free","messages":[{"role":"user","content":"x"}],"seed":%s}'
        assert (await post(proxy, long % (b"9" * 5000))).status in (200, 400)


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="none"),
        pytest.param({"authorization": "Bearer wrong"}, id="wrong"),
        pytest.param({"authorization": f"Basic {KEY}"}, id="another scheme"),
        pytest.param({"authorization": KEY}, id="no scheme"),
        pytest.param({"authorization": "Bearer "}, id="empty"),
        pytest.param({"authorization": f"Bearer {KEY}x"}, id="longer"),
        pytest.param({"x-api-key": KEY[:-1]}, id="shorter"),
        pytest.param({"x-api-key": "ключ"}, id="not ASCII"),
        pytest.param({"authorization": f"Bearer {KEY}", "x-api-key": "other"}, id="different"),
    ],
)
@pytest.mark.parametrize("path", [CHAT, "/chat/completions"])
async def test_a_wrong_or_missing_key_is_401(headers: dict[str, str], path: str):
    async with chain([completion()]) as proxy, raw_client(proxy.port) as client:
        answer = await client.request("POST", path, GOOD, headers=headers)
        assert assert_refused(answer, 401)["code"] == "invalid_api_key"
        assert KEY not in answer.body.decode()


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": f"Bearer {KEY}"},
        {"authorization": f"bEaReR   {KEY}"},
        {"x-api-key": KEY},
        {"authorization": f"Bearer {KEY}", "x-api-key": KEY},
        {"authorization": "Bearer ", "x-api-key": KEY},
    ],
)
async def test_the_right_key_is_taken_either_way(headers: dict[str, str]):
    async with chain([completion()]) as proxy, raw_client(proxy.port) as client:
        assert (await client.request("POST", CHAT, GOOD, headers=headers)).status == 200


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "TRACE"])
async def test_a_wrong_method_is_405(method: str):
    async with chain([completion()]) as proxy, raw_client(proxy.port) as client:
        error = assert_refused(await client.request(method, CHAT, key=KEY), 405)
        assert error["code"] == "method_not_allowed"


@pytest.mark.parametrize("path", ["/v1/models", "/health", "/"])
async def test_post_where_only_get_goes_is_405(path: str):
    async with chain([completion()]) as proxy, raw_client(proxy.port) as client:
        assert_refused(await client.request("POST", path, GOOD, key=KEY), 405)


@pytest.mark.parametrize("path", ["/v1/nothing", "/v2/chat/completions", "/v1/chat/completions/x"])
async def test_an_unknown_path_is_404(path: str):
    async with chain([completion()]) as proxy, raw_client(proxy.port) as client:
        assert_refused(await client.request("POST", path, GOOD, key=KEY), 404)


async def test_a_body_that_does_not_arrive_in_time_is_408(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(intake, "_BODY_TIME", 0.2)
    async with chain([completion()]) as proxy, raw_client(proxy.port) as client:
        whole = client.request_bytes("POST", CHAT, GOOD, key=KEY)
        await client.send(whole[:-5])
        assert assert_refused(await client.answer(), 408)["code"] == "request_timeout"


async def test_a_body_larger_than_max_body_is_413_before_it_is_read():
    async with chain([completion()], max_body=1000) as proxy, raw_client(proxy.port) as client:
        await client.send(
            client.request_bytes("POST", CHAT, key=KEY, headers={"content-length": "1001"})
        )
        assert assert_refused(await client.answer(), 413)["code"] == "request_too_large"


async def test_a_chunked_body_larger_than_max_body_is_413_as_soon_as_it_is():
    async with chain([completion()], max_body=1000) as proxy, raw_client(proxy.port) as client:
        head = client.request_bytes("POST", CHAT, key=KEY, headers={"transfer-encoding": "chunked"})
        await client.send(head + b"800\r\n" + b"x" * 2048 + b"\r\n")
        assert_refused(await client.answer(), 413)


async def test_a_chunked_body_in_one_byte_chunks_works():
    async with chain([completion()]) as proxy, raw_client(proxy.port) as client:
        head = client.request_bytes("POST", CHAT, key=KEY, headers={"transfer-encoding": "chunked"})
        chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in orjson.dumps(GOOD))
        await client.send(head + chunks + b"0\r\n\r\n")
        assert (await client.answer()).status == 200


async def test_a_chunk_that_is_none_is_400():
    async with chain([completion()]) as proxy, raw_client(proxy.port) as client:
        head = client.request_bytes("POST", CHAT, key=KEY, headers={"transfer-encoding": "chunked"})
        await client.send(head)
        await client.send(b"zz\r\n{}\r\n0\r\n\r\n")
        assert (await client.answer()).status == 400


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "x"])
async def test_a_compressed_body_is_415(encoding: str):
    async with chain([completion()]) as proxy:
        answer = await post(proxy, good_with(), content_encoding=encoding)
        assert assert_refused(answer, 415)["code"] == "unsupported_content_encoding"


async def test_another_expectation_is_417():
    async with chain([completion()]) as proxy:
        assert_refused(await post(proxy, good_with(), expect="a miracle"), 417)


async def test_expect_100_continue_with_the_right_key_gets_100_first():
    async with chain([completion()]) as proxy, raw_client(proxy.port) as client:
        raw = orjson.dumps(GOOD)
        headers = {"expect": "100-continue", "content-length": str(len(raw))}
        await client.send(client.request_bytes("POST", CHAT, key=KEY, headers=headers))
        assert await client.reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        await client.send(raw)
        assert (await client.answer()).status == 200


@pytest.mark.parametrize(
    "key, headers, status",
    [
        pytest.param("wrong", {"content-length": "10"}, 401, id="a wrong key"),
        pytest.param(KEY, {"content-length": "9999999999"}, 413, id="too large"),
        pytest.param(KEY, {"content-length": "9", "content-encoding": "gzip"}, 415, id="gzip"),
    ],
)
async def test_expect_100_continue_gets_no_100_where_the_body_is_not_wanted(
    key: str, headers: dict[str, str], status: int
):
    async with chain([completion()]) as proxy, raw_client(proxy.port) as client:
        expecting = {"expect": "100-continue", **headers}
        await client.send(client.request_bytes("POST", CHAT, key=key, headers=expecting))
        assert_refused(await client.answer(), status)


async def test_http_1_0_with_transfer_encoding_is_400_and_closed():
    async with chain([completion()]) as proxy, raw_client(proxy.port) as client:
        head = client.request_bytes("POST", CHAT, key=KEY, headers={"transfer-encoding": "chunked"})
        await client.send(head.replace(b"HTTP/1.1", b"HTTP/1.0") + b"2\r\n{}\r\n0\r\n\r\n")
        assert_refused(await client.answer(), 400)
        assert await client.read_to_end() == b""


async def test_an_absolute_target_is_400():
    target = "http://evil.example/v1/chat/completions"
    async with chain([completion()]) as proxy, raw_client(proxy.port) as client:
        assert_refused(await client.request("POST", target, GOOD, key=KEY), 400)


@pytest.mark.parametrize(
    "head",
    [
        pytest.param(b"BREW / HTTP/1.1\r\nhost: x\r\n\r\n", id="no method"),
        pytest.param(b"GET / HTTP/1.1\r\nhost : x\r\n\r\n", id="a blank before the colon"),
        pytest.param(b"GET / HTTP/1.1\r\na: b\r\n c\r\n\r\n", id="a folded line"),
        pytest.param(b"POST / HTTP/1.1\r\ncontent-length: +3\r\n\r\n", id="a length that is none"),
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", id="TLS"),
    ],
)
async def test_what_is_no_http_is_400_and_closed(head: bytes):
    async with chain([completion()]) as proxy, raw_client(proxy.port) as client:
        await client.send(head)
        assert (await client.answer()).status == 400
        assert await client.read_to_end() == b""


async def test_a_query_string_is_ignored():
    async with chain([completion()]) as proxy, raw_client(proxy.port) as client:
        answer = await client.request("POST", CHAT + "?beta=true&api-version=1", GOOD, key=KEY)
        assert answer.status == 200
        assert proxy.up["a"].requests[0].query == ""


@pytest.mark.parametrize("path", ["/", "/health"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_head_and_get_of_the_root_answer_200_without_a_key(path: str, method: str):
    async with chain([completion()]) as proxy:
        answer = await proxy.get(path, key="", method=method)
        assert answer.status == 200
        assert answer.headers["x-request-id"]
        assert (answer.body == b"") is (method == "HEAD")


async def test_cors_answers_listed_origins_only():
    origin = "https://app.example"
    evil = {"origin": "https://evil.example"}
    async with (
        chain([completion()], cors_origins=(origin,)) as proxy,
        raw_client(proxy.port) as client,
    ):
        headers = {"origin": origin, "access-control-request-headers": "authorization"}
        answer = await client.request("OPTIONS", CHAT, headers=headers)
        assert answer.status == 204
        assert answer.headers["access-control-allow-origin"] == origin
        answer = await client.request("POST", CHAT, GOOD, key=KEY, headers={"origin": origin})
        assert answer.headers["access-control-allow-origin"] == origin
        assert "x-429chain-trail" in answer.headers["access-control-expose-headers"]
        answer = await client.request("POST", CHAT, GOOD, key=KEY, headers=evil)
        assert "access-control-allow-origin" not in answer.headers
        assert_refused(await client.request("OPTIONS", CHAT, headers=evil), 403)


async def test_a_key_of_a_new_configuration_counts_at_once():
    async with chain([completion()]) as proxy:
        proxy.configure(replace(proxy.engine.configuration, clients=()))
        assert (await proxy.ask()).status == 401


async def test_a_fault_of_our_own_is_a_500_that_tells_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    async with chain([completion()]) as proxy:

        def fail(*_: object) -> None:
            raise RuntimeError("a secret of ours")

        monkeypatch.setattr(proxy.engine.attempts, "_adapt", fail)
        told = await proxy.ask()
        assert (told.status, told.error["code"]) == (500, "internal_error")
        assert "secret" not in told.body.decode()
        assert (await proxy.finished()).outcome == "failed"
        assert "a secret of ours" in caplog.text

"""The other formats through the running proxy: real HTTP on both sides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from proxy.model import Preset, Routing
from tests.proxy.dialects.chat import events
from tests.proxy.routing.stage import KEY, Link, Proxy, Told, chain
from tests.upstreams.replies import chunk, completion, raw_stream, refusal, stream

ANTHROPIC = {"x-api-key": KEY, "anthropic-version": "2023-06-01"}
OPENAI = {"authorization": f"Bearer {KEY}"}
HI: list[dict[str, Any]] = [{"role": "user", "content": "Hi"}]
BODIES: Mapping[str, dict[str, Any]] = {
    "/v1/completions": {"model": "free", "prompt": "Hi"},
    "/v1/responses": {"model": "free", "input": "Hi"},
    "/v1/messages": {"model": "free", "max_tokens": 9, "messages": HI},
}


async def post(
    proxy: Proxy, path: str, body: Mapping[str, Any], headers: Mapping[str, str] = OPENAI
) -> Told:
    url = f"http://127.0.0.1:{proxy.port}{path}"
    async with proxy.session.post(url, json=body, headers=headers) as answer:
        return Told(answer.status, answer.headers, await answer.read())


def text_of(path: str, body: dict[str, Any]) -> str:
    match path:
        case "/v1/completions":
            return body["choices"][0]["text"]
        case "/v1/responses":
            return body["output"][0]["content"][0]["text"]
        case _:
            return body["content"][0]["text"]


@pytest.mark.parametrize("path", BODIES)
@pytest.mark.parametrize("prefix", ["/v1", ""])
async def test_a_refusal_falls_through_to_the_next_entry(path: str, prefix: str):
    async with chain([refusal(429)], [completion("hello")]) as proxy:
        told = await post(proxy, prefix + path.removeprefix("/v1") + "?beta=true", BODIES[path])
        assert told.status == 200
        assert text_of(path, told.json) == "hello"
        assert told.trail == "a/m=429,b/m=ok"
        assert proxy.up["b"].requests[0].body["messages"] == HI
        assert "x-429chain-dropped" not in told.headers


@pytest.mark.parametrize("path", BODIES)
async def test_a_stream_falls_through_as_well(path: str):
    async with chain([refusal(429)], [stream("he", "llo")]) as proxy:
        told = await post(proxy, path, {**BODIES[path], "stream": True})
        assert told.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert told.trail == "a/m=429,b/m=ok"
        if path == "/v1/completions":
            assert "".join(event["choices"][0]["text"] for event in told.events) == "hello"
            assert told.done
            return
        deltas = [event["delta"] for event in events(told.body) if "delta" in event]
        said = [delta if isinstance(delta, str) else delta.get("text", "") for delta in deltas]
        assert "".join(said) == "hello"
        assert (await proxy.finished()).tokens_out == 2


async def test_usage_is_asked_for_and_told():
    async with chain([stream("hi", usage=(7, 5))]) as proxy:
        told = await post(proxy, "/v1/responses", {**BODIES["/v1/responses"], "stream": True})
        assert proxy.up["a"].requests[0].body["stream_options"] == {"include_usage": True}
        assert events(told.body)[-1]["response"]["usage"]["total_tokens"] == 12
        assert "x-429chain-dropped" not in told.headers


async def test_what_the_format_and_the_provider_cannot_take_is_named():
    preset = Preset(id="plain", title="Plain", refused=("reasoning_effort",))
    async with chain(Link([completion()], preset=preset)) as proxy:
        body = {**BODIES["/v1/responses"], "include": ["x"], "reasoning": {"effort": "low"}}
        told = await post(proxy, "/v1/responses", body)
        assert told.headers["x-429chain-dropped"] == "include,reasoning_effort"


async def test_a_tool_call_comes_back_and_its_result_goes_on():
    call = {"index": 0, "id": "t1", "function": {"name": "f", "arguments": '{"a":1}'}}
    asked = raw_stream(
        chunk({"tool_calls": [call]}), chunk({}, finish="tool_calls"), b"data: [DONE]\n\n"
    )
    tool = {"name": "f", "input_schema": {"type": "object"}}
    async with chain([asked, completion("done")]) as proxy:
        body = {**BODIES["/v1/messages"], "tools": [tool], "stream": True}
        found = events((await post(proxy, "/v1/messages", body, ANTHROPIC)).body)
        assert found[-2]["delta"]["stop_reason"] == "tool_use"
        block = {**found[2]["content_block"], "input": {"a": 1}}
        turns = [
            *HI,
            {"role": "assistant", "content": [block]},
            {
                "role": "user",
                "content": [{"type": "tool_result", "tool_use_id": block["id"], "content": "2"}],
            },
        ]
        body = {**body, "messages": turns, "stream": False}
        told = await post(proxy, "/v1/messages", body, ANTHROPIC)
        assert told.json["stop_reason"] == "end_turn"
        assert proxy.up["a"].requests[1].body["messages"][-1] == {
            "role": "tool",
            "tool_call_id": "t1",
            "content": "2",
        }


async def test_an_exhausted_chain():
    link = Link([refusal(429, headers={"retry-after": "40"})])
    async with chain(link, routing=Routing(max_wait=0.0)) as proxy:
        plain = await post(proxy, "/v1/responses", BODIES["/v1/responses"])
        assert (plain.status, plain.error["code"]) == (429, "rate_limit_exceeded")
        body = {**BODIES["/v1/responses"], "stream": True}
        streamed = await post(proxy, "/v1/responses", body)
        assert streamed.status == 200
        failed = events(streamed.body)[-1]
        assert failed["type"] == "response.failed"
        assert failed["response"]["error"]["message"].endswith("Please try again in 40 s.")
        assert streamed.headers["x-429chain-trail"].startswith("a/m=skipped:")
        messages = await post(proxy, "/v1/messages", BODIES["/v1/messages"], ANTHROPIC)
        assert (messages.status, messages.headers["retry-after"]) == (429, "40")
        assert messages.json["type"] == "error"
        assert messages.error["type"] == "rate_limit_error"
        assert messages.error["trail"][0]["entry"] == "a/m"
        assert {event.outcome for event in [await proxy.finished(3)]} == {"failed"}


@pytest.mark.parametrize(
    "path, last",
    [("/v1/responses", "response.failed"), ("/v1/messages", "error")],
)
async def test_a_stream_that_breaks_ends_in_the_formats_own_error(path: str, last: str):
    async with chain([stream("he", finish=None, usage=None, done=False)]) as proxy:
        told = await post(proxy, path, {**BODIES[path], "stream": True})
        found = events(told.body)
        assert found[-1]["type"] == last
        assert b"The stream was interrupted: " in told.body
        assert (await proxy.finished()).outcome == "interrupted"


@pytest.mark.parametrize("path", ["/v1/messages", "/messages", "/v1/messages/count_tokens"])
@pytest.mark.parametrize(
    "method, headers, body, status, kind",
    [
        ("POST", {"x-api-key": "wrong"}, {}, 401, "authentication_error"),
        ("POST", {}, {}, 401, "authentication_error"),
        ("POST", {"x-api-key": KEY}, [], 400, "invalid_request_error"),
        ("POST", {"x-api-key": KEY}, {"model": "free"}, 400, "invalid_request_error"),
        ("GET", {"x-api-key": KEY}, None, 405, "invalid_request_error"),
    ],
)
async def test_every_error_of_messages_is_in_anthropics_shape(
    path: str, method: str, headers: dict[str, str], body: Any, status: int, kind: str
):
    async with chain([completion()]) as proxy:
        url = f"http://127.0.0.1:{proxy.port}{path}"
        async with proxy.session.request(method, url, json=body, headers=headers) as answer:
            told = Told(answer.status, answer.headers, await answer.read())
        assert (told.status, told.json["type"], told.error["type"]) == (status, "error", kind)
        assert told.headers["request-id"] == told.json["request_id"]
        assert told.headers["x-request-id"] == told.headers["request-id"]
        assert not proxy.up["a"].requests


async def test_other_paths_tell_anthropics_clients_their_errors_too():
    async with chain([completion()]) as proxy:
        told = await post(proxy, "/v1/messages/batches", {}, ANTHROPIC)
        assert (told.status, told.error["type"]) == (404, "not_found_error")
        openai = await post(proxy, "/v1/messages/batches", {})
        assert openai.error["code"] == "not_found"


async def test_stored_responses_are_refused_before_anybody_is_asked():
    async with chain([completion()]) as proxy:
        told = await post(proxy, "/v1/responses", {**BODIES["/v1/responses"], "store": True})
        assert (told.status, told.error["param"]) == (400, "store")
        assert not proxy.up["a"].requests


async def test_the_model_list_in_both_shapes():
    async with chain([completion()]) as proxy:
        url = f"{proxy.base_url}/models?limit=1000"
        async with proxy.session.get(url, headers=ANTHROPIC) as answer:
            listed = await answer.json()
        assert [row["id"] for row in listed["data"]] == ["free", "a/m"]
        assert {row["type"] for row in listed["data"]} == {"model"}
        assert (listed["first_id"], listed["last_id"], listed["has_more"]) == ("free", "a/m", False)
        async with proxy.session.get(f"{proxy.base_url}/models/free", headers=ANTHROPIC) as answer:
            one = await answer.json()
        assert (one["display_name"], one["created_at"]) == ("free", "2026-01-01T00:00:00.000Z")
        assert (await proxy.get("/v1/models")).json["object"] == "list"


async def test_tokens_are_counted_without_asking_anybody():
    async with chain([completion()]) as proxy:
        body = {"model": "free", "messages": [{"role": "user", "content": "x" * 400}]}
        told = await post(proxy, "/v1/messages/count_tokens", body, ANTHROPIC)
        assert (told.status, told.json) == (200, {"input_tokens": 100})
        assert not proxy.up["a"].requests


async def test_a_large_first_body_passes_over_a_small_model():
    small = Link([completion("small")], limits={"tpm": 8000})
    system = "x" * 76_000
    async with chain(small, [completion("large")]) as proxy:
        body = {**BODIES["/v1/messages"], "max_tokens": 32_000, "system": system}
        told = await post(proxy, "/v1/messages", body, ANTHROPIC)
        assert told.trail == "a/m=skipped:too-long,b/m=ok"
        assert not proxy.up["a"].requests

"""Text completions at a provider that has them: they go there as they came, and so comes the
answer."""

from __future__ import annotations

from typing import Any

import pytest

from proxy.model import ModelSpec, Preset
from tests.proxy.dialects.test_served import post
from tests.proxy.routing.stage import Link, chain
from tests.upstreams.replies import Reply, completion, raw_stream, refusal, reply, sse

NATIVE = Preset(id="vllm", title="vLLM", completions=True, refused=("user",))
ASKED: dict[str, Any] = {"model": "free", "prompt": "Once", "max_tokens": 9}
LOGPROBS: dict[str, Any] = {
    "tokens": [" upon"],
    "token_logprobs": [-0.1],
    "top_logprobs": [{}],
    "text_offset": [4],
}
USAGE = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}


def told(text: str, finish: str | None = "stop", **more: Any) -> dict[str, Any]:
    choice = {"text": text, "index": 0, "logprobs": LOGPROBS, "finish_reason": finish}
    return {
        "id": "cmpl-1",
        "object": "text_completion",
        "created": 1,
        "model": "m",
        "choices": [choice],
        **more,
    }


def native(*answers: Reply, max_output: int | None = None) -> Link:
    return Link(list(answers), preset=NATIVE, spec=ModelSpec(max_output=max_output))


async def test_a_plain_one_goes_out_as_it_came_and_comes_back_whole():
    answer = told(" upon a time", usage=USAGE, system_fingerprint="f")
    async with chain(native(reply(200, answer))) as proxy:
        got = await post(proxy, "/v1/completions", {**ASKED, "logprobs": 1, "best_of": 3, "x": [1]})
        assert got.json == answer
        assert "x-429chain-dropped" not in got.headers
        (asked,) = proxy.up["a"].requests
        assert asked.path == "/v1/completions"
        assert asked.body == {**ASKED, "model": "m", "logprobs": 1, "best_of": 3, "x": [1]}
        assert (await proxy.finished()).tokens_out == 2


async def test_a_stream():
    events = [told(" upon", None), told(" a time"), told("", "stop", choices=[], usage=USAGE)]
    answer = raw_stream(*map(sse, events), b"data: [DONE]\n\n")
    async with chain(native(answer)) as proxy:
        got = await post(proxy, "/v1/completions", {**ASKED, "stream": True})
        assert got.events == events[:2]
        assert got.done
        asked = proxy.up["a"].requests[0].body
        assert asked["stream_options"] == {"include_usage": True}
        assert (await proxy.finished()).tokens_in == 1


async def test_the_provider_itself_echoes():
    async with chain(native(reply(200, told("Once upon")))) as proxy:
        got = await post(proxy, "/v1/completions", {**ASKED, "echo": True})
        assert got.json["choices"][0]["text"] == "Once upon"
        assert proxy.up["a"].requests[0].body["echo"] is True


async def test_what_it_refuses_is_left_out_and_its_cap_is_lowered():
    async with chain(native(reply(200, told("x")), max_output=4)) as proxy:
        got = await post(proxy, "/v1/completions", {**ASKED, "user": "me"})
        assert got.headers["x-429chain-dropped"] == "user"
        assert got.headers["x-429chain-capped"] == "4"
        assert proxy.up["a"].requests[0].body["max_tokens"] == 4


@pytest.mark.parametrize("answer", [refusal(429), reply(200, {"choices": [{"text": None}]})])
async def test_the_next_entry_gets_it_as_chat(answer: Reply):
    async with chain(native(answer), [completion("hello")]) as proxy:
        got = await post(proxy, "/v1/completions", {**ASKED, "best_of": 3})
        assert got.json["choices"][0]["text"] == "hello"
        assert got.headers["x-429chain-dropped"] == "best_of"
        (asked,) = proxy.up["b"].requests
        assert asked.path == "/v1/chat/completions"
        assert asked.body["messages"] == [{"role": "user", "content": "Once"}]


async def test_a_chat_goes_to_its_chat():
    async with chain(native(completion("hello"))) as proxy:
        assert (await proxy.ask()).text == "hello"
        assert proxy.up["a"].requests[0].path == "/v1/chat/completions"

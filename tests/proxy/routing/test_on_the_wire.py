"""Headers, pass-through, client's habits, models, accounting: DESIGN A4, sentence by sentence."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from pydantic import SecretStr

from proxy.model import Client, Configuration, ModelSpec, Preset, Routing
from tests.proxy.routing.stage import KEY, Link, chain
from tests.upstreams.replies import completion, refusal, reply, stream

JOURNAL = "sk-client-journal"


# Model.


@pytest.mark.parametrize(
    "asked, served",
    [
        ("small", "small"),
        ("claude-3-haiku-1", "small"),
        ("gpt-4o-mini", "small"),
        ("b/m", "b/m"),
        ("a/m", "a/m"),
        ("a/other", "free"),
        ("anything", "free"),
    ],
)
async def test_a_model_name_picks_a_chain_or_an_entry(asked: str, served: str):
    chains = {"free": ["a/m"], "small": ["b/m"]}
    async with chain([completion()], [completion()], chains=chains) as proxy:
        proxy.configure(with_patterns(proxy.engine.configuration))
        assert (await proxy.ask(asked)).headers["x-429chain-chain"] == served


def with_patterns(configuration: Configuration) -> Configuration:
    small = replace(configuration.chains["small"], models=("claude-*haiku*", "gpt-4o-mini"))
    return replace(configuration, chains={**configuration.chains, "small": small})


@pytest.mark.parametrize(
    "direct, asked, served",
    [("any", "a/other", "a/other"), ("off", "a/m", "free"), ("any", "nobody/x", "free")],
)
async def test_direct_allows_configured_entries_any_or_none(direct: Any, asked: str, served: str):
    routing = Routing(max_wait=0, direct=direct)
    async with chain([completion()], routing=routing) as proxy:
        told = await proxy.ask(asked)
        assert told.headers["x-429chain-chain"] == served
        assert proxy.up["a"].requests[0].body["model"] == ("other" if served == "a/other" else "m")


async def test_unknown_model_reject_is_404_and_names_the_chains():
    routing = Routing(max_wait=0, unknown_model="reject")
    async with chain([completion()], routing=routing) as proxy:
        told = await proxy.ask("nonsense")
        assert (told.status, told.error["code"], told.error["param"]) == (
            404, "model_not_found", "model"
        )  # fmt: skip
        assert "free" in told.error["message"]
        assert "x-429chain-trail" not in told.headers


async def test_no_chain_to_use_is_404():
    async with chain([completion()], chains={"other": ["a/m"]}) as proxy:
        assert (await proxy.ask("x")).status == 404


@pytest.mark.parametrize("unknown, status", [("default", 200), ("reject", 404)])
async def test_for_a_client_with_chains_every_other_name_means_its_chain(unknown: Any, status: int):
    clients = (
        Client(name="default", keys=(SecretStr(KEY),)),
        Client(
            name="journal", keys=(SecretStr(JOURNAL),), chain="small", chains=frozenset({"small"})
        ),
    )
    async with chain(
        [completion()],
        [completion()],
        chains={"free": ["a/m"], "small": ["b/m"]},
        clients=clients,
        routing=Routing(max_wait=0, unknown_model=unknown),
    ) as proxy:
        assert (await proxy.ask("small", key=JOURNAL)).headers["x-429chain-chain"] == "small"
        for other in ("free", "a/m", "x"):
            told = await proxy.ask(other, key=JOURNAL)
            assert told.status == status
            if status == 200:
                assert told.headers["x-429chain-chain"] == "small"
        assert proxy.up["a"].requests == []
        listed = (await proxy.get("/v1/models", key=JOURNAL)).json["data"]
        assert [one["id"] for one in listed] == ["small"]
        assert (await proxy.finished()).client == "journal"


async def test_models_lists_chains_then_their_other_names_then_every_entry():
    chains = {"free": ["a/m"], "small": ["b/m"]}
    async with chain([completion()], [completion()], chains=chains) as proxy:
        proxy.configure(with_patterns(proxy.engine.configuration))
        for path in ("/v1/models", "/models"):
            told = (await proxy.get(path)).json
            listed = [(one["id"], one["owned_by"]) for one in told["data"]]
            assert told["object"] == "list"
            assert listed == [
                ("free", "429chain"), ("small", "429chain"), ("gpt-4o-mini", "429chain"),
                ("a/m", "a"), ("b/m", "b"),
            ]  # fmt: skip
        one = await proxy.get("/v1/models/a/m")
        assert (one.status, one.json["object"]) == (200, "model")
        assert (await proxy.get("/v1/models/a%2Fm")).status == 200
        missing = await proxy.get("/v1/models/none")
        assert (missing.status, missing.error["code"]) == (404, "model_not_found")
        assert (await proxy.get("/v1/models", key="wrong")).status == 401


# Pass-through.


async def test_unknown_request_fields_pass_untouched():
    extra: dict[str, Any] = {"x_vendor": {"deep": [1, "é", None]}, "top_k": 7, "seed": 1}
    messages = [{"role": "user", "content": "  spaces, \u2028 and é stay  ", "name": "n"}]
    async with chain([completion()]) as proxy:
        await proxy.ask(messages=messages, **extra)
        sent = proxy.up["a"].requests[0].body
        assert sent["messages"] == messages
        assert {name: sent[name] for name in extra} == extra
        assert sent["model"] == "m"


async def test_unknown_response_fields_pass_untouched():
    more: dict[str, Any] = {"x_vendor": {"deep": [1, None]}, "service_tier": "x"}
    async with chain([completion("hi", **more)]) as proxy:
        told = (await proxy.ask()).json
        assert {name: told[name] for name in more} == more


async def test_unknown_fields_of_a_stream_pass_byte_exact():
    odd = b'data: {"id":"1","object":"chat.completion.chunk","created":1,"model":"x", '
    odd += b'"choices":[{"index":0,"delta":{"content":"a"},"x":1.50}],"y":{"z":[]}}\n\n'
    async with chain([stream(odd)]) as proxy:
        assert odd in (await proxy.ask(stream=True)).body


async def test_what_a_preset_refuses_is_left_out_and_named_in_dropped():
    preset = Preset(id="picky", title="Picky", refused=("logprobs", "messages.*.name"))
    async with chain(Link([completion()], preset=preset)) as proxy:
        messages = [{"role": "user", "content": "x", "name": "n"}]
        told = await proxy.ask(messages=messages, logprobs=True)
        assert told.headers["x-429chain-dropped"] == "logprobs,messages.*.name"
        sent = proxy.up["a"].requests[0].body
        assert "logprobs" not in sent
        assert "name" not in sent["messages"][0]
        assert "x-429chain-dropped" not in (await proxy.ask()).headers


@pytest.mark.parametrize("asked, capped", [(5000, "1000"), (1000, None), (10, None)])
async def test_a_cap_above_max_output_is_lowered_and_told(asked: int, capped: str | None):
    async with chain(Link([completion()], spec=ModelSpec(max_output=1000))) as proxy:
        told = await proxy.ask(max_tokens=asked)
        assert told.headers.get("x-429chain-capped") == capped
        assert proxy.up["a"].requests[0].body["max_tokens"] == min(asked, 1000)


async def test_unknown_x_headers_are_accepted_and_not_forwarded():
    headers = {"x-stainless-lang": "python", "x-secret": "1", "openai-organization": "o"}
    async with chain([completion()]) as proxy:
        assert (await proxy.ask(headers=headers)).status == 200
        sent = proxy.up["a"].requests[0]
        assert not headers.keys() & sent.headers.keys()
        assert sent.key == "sk-provider-a-0123456789"
        assert KEY not in str(sent.headers)


async def test_the_providers_own_headers_are_sent():
    link = Link([completion()], headers={"X-Team": SecretStr("a")})
    async with chain(link) as proxy:
        await proxy.ask()
        assert proxy.up["a"].requests[0].headers["x-team"] == "a"


# Headers and trail.


@pytest.mark.parametrize("asked", [True, False])
async def test_the_headers_on_every_answer(asked: bool):
    served = stream("x") if asked else completion("x")
    async with chain([refusal(429)], [served]) as proxy:
        told = await proxy.ask(stream=asked)
        assert len(told.headers["x-request-id"]) == 24
        assert told.headers["x-429chain-chain"] == "free"
        assert told.headers["x-429chain-provider"] == "b"
        assert told.headers["x-429chain-model"] == "m"
        assert told.headers["x-429chain-attempts"] == "2"
        assert told.trail == "a/m=429,b/m=ok"
        assert (await proxy.finished()).id == told.headers["x-request-id"]


@pytest.mark.parametrize(
    "link, word",
    [
        (Link([completion()], limits={"rpm": 0}), "skipped:rpm"),
        (Link([completion()], limits={"rph": 0}), "skipped:rph"),
        (Link([completion()], limits={"rpd": 0}), "skipped:rpd"),
        (Link([completion()], limits={"rpmo": 0}), "skipped:rpmo"),
        (Link([completion()], limits={"concurrent": 0}), "skipped:concurrent"),
        (Link([completion()], limits={"tpm": 10}), "skipped:too-long"),
        (Link([completion()], spec=ModelSpec(context_window=1)), "skipped:too-long"),
        (Link([completion()], spec=ModelSpec(tools=False)), "skipped:no-tools"),
        (Link([completion()], enabled=False), "skipped:disabled"),
        (
            Link([completion()], preset=Preset(id="k", title="K", needs_key=True), key=None),
            "skipped:no-key",
        ),
        (Link(base_url="http://127.0.0.1:9/v1"), "unreachable"),
        (Link([reply(418)]), "418"),
        (Link([reply(200, {"error": {"message": "x", "code": 502}})]), "502"),
        (Link([reply(200, b"")]), "broken"),
    ],
)
async def test_the_words_of_the_trail(link: Link, word: str):
    tools = [{"type": "function", "function": {"name": "f"}}]
    async with chain(link, [completion("b")]) as proxy:
        messages = [{"role": "user", "content": "x" * 100}]
        assert (await proxy.ask(tools=tools, messages=messages)).trail == f"a/m={word},b/m=ok"


async def test_names_in_the_trail_are_ascii_and_percent_encoded():
    links = Link([refusal(429)], model="ünï, =%"), [completion("b")]
    async with chain(*links) as proxy:
        assert (await proxy.ask()).trail == "a/%C3%BCn%C3%AF%2C%20%3D%25=429,b/m=ok"


async def test_the_trail_has_at_most_1_kib_and_says_that_it_was_cut():
    links = [Link([completion()], model="x" * 100, enabled=False) for _ in range(20)]
    async with chain(*links) as proxy:
        trail = (await proxy.ask()).trail
        assert len(trail) <= 1024
        assert trail.endswith("...")


# Accounting.


async def test_a_request_is_logged_with_every_attempt():
    gate = asyncio.Event()
    links = [refusal(429)], [reply(500)], [stream("hi", gate, usage=(30, 20))]
    async with chain(*links) as proxy:
        headers = {"user-agent": "journal/1.2 (linux) extra"}
        async with proxy.call(stream=True, headers=headers) as answer:
            await answer.content.readuntil(b"\n\n")
            asyncio.get_running_loop().call_later(0.2, gate.set)
            await answer.read()
        logged = await proxy.finished()
        assert [(one.entry, one.outcome, one.status) for one in logged.attempts] == [
            ("a/m", "429", 429), ("b/m", "500", 500), ("c/m", "ok", 200),
        ]  # fmt: skip
        assert (logged.client, logged.agent) == ("default", "journal/1.2")
        assert (logged.tokens_in, logged.tokens_out, logged.estimated) == (30, 20, False)
        assert (logged.outcome, logged.status, logged.stream) == ("ok", 200, True)
        last = logged.attempts[-1]
        assert last.first_token_ms is not None
        assert last.first_token_ms < 150 < last.duration_ms <= logged.duration_ms
        assert [one.first_token_ms for one in logged.attempts[:2]] == [None, None]
        started = [one.started_ms for one in logged.attempts]
        assert started == sorted(started)


async def test_without_usage_tokens_are_estimated_and_marked():
    async with chain([completion("x" * 400, usage=None)]) as proxy:
        await proxy.ask(messages=[{"role": "user", "content": "y" * 400}])
        logged = await proxy.finished()
        assert logged.estimated
        assert (logged.tokens_out, 95 < logged.tokens_in < 120) == (100, True)


async def test_no_provider_key_is_in_any_answer_or_log():
    echo = reply(401, {"error": {"message": "Incorrect key sk-provider-a-0123456789 given"}})
    async with chain([echo]) as proxy:
        told = await proxy.ask()
        logged = await proxy.finished()
        assert "0123456789" not in told.body.decode() + str(told.headers) + repr(logged)

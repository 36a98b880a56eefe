"""Malformed requests, other protocols, foreign targets: refused, closed, and not worth a line."""

from __future__ import annotations

import asyncio
import random
import re

from tests.faults.product import CLIENT_KEY
from tests.peers.lag import measured_lag
from tests.peers.malformed import FOREIGN_TARGETS, FRAMING, ODD_HOSTS, PROTOCOLS, with_host
from tests.peers.stage import CHAT, Stage, chat, staged
from tests.upstreams.fake_provider import fake_provider
from tests.upstreams.raw_client import AnswerBroken, RawAnswer, raw_client, strict_json
from tests.upstreams.replies import completion, stream

_PATIENCE = 5.0


async def _say(stage: Stage, data: bytes, *, then: bytes = b"") -> bytes:
    """All that the product answers until it closes, or until `_PATIENCE` is over."""
    got = bytearray()
    async with raw_client(stage.port) as client:
        try:
            await client.send(data)
            if then:
                await client.send(then)
            async with asyncio.timeout(_PATIENCE):
                while piece := await client.reader.read(65536):
                    got += piece
                got += b"<closed>"
        except ConnectionError:
            got += b"<closed>"
        except TimeoutError:
            pass
    return bytes(got)


def _status(said: bytes) -> int:
    """0 where nothing was answered."""
    return int(said[9:12]) if said.startswith(b"HTTP/1.") else 0


def _tells_in_our_words(said: bytes) -> bool:
    """OpenAI's error object, nothing of what was sent, and no word of what we are made of."""
    head, body = said.removesuffix(b"<closed>").split(b"\r\n\r\n", 1)
    error = strict_json(body)["error"]
    return (
        error.keys() == {"message", "type", "param", "code"}
        and b"content-type: application/json" in head.lower()
        and b"x-request-id: " in head.lower()
        and not {b"aiohttp", b"python", b"smuggled"} & set(re.findall(rb"[a-z]+", said.lower()))
    )


async def test_malformed_framing_is_refused_and_closed():
    smuggled = b"GET /v1/models HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer %s\r\n\r\n" % (
        CLIENT_KEY.encode()
    )
    async with fake_provider([completion()]) as up, staged([up.base_url]) as stage:

        async def judge(name: str, data: bytes) -> str:
            said = await _say(stage, data, then=smuggled)
            if _status(said) not in (0, 400) or not said.endswith(b"<closed>"):
                return f"{name}: {said[:300]!r}"
            if said.startswith(b"HTTP/") and not _tells_in_our_words(said):
                return f"{name}: not in our words: {said[:500]!r}"
            return f"{name}: what followed was served" if b"object" in said else ""

        cases = {**FRAMING, **PROTOCOLS}
        problems = await asyncio.gather(*(judge(*case) for case in cases.items()))
        assert not any(problems), [problem for problem in problems if problem]
        assert not up.requests
        assert (await stage.ask()).status == 200
        assert "Traceback" not in stage.output()


async def test_foreign_targets_lead_nowhere():
    async with fake_provider([completion()]) as up, staged([up.base_url]) as stage:
        for name, data in FOREIGN_TARGETS.items():
            async with raw_client(stage.port) as client:
                await client.send(data)
                try:
                    answer = await client.answer()
                except AnswerBroken:
                    continue
                assert 400 <= answer.status < 500, (name, answer)
        assert not up.requests
        for host in ODD_HOSTS:
            said = await _first_answer(stage, with_host(host))
            assert said is None or said.status < 500, (host, said)
        assert "Traceback" not in stage.output()


async def _first_answer(stage: Stage, data: bytes) -> RawAnswer | None:
    async with raw_client(stage.port) as client:
        await client.send(data)
        try:
            return await client.answer()
        except AnswerBroken:
            return None


_METHODS = (
    *("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"),
    *("PROPFIND", "get", "X" * 60),
)
_PATHS = (
    *("/", "/health", "/v1", "/v1/", CHAT, "/chat/completions", "/v1/models", "/models/x/y"),
    *("/v1/models/%00%0d%0a", "/v1/models/", "/api/status", "/metrics", "/favicon.ico"),
    *("/v1/chat/completions/", "/V1/models", "/v1/chat/completions?key=x&%ff", "/a//b/../c"),
)


async def test_every_method_on_every_route_is_answered_in_json():
    async with fake_provider([completion()]) as up, staged([up.base_url]) as stage:
        statuses: set[int] = set()
        for method in _METHODS:
            for path in _PATHS:
                for key in ("", CLIENT_KEY):
                    statuses.add(await _judged(stage, method, path, key))
        assert {200, 400, 401, 404, 405} <= statuses
        assert not statuses & set(range(500, 600))
        assert "Traceback" not in stage.output()


async def _judged(stage: Stage, method: str, path: str, key: str) -> int:
    async with raw_client(stage.port) as client:
        await client.send(client.request_bytes(method, path, key=key))
        head = await client.reader.readuntil(b"\r\n\r\n")
        status = int(head[9:12])
        if method != "HEAD" and status not in (204, 304):
            length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            body = await client.reader.readexactly(length)
            assert isinstance(strict_json(body), dict), (method, path, head, body)
        return status


async def test_nobody_is_asked_to_send_a_body_before_the_key_is_known():
    async with fake_provider([completion()]) as up, staged([up.base_url]) as stage:
        for key, first in (("sk-wrong", 401), ("", 401), (CLIENT_KEY, 100)):
            async with raw_client(stage.port) as client:
                whole = client.request_bytes(
                    "POST", CHAT, chat(), key=key, headers={"expect": "100-continue"}
                )
                head, body = whole.split(b"\r\n\r\n", 1)
                await client.send(head + b"\r\n\r\n")
                line = await client.reader.readline()
                assert int(line[9:12]) == first, line
                if first == 100:
                    await client.reader.readline()
                    await client.send(body)
                    assert (await client.answer()).status == 200
        async with raw_client(stage.port) as client:
            odd = {"expect": "200-maybe"}
            answer = await client.request("POST", CHAT, chat(), key=CLIENT_KEY, headers=odd)
            assert answer.status == 417


async def test_a_hundred_pipelined_requests_are_answered_in_order():
    def named(number: int) -> dict[str, object]:
        return chat(text=f"number {number}", stream=number % 10 == 9)

    async with (
        fake_provider(
            lambda asked: (
                stream(asked.body["messages"][0]["content"])
                if asked.body.get("stream")
                else completion(asked.body["messages"][0]["content"])
            )
        ) as up,
        staged([up.base_url]) as stage,
        raw_client(stage.port) as client,
    ):
        whole = [
            client.request_bytes("POST", CHAT, named(number), key=CLIENT_KEY)
            for number in range(100)
        ]
        sending = asyncio.create_task(client.send(b"".join(whole)))
        for number in range(100):
            answer = await client.answer()
            assert (answer.status, f'number {number}"'.encode() in answer.body) == (200, True)
        await sending


async def test_a_storm_of_nonsense_costs_few_lines_and_nobody_waits():
    dice = random.Random(66)
    payloads = [*FRAMING.values(), *PROTOCOLS.values()]
    async with fake_provider([completion()]) as up, staged([up.base_url]) as stage:
        lines = len(stage.output().splitlines())
        async with measured_lag(stage.port) as lag:
            for _ in range(20):
                storm = [_fling(stage, dice.choice(payloads)) for _ in range(50)]
                await asyncio.gather(*storm)
            assert (await stage.ask()).status == 200
        assert len(stage.output().splitlines()) - lines <= 5
        assert lag.bearable, str(lag)


async def _fling(stage: Stage, data: bytes) -> None:
    try:
        async with raw_client(stage.port) as client:
            await client.send(data)
            client.half_close()
            await client.read_to_end()
    except ConnectionError:
        return

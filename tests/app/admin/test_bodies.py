"""`log.bodies = "memory"`: what was said, for the inspector; by default nothing is kept."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator
from pathlib import Path

import orjson
import pytest

from proxy.kept_bodies import LONGEST_BODY, MOST_KEPT, KeptBodies
from tests.app.conftest import KEY
from tests.app.running import CLIENT_KEY, Instance, config, running
from tests.upstreams.fake_provider import FakeProvider
from tests.upstreams.replies import completion, refusal, stream

SWITCH = '[log]\nbodies = "memory"\n'


def _text(lab: FakeProvider, switch: str = SWITCH) -> str:
    return config(
        f'{switch}[routing]\nmax_wait = "0s"\n[providers.lab]\npreset = "openai-compatible"\n'
        f'base_url = "{lab.base_url}"\napi_key = "{KEY}"\n[chains.free]\nentries = ["lab/m"]\n'
    )


@pytest.fixture
async def keeping(tmp_path: Path, lab: FakeProvider) -> AsyncGenerator[Instance]:
    async with running(tmp_path, _text(lab)) as made:
        yield made


async def _newest(instance: Instance) -> dict[str, object]:
    page = await instance.ask("GET", "/api/requests?limit=1")
    detail = await instance.ask("GET", f"/api/requests/{page.body['items'][0]['id']}")
    return detail.body["bodies"]


async def test_off_is_the_default_and_keeps_nothing(instance: Instance) -> None:
    await instance.chat(prompt="a secret thought")
    assert await _newest(instance) is None
    assert instance.engine.bodies is None


async def test_whether_bodies_are_kept_is_told(instance: Instance, keeping: Instance) -> None:
    for one, kept in ((instance, False), (keeping, True)):
        await one.chat()
        page = await one.ask("GET", "/api/requests?limit=1")
        detail = await one.ask("GET", f"/api/requests/{page.body['items'][0]['id']}")
        assert detail.body["bodies_kept"] is kept


async def test_a_plain_answer_is_kept_as_it_was_sent(keeping: Instance) -> None:
    answer = await keeping.chat(prompt="a secret thought")
    bodies = await _newest(keeping)

    assert orjson.loads(str(bodies["request"]))["messages"][0]["content"] == "a secret thought"
    assert bodies["answer"] == answer.text
    assert (bodies["request_cut"], bodies["answer_cut"]) == (False, False)


async def test_a_stream_is_kept_as_it_was_sent(keeping: Instance, lab: FakeProvider) -> None:
    await keeping.chat()
    lab.answer(stream("one ", "two"))
    async with keeping.http.post(
        f"{keeping.proxy_url}/v1/chat/completions",
        json={"model": "free", "messages": [{"role": "user", "content": "x"}], "stream": True},
        headers={"authorization": f"Bearer {CLIENT_KEY}"},
    ) as answer:
        text = await answer.text()
    bodies = await _newest(keeping)

    assert "two" in text
    assert bodies["answer"] == text


async def test_an_error_and_a_test_prompt_are_kept_too(
    keeping: Instance, lab: FakeProvider
) -> None:
    await keeping.ask("POST", "/api/test", json={"chain": "free", "prompt": "tried by hand"})
    assert "tried by hand" in str((await _newest(keeping))["request"])
    lab.answer(refusal(500))
    failed = await keeping.chat()
    assert failed.status == 503
    assert (await _newest(keeping))["answer"] == failed.text


async def test_keys_are_not_in_them(keeping: Instance, lab: FakeProvider) -> None:
    await keeping.chat()
    lab.answer(completion(f"your key is {KEY}"))
    await keeping.chat(prompt=f"I pasted {CLIENT_KEY} and sk-or-v1-0123456789abcdef")
    bodies = str(await _newest(keeping))

    assert "I pasted" in bodies
    assert "your key is" in bodies
    for secret in (KEY, CLIENT_KEY, "sk-or-v1-0123456789abcdef"):
        assert secret not in bodies


async def test_a_long_one_is_cut_and_a_key_at_the_cut_too(keeping: Instance) -> None:
    head = len('{"model": "free", "messages": [{"role": "user", "content": "')
    await keeping.chat(prompt="x" * (LONGEST_BODY - head - 10) + KEY + "y" * 1000)
    bodies = await _newest(keeping)

    assert bodies["request_cut"] is True
    assert LONGEST_BODY - 600 < len(str(bodies["request"])) < LONGEST_BODY
    assert str(bodies["request"]).endswith("xxx")


async def test_switched_off_it_forgets_at_once(keeping: Instance, lab: FakeProvider) -> None:
    await keeping.chat()
    keeping.path.write_text(_text(lab, switch=""), "utf-8")
    await keeping.configured.reload()
    assert await _newest(keeping) is None
    keeping.path.write_text(_text(lab), "utf-8")
    await keeping.configured.reload()
    assert await _newest(keeping) is None
    await keeping.chat()
    assert await _newest(keeping) is not None


async def test_they_are_on_no_disk(keeping: Instance, tmp_path: Path) -> None:
    await keeping.chat(prompt="a thought for no disk")
    assert "no disk" in str(await _newest(keeping))
    await keeping.recorder.flush(1)
    for name in os.listdir(tmp_path):
        assert b"no disk" not in (tmp_path / name).read_bytes(), name


def test_the_oldest_make_room() -> None:
    kept = KeptBodies()
    for number in range(MOST_KEPT + 5):
        kept.begin(f"{number}", b"x" * 100_000).answer.add(b"y" * 100_000)
    assert kept.get("4") is None
    exchanged = kept.get("5")
    assert exchanged is not None
    assert [len(one.beginning) for one in (exchanged.request, exchanged.answer)] == [
        LONGEST_BODY,
        LONGEST_BODY,
    ]
    assert exchanged.answer.is_cut

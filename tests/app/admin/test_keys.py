"""Where a provider's secrets may go: keys belong to an origin, variables to their preset's."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.app.conftest import KEY
from tests.app.running import Instance, config, running
from tests.upstreams.fake_provider import fake_provider
from tests.upstreams.replies import completion


@pytest.mark.parametrize("how", ["port", "scheme", "host"])
async def test_at_another_address_the_stored_key_is_dropped(how: str, instance: Instance) -> None:
    await instance.ask("PATCH", "/api/providers/lab", json={"headers": {"x-secret": "s3cr3t"}})
    port = instance.engine.configuration.providers["lab"].base_url.rpartition(":")[2]
    base_url = {
        "port": "http://127.0.0.1:1/v1",
        "scheme": f"https://127.0.0.1:{port}",
        "host": f"http://127.0.0.2:{port}",
    }[how]
    answer = await instance.ask("PATCH", "/api/providers/lab", json={"base_url": base_url})

    assert answer.status == 200
    assert answer.body["api_key"]["set"] is False
    assert answer.body["headers"] == {}
    assert len(answer.body["notes"]) == 2
    assert KEY not in instance.text()
    assert instance.engine.configuration.providers["lab"].key is None


async def test_a_moved_provider_is_asked_without_the_old_key(instance: Instance) -> None:
    async with fake_provider([completion("from elsewhere")]) as elsewhere:
        await instance.ask("PATCH", "/api/providers/lab", json={"base_url": elsewhere.base_url})
        answer = await instance.chat()
        await instance.ask("POST", "/api/providers/lab/check")

    assert answer.status == 200
    asked = [*elsewhere.requests, *elsewhere.listings]
    assert asked
    assert all("authorization" not in one.headers for one in asked)


async def test_a_key_sent_along_moves_with_it(instance: Instance) -> None:
    async with fake_provider([completion()]) as elsewhere:
        answer = await instance.ask(
            "PATCH",
            "/api/providers/lab",
            json={"base_url": elsewhere.base_url, "api_key": " new-key-0123456789 "},
        )
        await instance.chat()

    assert answer.body["notes"] == []
    assert elsewhere.requests[0].key == "new-key-0123456789"


async def test_at_the_same_origin_the_key_stays(instance: Instance) -> None:
    base_url = instance.engine.configuration.providers["lab"].base_url
    for same in (
        base_url + "/",
        base_url.replace("/v1", "/v2"),
        base_url.upper().replace("V1", "v1"),
    ):
        answer = await instance.ask("PATCH", "/api/providers/lab", json={"base_url": same})
        assert (answer.status, answer.body["api_key"]["set"]) == (200, True), same


GROQ = {"GROQ_API_KEY": "gsk_from_the_environment_0123", "AWS_SECRET": "not-for-you-0123456789"}


async def test_a_presets_variable_is_used_at_its_own_origin_only(tmp_path: Path) -> None:
    async with running(tmp_path, config(""), GROQ) as made:
        own = await made.ask("POST", "/api/providers", json={"id": "groq"})
        named = await made.ask(
            "POST",
            "/api/providers",
            json={"id": "g2", "preset": "groq", "api_key": "env:GROQ_API_KEY"},
        )
        elsewhere = await made.ask(
            "POST",
            "/api/providers",
            json={"id": "g3", "preset": "groq", "base_url": "http://127.0.0.1:1/v1"},
        )
        referred = await made.ask(
            "POST",
            "/api/providers",
            json={
                "id": "g4",
                "preset": "groq",
                "base_url": "http://127.0.0.1:1/v1",
                "api_key": "env:GROQ_API_KEY",
            },
        )
        moved = await made.ask(
            "PATCH", "/api/providers/groq", json={"base_url": "http://127.0.0.1:1/v1"}
        )
        null = await made.ask("PATCH", "/api/providers/groq", json={"api_key": None})
        back = await made.ask("PATCH", "/api/providers/groq", json={"base_url": None})
        presets = await made.ask("GET", "/api/presets")

    assert own.body["api_key"]["source"] == "env:GROQ_API_KEY"
    assert named.body["api_key"]["set"] is True
    assert elsewhere.body["api_key"]["set"] is False
    assert elsewhere.body["notes"]
    assert (referred.status, referred.body["error"]["field"]) == (400, "api_key")
    assert moved.body["api_key"]["set"] is False
    assert null.body["api_key"]["set"] is False
    assert back.body["api_key"]["source"] == "env:GROQ_API_KEY"
    found = {one["id"]: one["key_found"] for one in presets.body["items"]}
    assert (found["groq"], found["cerebras"]) == ("GROQ_API_KEY", None)


async def test_another_preset_brings_no_key_to_a_strange_address(tmp_path: Path) -> None:
    async with running(tmp_path, config(""), GROQ) as made:
        await made.ask(
            "POST",
            "/api/providers",
            json={"id": "x", "preset": "openai-compatible", "base_url": "http://127.0.0.1:1/v1"},
        )
        answer = await made.ask("PATCH", "/api/providers/x", json={"preset": "groq"})

    assert answer.status == 200
    assert answer.body["api_key"]["set"] is False


@pytest.mark.parametrize(
    "key", ["env:AWS_SECRET", "env:HOME", "file:/etc/passwd", "file:", "env:", "env: AWS_SECRET "]
)
async def test_references_are_not_for_interfaces(key: str, tmp_path: Path) -> None:
    async with running(tmp_path, config(""), GROQ) as made:
        added = await made.ask("POST", "/api/providers", json={"id": "groq", "api_key": key})
        await made.ask("POST", "/api/providers", json={"id": "groq"})
        changed = await made.ask("PATCH", "/api/providers/groq", json={"api_key": key})
        header = await made.ask("PATCH", "/api/providers/groq", json={"headers": {"x-a": key}})
        text = made.text()

    assert (added.status, added.body["error"]["field"]) == (400, "api_key")
    assert (changed.status, changed.body["error"]["field"]) == (400, "api_key")
    assert (header.status, header.body["error"]["field"]) == (400, "headers.x-a")
    assert "passwd" not in text
    assert "AWS" not in text

"""Providers through the API: their keys are written and never read."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.app.conftest import KEY
from tests.app.running import Instance, config, running
from tests.upstreams.fake_provider import FakeProvider, fake_provider
from tests.upstreams.replies import completion, refusal


async def test_a_key_is_never_told(instance: Instance) -> None:
    listed = await instance.ask("GET", "/api/providers")

    assert KEY not in listed.text
    assert listed.body["items"][0]["api_key"] == {
        "set": True,
        "hint": "...cdef",
        "source": "config",
    }


async def test_add_change_and_remove(instance: Instance) -> None:
    new = {
        "id": "groq",
        "api_key": "gsk_0123456789abcdefghij",
        "limits": {"rpm": 3},
        "headers": {"x-team": "secret-team-header-0123"},
        "timeouts": {"first_token": "90s"},
        "models": {"llama-3.3-70b-versatile": {"limits": {"tpd": 5}, "tools": True}},
    }
    added = await instance.ask("POST", "/api/providers", json=new)
    changed = await instance.ask(
        "PATCH",
        "/api/providers/groq",
        json={
            "limits": {"rpm": None, "rpd": 7},
            "models": {"llama-3.3-70b-versatile": {"tools": None}},
            "enabled": False,
        },
    )
    removed = await instance.ask("DELETE", "/api/providers/groq")

    assert added.status == 201
    assert added.body["headers"]["x-team"]["set"] is True
    assert "secret-team" not in added.text
    assert added.body["timeouts"] == {"first_token": 90.0}
    assert changed.body["limits"] == {"rpd": 7}
    assert changed.body["models"]["llama-3.3-70b-versatile"]["tools"] is None
    assert changed.body["models"]["llama-3.3-70b-versatile"]["limits"] == {"tpd": 5}
    assert (changed.body["state"], changed.body["reason"]) == ("off", "disabled")
    assert changed.body["api_key"]["hint"] == "...ghij"
    assert removed.status == 204


async def test_one_in_use_is_not_removed(instance: Instance) -> None:
    answer = await instance.ask("DELETE", "/api/providers/lab")

    assert answer.status == 409
    assert "free" in answer.body["error"]["message"]


@pytest.mark.parametrize(
    "base_url",
    [
        "file:///etc/passwd",
        "gopher://x/",
        "http://user:pw@127.0.0.1/v1",
        "http://a\r\nb/",
        "http://a b/",
        "http://169.254.169.254/",
        "http://[::ffff:169.254.169.254]/",
        "http://2852039166/",
        "http://0xA9FEA9FE/",
        "http://100.100.100.200/",
        "http://[fd00:ec2::254]/",
        "http://metadata.google.internal/",
        "http://127.0.0.1:4291/v1",
        "http://localhost:4290/v1",
        "http://api.example.com/v1",
        "",
        "nonsense",
    ],
)
async def test_addresses_that_are_refused(base_url: str, instance: Instance) -> None:
    before = instance.text()
    for method, path, body in (
        ("PATCH", "/api/providers/lab", {"base_url": base_url, "api_key": "k-0123456789"}),
        (
            "POST",
            "/api/providers",
            {"id": "x", "preset": "openai-compatible", "base_url": base_url, "api_key": "k-01234"},
        ),
    ):
        answer = await instance.ask(method, path, json=body)
        assert answer.status == 400, (method, answer.text)
        assert answer.body["error"]["field"] == "base_url"
    assert instance.text() == before


@pytest.mark.parametrize(
    "body, field",
    [
        ({"limits": {"rpm": -1}}, "limits.rpm"),
        ({"limits": {"rqm": 1}}, "limits"),
        ({"limits": {"rpm": "9"}}, "limits.rpm"),
        ({"timeouts": {"first_token": "soon"}}, "timeouts"),
        ({"preset": "grok"}, "preset"),
        ({"enabled": "yes"}, "enabled"),
        ({"apikey": "x"}, "apikey"),
        ({"api_key": "k\u00e9y"}, "api_key"),
        ({"headers": {"host": "x"}}, "headers"),
    ],
)
async def test_what_is_wrong_is_named(body: object, field: str, instance: Instance) -> None:
    before = instance.text()
    answer = await instance.ask("PATCH", "/api/providers/lab", json=body)

    assert (answer.status, answer.body["error"]["field"]) == (400, field)
    assert instance.text() == before


async def test_models_say_where_they_stand_and_are_not_asked_for_twice(
    instance: Instance, lab: FakeProvider
) -> None:
    first = await instance.ask("GET", "/api/providers/lab/models")
    second = await instance.ask("GET", "/api/providers/lab/models")

    assert [(one["id"], one["entry_in"]) for one in first.body["items"]] == [
        ("m", ["free"]),
        ("n", []),
    ]
    assert first.body["fetched_at"] == second.body["fetched_at"]
    assert len(lab.listings) == 1
    assert lab.requests == []


async def test_a_check_tells_what_is_missing(instance: Instance, lab: FakeProvider) -> None:
    await instance.ask("PUT", "/api/chains/free", json={"entries": ["lab/m", "lab/gone"]})
    answer = await instance.ask("POST", "/api/providers/lab/check")

    assert (answer.body["ok"], answer.body["models"], answer.body["missing"]) == (
        True,
        2,
        ["gone"],
    )
    assert lab.listings[0].key == KEY


async def test_a_provider_that_does_not_answer(instance: Instance) -> None:
    await instance.ask(
        "PATCH", "/api/providers/lab", json={"base_url": "http://127.0.0.1:1/v1", "api_key": KEY}
    )
    check = await instance.ask("POST", "/api/providers/lab/check")
    models = await instance.ask("GET", "/api/providers/lab/models")

    assert check.status == 200
    assert check.body["ok"] is False
    assert models.status == 502
    assert KEY not in check.text + models.text


async def test_providers_that_are_not_there(instance: Instance) -> None:
    for method, path in (
        ("GET", "/api/providers/nix"),
        ("PATCH", "/api/providers/nix"),
        ("DELETE", "/api/providers/nix"),
        ("GET", "/api/providers/nix/models"),
        ("POST", "/api/providers/nix/check"),
        ("POST", "/api/limits/nix/clear"),
        ("POST", "/api/limits/nix/m/clear"),
        ("POST", "/api/limits/lab/nix/clear"),
    ):
        body: dict[str, object] | None = {} if method == "PATCH" else None
        assert (await instance.ask(method, path, json=body)).status == 404, path


async def test_a_refused_key_is_cleared_by_a_person(tmp_path: Path) -> None:
    async with fake_provider([refusal(401, "no", code="invalid_api_key"), completion()]) as up:
        text = config(
            f'[providers.lab]\npreset = "openai-compatible"\nbase_url = "{up.base_url}"\n'
            'api_key = "wrong-key-0123456789"\n[chains.free]\nentries = ["lab/m"]\n'
        )
        async with running(tmp_path, text) as made:
            assert (await made.chat()).status == 502
            out = (await made.ask("GET", "/api/providers/lab")).body
            await made.ask("POST", "/api/limits/lab/clear")
            answer = await made.chat()

    assert (out["state"], out["reason"]) == ("off", "bad-key")
    assert answer.status == 200

"""Gauges and states through the API, and what an edit of the config leaves of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.app.running import Instance, config, running
from tests.upstreams.fake_provider import FakeProvider, fake_provider
from tests.upstreams.replies import completion, refusal


async def _limits(instance: Instance) -> dict[str, Any]:
    items = (await instance.ask("GET", "/api/limits")).body["items"]
    names = [item["entry"] for item in items]
    assert len(names) == len(set(names)), "an entry stands there once"
    return {item["entry"]: item for item in items}


async def test_an_entry_of_the_config_is_there_with_its_gauges(instance: Instance) -> None:
    await instance.chat()
    item = (await _limits(instance))["lab/m"]

    assert (item["state"], item["reason"], item["until"]) == ("tracking", None, None)
    (gauge,) = item["gauges"]
    assert {name: gauge[name] for name in ("scope", "dimension", "window", "limit", "source")} == {
        "scope": "account",
        "dimension": "requests",
        "window": "minute",
        "limit": 100,
        "source": "manual",
    }
    assert (gauge["remaining"], gauge["guess"], gauge["kind"]) == (99, False, "rolling")
    assert gauge["resets_at"].endswith("Z")
    health = item["health"]
    assert (health["attempts"], health["refused"], health["failed"]) == (1, 0, 0)
    assert health["p50_ms"] <= health["p95_ms"]


async def test_an_edit_keeps_limits_and_cooldowns_of_entries_that_stay(
    instance: Instance, lab: FakeProvider
) -> None:
    await instance.chat()
    lab.answer(refusal(429, headers={"retry-after": "300"}))
    await instance.chat()
    before = (await _limits(instance))["lab/m"]
    changed = await instance.ask("PUT", "/api/chains/free", json={"entries": ["lab/n", "lab/m"]})
    after = (await _limits(instance))["lab/m"]

    assert changed.status == 200
    assert (before["state"], before["gauges"][0]["remaining"]) == ("cooling", 98)
    # The same instant; its last digit may round the other way.
    assert after["until"][:19] == before["until"][:19]
    assert (after["state"], after["gauges"][0]["remaining"]) == ("cooling", 98)


async def test_clearing_an_account_lifts_all_its_entries_and_not_our_own_counts(
    tmp_path: Path,
) -> None:
    async with fake_provider([refusal(429, headers={"retry-after": "300"})]) as lab:
        text = config(
            f'[routing]\nmax_wait = "0s"\n[providers.lab]\npreset = "openai-compatible"\n'
            f'base_url = "{lab.base_url}"\nlimits = {{ rpm = 3 }}\n'
            '[chains.free]\nentries = ["lab/m", "lab/n"]\n'
        )
        async with running(tmp_path, text) as instance:
            await instance.chat()
            out = await _limits(instance)
            cleared = await instance.ask("POST", "/api/limits/lab/clear")
            lab.answer(completion("hi"))
            served = await instance.chat()
            last = await _limits(instance)

    assert {item["state"] for item in out.values()} == {"cooling"}
    assert {item["entry"]: item["state"] for item in cleared.body["items"]} == {
        "lab/m": "tracking",
        "lab/n": "tracking",
    }
    assert served.status == 200
    assert last["lab/m"]["reason"] == "rpm"
    assert last["lab/m"]["gauges"][0]["remaining"] == 0


async def test_presets_say_what_they_are_good_for(instance: Instance) -> None:
    items = (await instance.ask("GET", "/api/presets")).body["items"]
    by_id = {item["id"]: item for item in items}

    assert {"openrouter", "groq", "cerebras", "gemini", "openai-compatible"} <= set(by_id)
    groq = by_id["groq"]
    assert groq["key_env"] == ["GROQ_API_KEY"]
    assert groq["key_found"] is None
    assert groq["key_page"].startswith("https://")
    assert groq["free"][0]["sizes"]
    assert groq["checked"][:2] == "20"

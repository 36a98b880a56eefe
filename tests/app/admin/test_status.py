"""The instance in numbers."""

from __future__ import annotations

import asyncio

from tests.app.running import Instance
from tests.upstreams.fake_provider import FakeProvider
from tests.upstreams.replies import completion, refusal


async def test_it_counts_what_happened(instance: Instance, lab: FakeProvider) -> None:
    await instance.ask("PUT", "/api/chains/free", json={"entries": ["lab/m", "lab/n"]})
    await instance.chat()
    lab.answer(refusal(500), completion("hi"))
    await instance.chat()
    lab.answer(refusal(500), refusal(500))
    await instance.chat()
    # Reading the log waits until what has just ended stands in it; the minute is counted beside.
    await instance.ask("GET", "/api/requests")
    status = (await instance.ask("GET", "/api/status")).body
    async with asyncio.timeout(5):
        while status["counts"]["requests_per_minute"] < 3:
            await asyncio.sleep(0.02)
            status = (await instance.ask("GET", "/api/status")).body
    counts = status["counts"]

    assert (counts["requests_today"], counts["failed_today"], counts["in_flight"]) == (3, 1, 0)
    assert counts["requests_per_minute"] == 3
    assert counts["waterfalled_share"] == 0.5
    assert counts["tokens_today"] > counts["tokens_out_today"] > 0
    assert (counts["entries"], counts["waiting"]) == (2, 0)
    assert status["config_path"] == str(instance.path)
    assert (status["config_error"], status["restart_needed"]) == (None, False)
    assert status["base_url"] == f"{instance.proxy_url}/v1"
    assert (status["log_healthy"], status["log_rows_lost"]) == (True, 0)
    assert status["uptime_s"] >= 0
    assert status["loop_lag_ms"] >= 0

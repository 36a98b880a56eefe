"""What a process learned about limits is known to the next one."""

from __future__ import annotations

import signal
import sqlite3
from pathlib import Path

import pytest

from tests.e2e.process import ChainProcess, config, running
from tests.upstreams.fake_provider import FakeProvider, Received, fake_provider
from tests.upstreams.replies import Reply, completion, refusal
from tests.upstreams.waiting import until

DAY_LIMIT = refusal(
    429,
    "Rate limit reached for m in organization org-x on requests per day (RPD): Limit 50, Used 50, "
    "Requested 1. Please try again in 28m48s.",
)


def _first_is_openai(first: FakeProvider, second: FakeProvider) -> str:
    return config(first=first, second=second).replace("openai-compatible", "openai", 1)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=["term", "kill"])
async def test_an_exhausted_entry_is_not_asked_after_a_restart(
    tmp_path: Path, number: signal.Signals
):
    async with fake_provider([DAY_LIMIT]) as first, fake_provider([completion("hi")]) as second:
        async with running(tmp_path, _first_is_openai(first, second)) as chain:
            answer = await chain.chat()
            assert answer.headers["x-429chain-trail"] == "first/m=429,second/m=ok"
            if number == signal.SIGKILL:
                # A refusal is saved at once, without waiting for the batch of a second.
                await until(lambda: _rows(chain, "SELECT 1 FROM limit_state"), within=1.0)
            await chain.stop(number)
        async with running(tmp_path, None) as chain:
            answer = await chain.chat()
        assert answer.headers["x-429chain-trail"] == "first/m=skipped:rpd,second/m=ok"
        assert (len(first.requests), len(second.requests)) == (1, 2)


async def test_a_refused_parameter_is_left_out_after_a_restart(tmp_path: Path):
    def answer(received: Received) -> Reply:
        if "logit_bias" not in received.body:
            return completion()
        message = "property 'logit_bias' is unsupported"
        return refusal(400, message, code="unsupported_parameter", type="invalid_request_error")

    async with fake_provider(answer) as up:
        text = config(a=up)
        for asked in (2, 3):
            async with running(tmp_path, text) as chain:
                told = await chain.chat(logit_bias={"1": 1})
                assert (told.status, told.headers["x-429chain-dropped"]) == (200, "logit_bias")
                assert len(up.requests) == asked
                await chain.stop()


async def test_a_request_is_in_the_log_soon_and_survives_a_kill(tmp_path: Path):
    async with (
        fake_provider([DAY_LIMIT]) as first,
        fake_provider([completion("hi")]) as second,
        running(tmp_path, _first_is_openai(first, second)) as chain,
    ):
        answer = await chain.chat()
        await until(lambda: len(_requests(chain)) == 1, within=3.0)
        await chain.stop(signal.SIGKILL)
        assert _requests(chain) == [(answer.headers["x-request-id"], "second/m", "ok", 2)]
        assert _attempts(chain) == [
            (0, "first/m", 429),
            (1, "second/m", 200),
        ]


def _rows(chain: ChainProcess, query: str) -> list[tuple[object, ...]]:
    database = sqlite3.connect(f"file:{chain.data}/429chain.db?mode=ro", uri=True)
    try:
        return database.execute(query).fetchall()
    except sqlite3.OperationalError:
        return []
    finally:
        database.close()


def _requests(chain: ChainProcess) -> list[tuple[object, ...]]:
    return _rows(chain, "SELECT id, entry, outcome, attempts FROM requests")


def _attempts(chain: ChainProcess) -> list[tuple[object, ...]]:
    return _rows(chain, "SELECT ordinal, entry, status FROM attempts ORDER BY ordinal")

"""A feed asks for what it is not told, no more often than it is seen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from app.changes import ConfigChange, LimitsChange, Resync
from app.contract import AdminError
from app.request_snapshot import Request
from app.tasks import alongside
from screens.feed import FAR, NEAR, Feed, Pulse
from tests.screens import scene
from tests.screens.conftest import Elapsed
from tests.screens.history import history, row, running
from tests.screens.instance import FakeAdmin
from tests.upstreams.waiting import until

_SILENT = AdminError("Silent", "no answer", status=503)


def _at_rest() -> FakeAdmin:
    """Nobody asks, and what is left of the limits changes with the day alone."""
    admin = FakeAdmin()
    admin.changes = asyncio.Queue()
    counts = replace(admin.state.counts, in_flight=0)
    admin.state = replace(admin.state, counts=counts)
    for entry in admin.entries.values():
        gauges = tuple(replace(one, kind="clock", resets_at=None) for one in entry.gauges)
        admin.put(replace(entry, gauges=gauges))
    return admin


@asynccontextmanager
async def _following(
    admin: FakeAdmin, elapsed: Elapsed, pulse: Pulse = FAR
) -> AsyncGenerator[Feed]:
    """A feed that is told of changes, after its first look."""
    feed = Feed(admin, elapsed, pulse)
    async with alongside("feed", feed.follow):
        await asyncio.sleep(0)
        await feed.look()
        admin.asks.clear()
        yield feed


async def _looks(feed: Feed, elapsed: Elapsed, seconds: float) -> None:
    """Four looks a second."""
    for _ in range(round(seconds * 4)):
        elapsed.go_on(0.25)
        await feed.look()


async def test_at_rest_and_far_away_it_asks_once_a_second(elapsed: Elapsed) -> None:
    admin = _at_rest()
    async with _following(admin, elapsed) as feed:
        await _looks(feed, elapsed, 60)
        assert admin.asks == {"status": 60, "limits": 6, "chains": 6}


async def test_without_a_stream_of_changes_it_asks_for_everything(elapsed: Elapsed) -> None:
    admin = FakeAdmin()
    feed = Feed(admin, elapsed, FAR)
    await _looks(feed, elapsed, 1)
    assert admin.asks == {"status": 4, "limits": 4, "chains": 4, "requests": 4}


async def test_its_clock_goes_on_between_two_answers(elapsed: Elapsed) -> None:
    async with _following(_at_rest(), elapsed) as feed:
        elapsed.go_on(0.75)
        picture = await feed.look()
        assert picture is not None
        assert (picture.now - scene.NOW).total_seconds() == 0.75


async def test_limits_that_are_told_are_taken_and_the_chains_asked_for(elapsed: Elapsed) -> None:
    admin = _at_rest()
    async with _following(admin, elapsed) as feed:
        assert admin.changes is not None
        out = replace(admin.entries[scene.OPENROUTER], state="cooling", until=scene.after(9))
        admin.put(out)
        admin.changes.put_nowait(LimitsChange((out,)))
        await until(admin.changes.empty, within=2)
        await asyncio.sleep(0)
        elapsed.go_on(0.25)
        picture = await feed.look()
        assert picture is not None
        assert picture.limits[scene.OPENROUTER].state == "cooling"
        assert picture.chains[0].next == scene.GEMINI
        assert "limits" not in admin.asks


async def test_gauges_that_fill_are_asked_for_only_while_they_are_seen(elapsed: Elapsed) -> None:
    admin = _at_rest()
    full = admin.entries[scene.OPENROUTER]
    admin.put(replace(full, gauges=tuple(replace(one, kind="bucket") for one in full.gauges)))
    async with _following(admin, elapsed) as feed:
        await _looks(feed, elapsed, 10)
        assert admin.asks["limits"] == 5
        admin.asks.clear()
        for _ in range(40):
            elapsed.go_on(0.25)
            await feed.look(())
        assert admin.asks["limits"] == 0


async def test_a_request_that_runs_stays_until_its_end_is_told(elapsed: Elapsed) -> None:
    admin = _at_rest()
    async with _following(admin, elapsed, NEAR) as feed:
        admin.under_way = [running(id="req_new")]
        admin.state = replace(admin.state, counts=replace(admin.state.counts, in_flight=1))
        picture = await feed.look()
        assert picture is not None
        assert picture.requests[0].id == "req_new"
        admin.under_way = []
        admin.state = replace(admin.state, counts=replace(admin.state.counts, in_flight=0))
        elapsed.go_on(0.25)
        picture = await feed.look()
        assert picture is not None
        assert picture.requests[0].id == "req_new"
        assert picture.requests[0].outcome is None
        feed.take(replace(row(history()[0]), id="req_new"))
        picture = await feed.look()
        assert picture is not None
        assert [one.id for one in picture.requests].count("req_new") == 1
        assert picture.requests[0].outcome == "ok"


async def test_one_that_nobody_tells_the_end_of_is_let_go(elapsed: Elapsed) -> None:
    admin = _at_rest()
    admin.under_way = [running(id="req_lost")]
    async with _following(admin, elapsed, NEAR) as feed:
        admin.under_way = []
        await _looks(feed, elapsed, 3)
        assert feed.latest is not None
        assert "req_lost" not in [one.id for one in feed.latest.requests]


async def test_rows_keep_the_order_in_which_they_ended(elapsed: Elapsed) -> None:
    admin = _at_rest()
    ids = [one.id for one in admin.log]

    def ended(id: str) -> Request:
        return replace(row(history()[0]), id=id)

    async with _following(admin, elapsed) as feed:
        for id in ("first", "second", "first"):
            feed.take(ended(id))
        picture = await feed.look()
        assert picture is not None
        shown = [one.id for one in picture.requests]
        assert shown[:2] == ["second", "first"]
        assert shown[2:] == ids[: len(shown) - 2]


async def test_another_config_is_read_at_once(elapsed: Elapsed) -> None:
    admin = _at_rest()
    async with _following(admin, elapsed) as feed:
        admin.move_config()
        feed.take(ConfigChange(8, None))
        picture = await feed.look()
        assert picture is not None
        assert picture.version == "8"


async def test_after_a_resync_it_asks_for_everything(elapsed: Elapsed) -> None:
    admin = _at_rest()
    async with _following(admin, elapsed) as feed:
        feed.take(Resync("events were lost"))
        await feed.look()
        assert admin.asks == {"status": 1, "limits": 1, "chains": 1, "requests": 1}


async def test_silence_is_counted_from_the_last_answer(elapsed: Elapsed) -> None:
    admin = _at_rest()
    async with _following(admin, elapsed) as feed:
        admin.refuse["status"] = _SILENT
        await _looks(feed, elapsed, 12)
        assert feed.latest is not None
        assert feed.latest.silent_s == 12
        assert feed.trouble is _SILENT
        del admin.refuse["status"]
        admin.asks.clear()
        picture = await feed.look()
        assert picture is not None
        assert picture.silent_s == 0
        assert admin.asks == {"status": 1, "limits": 1, "chains": 1, "requests": 1}


async def test_a_log_that_cannot_be_read_leaves_the_rest(elapsed: Elapsed) -> None:
    admin = _at_rest()
    async with _following(admin, elapsed) as feed:
        admin.refuse["requests"] = _SILENT
        feed.forget()
        picture = await feed.look()
        assert picture is not None
        assert picture.silent_s == 0
        assert picture.requests


@pytest.mark.parametrize("pulse", [NEAR, FAR])
async def test_an_answer_that_is_under_way_hides_no_change(elapsed: Elapsed, pulse: Pulse) -> None:
    admin = _at_rest()
    async with _following(admin, elapsed, pulse) as feed:
        held = admin.hold["chains"] = asyncio.Event()
        feed.forget()
        async with alongside("look", feed.look) as look:
            await until(lambda: admin.asks["chains"] == 1, within=2)
            feed.take(LimitsChange(()))
            held.set()
            await look
        await feed.look()
        assert admin.asks["chains"] == 2

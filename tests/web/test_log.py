"""A log of ten thousand requests under somebody's thumb."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, cast

import pytest
from playwright.async_api import Browser, Page, expect

from proxy.clock import SystemClock
from store import request_log
from store.database import open_database
from store.request_log import Finished
from tests.store.made import fallen, request
from tests.web.visit import serving, visiting

pytestmark = pytest.mark.asyncio(loop_scope="session")

ROWS = 10_000
MOST_ELEMENTS = 120
"""Rows that are in the document at once."""
FRAMES = 40
FRAME_MS = 90.0
"""Of 95 frames in 100, in the page's own thread, painted without a graphics card: twice the usual.
Processor time, so that what else runs on the machine does not count."""

_FRAME = """async (by) => {
  scrollBy(0, by);
  await new Promise(requestAnimationFrame);
  await new Promise(requestAnimationFrame);
}"""


async def _frames(page: Page, by: int) -> list[float]:
    """What each of some frames took in which the page was scrolled `by` pixels, in rising order."""
    tool = await page.context.new_cdp_session(page)
    send = cast(
        "Callable[..., Awaitable[dict[str, Any]]]",
        tool.send,  # pyright: ignore[reportUnknownMemberType]
    )
    await send("Performance.enable", {"timeDomain": "threadTicks"})

    async def worked() -> float:
        found = await send("Performance.getMetrics")
        return next(one["value"] for one in found["metrics"] if one["name"] == "TaskDuration")

    took: list[float] = []
    for _ in range(FRAMES):
        before = await worked()
        await page.evaluate(_FRAME, by)
        took.append((await worked() - before) * 1000)
    return sorted(took)


@pytest.mark.alone
async def test_ten_thousand_rows_stay_smooth(tmp_path: Path, browser: Browser):
    await _fill(tmp_path / "data", ROWS)
    async with serving(tmp_path, "") as instance, visiting(browser, instance.url) as visit:
        page = visit.page
        await visit.sign_in()
        await visit.show("Requests")
        rows = page.locator("#log-rows tr")
        await expect(rows.nth(5)).to_be_visible()
        frames = await _frames(page, 160)
        assert frames[-FRAMES // 20] < FRAME_MS, frames[-10:]

        older = page.locator(".older")
        while await older.count():
            await page.evaluate("scrollTo(0, document.body.scrollHeight)")
            await page.evaluate("new Promise(requestAnimationFrame)")
        await expect(page.get_by_text("10,000 requests")).to_be_visible()
        assert await rows.count() < MOST_ELEMENTS
        await page.evaluate("scrollTo(0, document.body.scrollHeight)")
        await expect(page.locator('[href="#requests/req_0"]')).to_be_visible()
        frames = await _frames(page, -2000)
        assert frames[-FRAMES // 20] < FRAME_MS, frames[-10:]
        await page.get_by_label("outcome").select_option("failed")
        await expect(page.get_by_text("No request is like that.")).to_be_visible()


async def _fill(folder: Path, rows: int) -> None:
    folder.mkdir()
    clock = SystemClock()
    began = clock.wall() - rows
    made = [
        (fallen if number % 3 == 0 else request)(f"req_{number}", at=began + number)
        for number in range(rows)
    ]
    async with (
        open_database(folder / "429chain.db", clock) as database,
        database.transaction() as connection,
    ):
        await request_log.insert_many(connection, [Finished(event) for event in made])

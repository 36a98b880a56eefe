"""A log of ten thousand requests under somebody's thumb."""

from __future__ import annotations

from pathlib import Path
from statistics import median

from playwright.async_api import Browser, expect

from proxy.clock import SystemClock
from store import request_log
from store.database import open_database
from store.request_log import Finished
from tests.store.made import fallen, request
from tests.web.visit import serving, visiting

ROWS = 10_000
MOST_ELEMENTS = 200
"""Rows that are in the document at once."""
FRAME_MS = 100.0
"""The median of a browser without a graphics card, beside other tests: ten times that of a desk."""

_SCROLL = """async () => {
  const frames = [];
  let before = performance.now();
  for (let step = 0; step < 120; step += 1) {
    scrollBy(0, 160);
    await new Promise(requestAnimationFrame);
    frames.push(performance.now() - before);
    before = performance.now();
  }
  return frames;
}"""


async def test_ten_thousand_rows_stay_smooth(tmp_path: Path, browser: Browser):
    await _fill(tmp_path / "data", ROWS)
    async with serving(tmp_path, "") as instance, visiting(browser, instance.url) as visit:
        page = visit.page
        await visit.sign_in()
        await visit.show("Requests")
        rows = page.locator("#log-rows tr")
        await expect(rows.nth(5)).to_be_visible()
        frames: list[float] = await page.evaluate(_SCROLL)
        assert median(frames) < FRAME_MS, sorted(frames)[-10:]

        older = page.locator(".older")
        while await older.count():
            await page.evaluate("scrollTo(0, document.body.scrollHeight)")
            await page.evaluate("new Promise(requestAnimationFrame)")
        await expect(page.get_by_text("10,000 requests")).to_be_visible()
        assert await rows.count() < MOST_ELEMENTS
        await page.evaluate("scrollTo(0, document.body.scrollHeight)")
        await expect(page.locator('[href="#requests/req_0"]')).to_be_visible()
        frames = await page.evaluate(_SCROLL.replace("160", "-2000"))
        assert median(frames) < FRAME_MS, sorted(frames)[-10:]
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

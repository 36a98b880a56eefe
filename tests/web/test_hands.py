"""Fingers, second thoughts and narrow screens."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.async_api import Browser, expect

from tests.web.visit import MODELS, configured, groq, serving, visiting

FIRST, SECOND, THIRD = (f"groq/{name}" for name in MODELS)


async def test_an_entry_is_dragged_with_a_finger(tmp_path: Path, browser: Browser):
    async with (
        groq() as provider,
        serving(tmp_path, configured(provider)) as instance,
        visiting(browser, instance.url, width=360, height=780) as visit,
    ):
        page = visit.page
        await visit.sign_in()
        await visit.show("Chains")
        grips = page.get_by_role("button", name=re.compile("^move "))
        above, below = await grips.nth(0).bounding_box(), await grips.nth(2).bounding_box()
        assert above
        assert below
        touch = await page.context.new_cdp_session(page)
        x, start, end = above["x"] + 20, above["y"] + 20, below["y"] + 25

        async def finger(kind: str, y: float | None) -> None:
            points = [] if y is None else [{"x": x, "y": y}]
            told = {"type": kind, "touchPoints": points}
            await touch.send("Input.dispatchTouchEvent", told)  # pyright: ignore[reportUnknownMemberType]

        await finger("touchStart", start)
        for step in range(1, 9):
            await finger("touchMove", start + (end - start) * step / 8)
        await expect(page.locator(".lifted")).to_have_count(1)
        await finger("touchEnd", None)
        await expect(page.get_by_text("groq moved to 3").first).to_be_visible()
        assert await visit.entries() == [SECOND, THIRD, FIRST]


async def test_escape_puts_a_dragged_entry_back(tmp_path: Path, browser: Browser):
    async with (
        groq() as provider,
        serving(tmp_path, configured(provider)) as instance,
        visiting(browser, instance.url) as visit,
    ):
        page = visit.page
        await visit.sign_in()
        await visit.show("Chains")
        before = instance.chain.config.read_bytes()
        box = await page.get_by_role("button", name=re.compile("^move ")).nth(2).bounding_box()
        assert box
        await page.mouse.move(box["x"] + 5, box["y"] + 10)
        await page.mouse.down()
        await page.mouse.move(box["x"] + 5, box["y"] - 60, steps=5)
        await expect(page.locator(".lifted .position")).to_have_text("1")
        await page.keyboard.press("Escape")
        await expect(page.locator(".lifted")).to_have_count(0)
        await page.mouse.up()
        assert await visit.entries() == [FIRST, SECOND, THIRD]
        assert instance.chain.config.read_bytes() == before


async def test_a_prompt_is_stopped(tmp_path: Path, browser: Browser):
    async with (
        groq(per_token=0.5) as provider,
        serving(tmp_path, configured(provider)) as instance,
        visiting(browser, instance.url) as visit,
    ):
        page = visit.page
        await visit.sign_in()
        await visit.show("Test")
        await page.get_by_role("textbox", name="prompt").fill("Take your time")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("group", name="answer")).to_have_text(re.compile(r"\w+"))
        await page.get_by_role("button", name="Stop").click()
        await expect(page.get_by_text("Stopped.")).to_be_visible()
        await expect(page.get_by_role("button", name="Send")).to_be_enabled()
        await visit.show("Requests")
        await expect(page.locator(".log .c-outcome").last).to_have_text("client left")


async def test_nothing_sticks_out_of_the_narrowest_screen(tmp_path: Path, browser: Browser):
    async with (
        groq(rpm=1) as provider,
        serving(tmp_path, configured(provider)) as instance,
        visiting(browser, instance.url, width=320, height=640) as visit,
    ):
        page = visit.page
        await visit.sign_in()
        await visit.show("Test")
        await page.get_by_role("textbox", name="prompt").fill("Hello")
        await page.keyboard.press("Enter")
        await expect(page.locator(".trail-of-test").get_by_role("link")).to_have_count(1)
        for view in ("Test", "Board", "Chains", "Requests", "Providers", "Stats"):
            await visit.show(view)
            await expect(page.locator("main h2").first).to_be_visible()
            aside = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert aside <= 0, view

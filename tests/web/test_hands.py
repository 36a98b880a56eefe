"""Fingers, second thoughts and narrow screens."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from tests.web.visit import MODELS, configured, groq, serving, visiting

pytestmark = pytest.mark.asyncio(loop_scope="session")

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


async def test_a_request_is_seen_while_it_runs(tmp_path: Path, browser: Browser):
    async with (
        groq(per_token=0.5) as provider,
        serving(tmp_path, configured(provider)) as instance,
        visiting(browser, instance.url) as one,
        visiting(browser, instance.url, width=360, height=780) as other,
    ):
        await other.sign_in()
        await other.show("Requests")
        await one.sign_in()
        await one.show("Test")
        await one.page.get_by_role("textbox", name="prompt").fill("Take your time")
        await one.page.keyboard.press("Enter")
        outcome = other.page.locator(".log .c-outcome").last
        await expect(outcome).to_have_text(re.compile(r"… \d"))
        await one.page.get_by_role("button", name="Stop").click()
        await expect(outcome).to_have_text("client left")
        await expect(other.page.locator(".log .c-time a")).to_have_count(1)


async def test_a_row_opens_wherever_it_is_touched(tmp_path: Path, browser: Browser):
    async with (
        groq() as provider,
        serving(tmp_path, configured(provider)) as instance,
        visiting(browser, instance.url, width=360, height=780) as visit,
    ):
        page = visit.page
        await visit.sign_in()
        box = await page.locator(".entry .state").first.bounding_box()
        assert box
        await page.touchscreen.tap(box["x"] + 10, box["y"] + 8)
        await expect(page.locator(".detail")).to_be_visible()
        await page.get_by_role("button", name="Copy name").tap()
        toast = await page.locator(".toast").first.bounding_box()
        close = await page.get_by_role("button", name="dismiss").first.bounding_box()
        assert toast
        assert close
        assert min(close["width"], close["height"]) >= 44
        assert toast["y"] + toast["height"] <= 780 - 52, "it covers the way between the views"


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


async def test_everything_is_done_with_keys_alone(tmp_path: Path, browser: Browser):
    async with (
        groq() as provider,
        serving(tmp_path, configured(provider)) as instance,
        visiting(browser, instance.url) as visit,
    ):
        page = visit.page
        await visit.sign_in()
        await expect(page.get_by_role("heading", level=1, name="Board")).to_be_attached()
        await page.keyboard.press("2")
        await expect(page.get_by_role("heading", level=1, name="Chains")).to_be_focused()
        await _tab_to(page, f"move {FIRST}, 1 of 3")
        for key in ("Space", "ArrowDown", "Space"):
            await page.keyboard.press(key)
        await expect(page.get_by_text("groq moved to 2").first).to_be_visible()
        assert await visit.entries() == [SECOND, FIRST, THIRD]
        await expect(page.get_by_role("button", name=f"move {FIRST}, 2 of 3")).to_be_focused()

        await page.keyboard.press("4")
        await expect(page.get_by_role("heading", level=1, name="Test")).to_be_focused()
        await _tab_to(page, "prompt")
        await page.keyboard.type("Hello")
        await page.keyboard.press("Enter")
        await expect(page.locator(".trail-of-test").get_by_role("link")).to_be_visible()

        await _tab_to(page, "Test")  # out of the field, where a digit is a digit
        await page.keyboard.press("3")
        await expect(page.locator(".log .c-time a")).to_have_count(1)
        await page.keyboard.press("/")
        await expect(page.get_by_role("searchbox", name="filter by text")).to_be_focused()
        await page.keyboard.type("llama")
        time = await page.locator(".log .c-time a").first.inner_text()
        await expect(page).to_have_url(re.compile("q=llama"))
        await page.keyboard.press("Escape")
        await page.get_by_role("searchbox", name="filter by text").press("Control+A")
        await page.keyboard.press("Delete")
        await expect(page).to_have_url(re.compile("#requests$"))
        await _tab_to(page, time)
        await page.keyboard.press("Enter")
        await expect(page.locator(".timeline")).to_be_visible()
        await page.keyboard.press("?")
        await expect(page.get_by_role("dialog", name="keys and signs")).to_be_visible()
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("dialog")).to_have_count(0)


async def _tab_to(page: Page, name: str) -> None:
    """On with tab, as long as it takes; what has the focus is seen to have it."""
    for _ in range(80):
        await page.keyboard.press("Tab")
        focused: list[str] = await page.evaluate("""() => {
          const one = document.activeElement;
          if (one === document.body) return ["", ""];
          const label = one.getAttribute("aria-label") ?? (one.labels?.[0] ?? one).textContent;
          return [label.trim(), getComputedStyle(one).outlineStyle];
        }""")
        assert focused[1] != "none", focused
        if focused[0] == name:
            return
    raise AssertionError(f"{name} is not reached")

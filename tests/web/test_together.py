"""Two who look at one instance, an edit that comes too late, and a connection that breaks."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from tests.e2e.process import free_port
from tests.web.visit import MODELS, TOKEN, configured, groq, serving, visiting

pytestmark = pytest.mark.asyncio(loop_scope="session")

FIRST, SECOND, THIRD = (f"groq/{name}" for name in MODELS)


def _grips(page: Page):
    return page.get_by_role("button", name=re.compile("^move "))


async def _press(page: Page, *keys: str) -> None:
    for key in keys:
        await page.keyboard.press(key)


async def test_what_one_changes_the_other_sees(tmp_path: Path, browser: Browser):
    async with (
        groq() as provider,
        serving(tmp_path, configured(provider)) as instance,
        visiting(browser, instance.url) as one,
        visiting(browser, instance.url, width=360, height=780, scheme="light") as other,
    ):
        await one.sign_in()
        await other.sign_in()
        await one.show("Chains")
        await other.show("Chains")
        await _grips(one.page).first.focus()
        await _press(one.page, "Space", "ArrowDown", "ArrowDown", "Space")
        last = other.page.locator(".editor .entry").nth(2).locator(".name")
        await expect(last).to_have_attribute("title", FIRST)
        assert await other.entries() == [SECOND, THIRD, FIRST]

        await other.show("Requests")
        await one.show("Test")
        await one.page.get_by_role("textbox", name="prompt").fill("Hello")
        await one.page.keyboard.press("Enter")
        await expect(other.page.locator(".log .trail")).to_have_count(1)


async def test_a_move_on_an_order_that_is_gone_is_told(tmp_path: Path, browser: Browser):
    async with (
        groq() as provider,
        serving(tmp_path, configured(provider)) as instance,
        visiting(browser, instance.url) as one,
        visiting(browser, instance.url) as other,
    ):
        for visit in (one, other):
            await visit.sign_in()
            await visit.show("Chains")
        # Lifted, and meanwhile somebody else drops.
        await _grips(one.page).first.focus()
        await _press(one.page, "Space", "ArrowDown")
        await _grips(other.page).nth(2).focus()
        await _press(other.page, "Space", "ArrowUp", "ArrowUp", "Space")
        await expect(other.page.get_by_text("groq moved to 1").first).to_be_visible()
        assert await one.entries() == [FIRST, SECOND, THIRD]
        await _press(one.page, "Space")
        await expect(one.page.get_by_text("your move was not saved")).to_be_visible()
        await expect(one.page.locator(".editor .name").first).to_have_attribute("title", THIRD)
        assert await one.entries() == [THIRD, FIRST, SECOND]


async def test_a_form_on_a_config_that_moved_keeps_what_was_typed(tmp_path: Path, browser: Browser):
    async with (
        groq() as provider,
        serving(tmp_path, configured(provider)) as instance,
        visiting(browser, instance.url) as visit,
    ):
        page = visit.page
        await visit.sign_in()
        await visit.show("Providers")
        await page.get_by_role("link", name="groq").click()
        await page.get_by_role("button", name="Edit").click()
        await page.get_by_role("textbox", name="rpm", exact=True).fill("30")
        config = instance.chain.config
        config.write_text(config.read_text("utf-8") + "\n[chains.second]\n", "utf-8")
        await expect(page.get_by_role("alert")).to_contain_text(re.compile(r"config\.toml:\d+:"))
        await expect(page.get_by_text("The last good configuration runs.")).to_be_visible()
        text = config.read_text("utf-8") + f'entries = ["{SECOND}"]\n'
        config.write_text(text, "utf-8")
        await expect(page.get_by_text("The last good configuration runs.")).to_be_hidden()
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_text("changed elsewhere, so nothing was saved")).to_be_visible()
        await expect(page.get_by_role("textbox", name="rpm", exact=True)).to_have_value("30")
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_text("Saved groq.")).to_be_visible()
        assert "rpm = 30" in config.read_text("utf-8")


async def test_a_restart_is_told_and_got_over(tmp_path: Path, browser: Browser):
    number = free_port()
    async with groq() as provider:
        tables = configured(provider)
        async with serving(tmp_path, tables, admin_port=number) as instance:
            url = instance.url
            async with visiting(browser, url) as visit:
                page = visit.page
                await visit.sign_in()
                await expect(page.locator(".landing .name")).to_have_attribute("title", FIRST)
                await instance.chain.stop()
                await expect(page.get_by_text("reconnecting")).to_be_visible()
                await page.get_by_role("button", name=f"actions for {FIRST}").click()
                test = page.get_by_role("menuitem", name="clear cooldown")
                await expect(test).to_have_attribute("title", "not connected")
                await page.keyboard.press("Escape")
                async with serving(tmp_path, tables, admin_port=number):
                    # The session outlives the restart.
                    await expect(page.get_by_text("0 in flight")).to_be_visible()
                    await expect(page.get_by_text("reconnecting")).to_be_hidden()


async def test_a_new_token_asks_everybody_to_sign_in_again(tmp_path: Path, browser: Browser):
    async with (
        groq() as provider,
        serving(tmp_path, configured(provider)) as instance,
        visiting(browser, instance.url) as visit,
    ):
        page = visit.page
        await visit.sign_in()
        await visit.show("Chains")
        config = instance.chain.config
        config.write_text(config.read_text("utf-8").replace(TOKEN, "another-token"), "utf-8")
        await expect(page.get_by_label("Admin token")).to_be_focused()
        assert MODELS[0] not in await page.content()
        await page.keyboard.type(TOKEN)
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("alert")).to_contain_text("That is not the admin token.")
        await page.get_by_label("Admin token").fill("another-token")
        await page.keyboard.press("Enter")
        # Back where the page was, and live.
        await expect(page.locator(".editor .name").first).to_have_attribute("title", FIRST)
        await expect(page.get_by_text("0 in flight")).to_be_visible()


async def test_signing_out_ends_the_session(tmp_path: Path, browser: Browser):
    async with serving(tmp_path, "") as instance, visiting(browser, instance.url) as visit:
        page = visit.page
        await visit.sign_in()
        await expect(page.get_by_role("navigation", name="views")).to_be_visible()
        await page.get_by_role("button", name="sign out").click()
        await expect(page.get_by_label("Admin token")).to_be_visible()
        await page.reload()
        await expect(page.get_by_label("Admin token")).to_be_visible()


async def test_a_token_in_the_fragment_signs_in_and_is_erased(tmp_path: Path, browser: Browser):
    async with serving(tmp_path, "") as instance, visiting(browser, instance.url) as visit:
        await visit.page.goto(f"{instance.url}#token=admin-token-of-the-web-tests")
        await expect(visit.page.get_by_role("navigation", name="views")).to_be_visible()
        await expect(visit.page).to_have_url(instance.url)
        # Requests are watched with their fragment: the address itself was never asked for.
        visit.misdeeds = [one for one in visit.misdeeds if "stands in a URL" not in one]

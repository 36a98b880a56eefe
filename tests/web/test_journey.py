"""What a person does with the web view on the first evening, from sign-in to the log."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from tests.web.visit import MODELS, TOKEN, Visit, configured, groq, serving, visiting

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_from_an_empty_config_to_a_served_prompt(tmp_path: Path, browser: Browser):
    async with (
        groq(rpm=1) as provider,
        serving(tmp_path, "") as instance,
        visiting(browser, instance.url) as visit,
    ):
        page = visit.page
        await _sign_in_at_the_second_try(visit)
        await _add_the_provider(page, provider.base_url, provider.key)
        config = instance.chain.config.read_text("utf-8")
        assert provider.key in config
        assert provider.key not in await page.content()

        await _make_a_chain_of_three(visit)
        first, second, third = (f"lab/{name}" for name in MODELS)
        assert await visit.entries() == [first, second, third]

        await _reorder_by_drag(visit)
        assert await visit.entries() == [third, first, second]
        await _reorder_by_keys(visit)
        assert await visit.entries() == [first, third, second]
        written = instance.chain.config.read_text("utf-8")
        places = [written.index(f'"{name}"') for name in (first, third, second)]
        assert places == sorted(places)

        await _ask_until_it_falls(visit, first, third)
        await _find_it_in_the_log(visit, third)
        await _see_the_totals(visit)


async def _sign_in_at_the_second_try(visit: Visit) -> None:
    page = visit.page
    await visit.sign_in("not-the-token")
    await expect(page.get_by_role("alert")).to_contain_text("9 tries left this minute")
    await page.get_by_label("Admin token").fill(TOKEN)
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_text("no chain yet", exact=True)).to_be_visible()
    assert TOKEN not in await page.content()


async def _add_the_provider(page: Page, base_url: str, key: str) -> None:
    await page.get_by_role("link", name="add a provider").click()
    await page.get_by_label("preset").select_option("openai-compatible")
    await page.get_by_label("id", exact=True).fill("lab")
    await page.get_by_label("API key").fill(key)
    await page.get_by_label("base URL").fill("ftp://nowhere")
    await page.get_by_role("button", name="Add lab").click()
    # What is wrong is told at its field, and nothing that was typed is lost.
    await expect(page.get_by_label("base URL")).to_be_focused()
    await expect(page.get_by_label("API key")).to_have_value(key)
    await page.get_by_label("base URL").fill(base_url)
    await page.get_by_role("button", name="Add lab").click()
    await expect(page.get_by_text(re.compile("the key works · 3 models"))).to_be_visible()


async def _make_a_chain_of_three(visit: Visit) -> None:
    page = visit.page
    await visit.show("Chains")
    await page.get_by_role("button", name="New chain").click()
    await page.get_by_role("textbox", name="name").fill("not a name")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert").filter(has_text="64 letters")).to_be_visible()
    await page.get_by_role("textbox", name="name").fill("free")
    await page.keyboard.press("Enter")
    await page.get_by_role("searchbox", name="filter models").fill("llama")
    await page.get_by_role("checkbox", name=MODELS[0]).check()
    await page.get_by_role("searchbox", name="filter models").fill("")
    await page.get_by_role("checkbox", name=MODELS[1]).check()
    await page.get_by_role("textbox", name="or a model id by hand").fill(MODELS[2])
    await page.get_by_role("button", name="Make the chain (3)").click()
    await expect(page.get_by_text("0 of 3").or_(page.get_by_text("3 of 3 usable"))).to_be_visible()


async def _reorder_by_drag(visit: Visit) -> None:
    """The third entry to the top, with the mouse."""
    page = visit.page
    grips = page.get_by_role("button", name=re.compile("^move "))
    below, above = await grips.nth(2).bounding_box(), await grips.nth(0).bounding_box()
    assert below
    assert above
    x = below["x"] + below["width"] / 2
    await page.mouse.move(x, below["y"] + 10)
    await page.mouse.down()
    await page.mouse.move(x, above["y"] + 8, steps=8)
    await expect(page.locator(".lifted .position")).to_have_text("1")
    await page.mouse.up()
    await expect(page.get_by_text("lab moved to 1").first).to_be_visible()
    await expect(page.locator(".lifted")).to_have_count(0)


async def _reorder_by_keys(visit: Visit) -> None:
    """The first entry one down; a lift that is taken back changes nothing."""
    page = visit.page
    grip = page.get_by_role("button", name=re.compile("^move ")).first
    order = await visit.entries()
    await grip.focus()
    for key in ("Space", "ArrowDown", "ArrowDown", "Escape"):
        await page.keyboard.press(key)
    await expect(page.locator("#announcements")).to_contain_text("is back at 1")
    assert await visit.entries() == order
    for key in ("Space", "ArrowDown", "Space"):
        await page.keyboard.press(key)
    await expect(page.get_by_text("lab moved to 2").first).to_be_visible()


async def _ask_until_it_falls(visit: Visit, first: str, second: str) -> None:
    """Its one request a minute goes to the first entry, the next prompt falls past it."""
    page = visit.page
    await visit.show("Test")
    prompt = page.get_by_role("textbox", name="prompt")
    await prompt.fill("Say hello in five languages")
    await prompt.press("Enter")
    landing = page.locator(".trail-of-test .landing")
    await expect(landing.locator(".name")).to_have_attribute("title", first)
    await expect(page.get_by_role("group", name="answer")).not_to_be_empty()
    await expect(page.get_by_role("button", name="Send")).to_be_enabled()
    await prompt.press("Enter")
    await expect(landing.locator(".name")).to_have_attribute("title", second)
    await expect(page.locator(".trail-of-test .passed .words").first).to_have_text(
        re.compile(r"429|skipped rpm")
    )
    await visit.show("Board")
    spent = page.locator(".entry").filter(has=page.locator(f'[title="{first}"]'))
    await expect(spent.locator(".state")).to_have_text("exhausted")
    count = spent.locator(".when")
    await expect(count).to_have_text(re.compile(r"back \d+s"))
    before = await count.inner_text()
    # It counts down by itself.
    await expect(count).not_to_have_text(before)
    await expect(page.locator(".landing .name")).to_have_attribute("title", second)


async def _find_it_in_the_log(visit: Visit, served: str) -> None:
    page = visit.page
    await visit.show("Requests")
    await page.get_by_role("searchbox", name="filter by text").fill(served)
    rows = page.get_by_role("table", name="requests").get_by_role("row")
    await expect(rows.filter(has_text=MODELS[2].rpartition("/")[2])).to_have_count(1)
    await expect(page).to_have_url(re.compile(r"#requests\?q="))
    await rows.nth(1).click()
    await expect(page.locator(".timeline .landing .name")).to_have_attribute("title", served)
    await expect(page.locator(".timeline .thick")).to_be_visible()
    await page.get_by_role("searchbox", name="filter by text").fill("stands nowhere")
    await expect(page.get_by_text("No request is like that.")).to_be_visible()


async def _see_the_totals(visit: Visit) -> None:
    page = visit.page
    await visit.show("Stats")
    await page.get_by_role("button", name="model", exact=True).click()
    await expect(page.get_by_role("link", name=MODELS[0])).to_be_visible()
    await page.get_by_role("button", name="today").click()
    await expect(page.get_by_text("tokens an hour").first).to_be_visible()


async def test_removing_and_taking_back(tmp_path: Path, browser: Browser):
    async with (
        groq() as provider,
        serving(tmp_path, "") as instance,
        visiting(browser, instance.url) as visit,
    ):
        page = visit.page
        await visit.sign_in()
        await _add_the_provider_shortly(page, provider.base_url, provider.key)
        await _make_a_chain_of_three(visit)
        await page.get_by_role("button", name=f"actions for lab/{MODELS[1]}").click()
        await page.get_by_role("menuitem", name="remove").click()
        await expect(page.locator(".editor .name")).to_have_count(2)
        removed = page.locator(".toast").filter(has_text="Removed")
        await removed.get_by_role("button", name="Undo").click()
        await expect(page.locator(".editor .name")).to_have_count(3)

        await visit.show("Providers")
        await page.get_by_role("link", name="lab").click()
        await expect(page.get_by_role("button", name="Remove")).to_be_disabled()
        await expect(
            page.get_by_text("lab is used in free. Remove it there first.")
        ).to_be_visible()
        await page.get_by_role("button", name="Edit").click()
        await page.get_by_role("textbox", name="rpm", exact=True).fill("0")
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_role("textbox", name="rpm", exact=True)).to_be_focused()
        await page.get_by_role("textbox", name="rpm", exact=True).fill("7")
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_text("Saved lab.")).to_be_visible()
        assert "rpm = 7" in instance.chain.config.read_text("utf-8")


async def test_a_chain_is_copied_renamed_deleted_and_back(tmp_path: Path, browser: Browser):
    async with (
        groq() as provider,
        serving(tmp_path, configured(provider)) as instance,
        visiting(browser, instance.url) as visit,
    ):
        page = visit.page
        await visit.sign_in()
        await visit.show("Chains")
        chains = page.get_by_role("navigation", name="chains").get_by_role("link")

        async def choose(item: str, chain: str) -> None:
            await page.get_by_role("button", name=f"actions for chain {chain}", exact=True).click()
            await page.get_by_role("menuitem", name=item).click()

        await choose("duplicate", "free")
        await page.keyboard.press("Enter")
        await expect(chains).to_have_text(["free 3/3", "free-2 3/3"])
        await choose("rename", "free-2")
        await page.get_by_role("textbox", name="name").fill("spare")
        await page.keyboard.press("Enter")
        await expect(chains).to_have_text(["free 3/3", "spare 3/3"])
        await choose("delete", "spare")
        await expect(page.get_by_role("button", name="Cancel")).to_be_focused()
        await page.get_by_role("button", name="Delete spare").click()
        await expect(chains).to_have_text(["free 3/3"])
        await page.get_by_role("button", name="Undo the last change").click()
        await expect(chains).to_have_text(["free 3/3", "spare 3/3"])
        assert "spare" in instance.chain.config.read_text("utf-8")


async def _add_the_provider_shortly(page: Page, base_url: str, key: str) -> None:
    await page.get_by_role("link", name="add a provider").click()
    await page.get_by_label("preset").select_option("openai-compatible")
    await page.get_by_label("id", exact=True).fill("lab")
    await page.get_by_label("base URL").fill(base_url)
    await page.get_by_label("API key").fill(key)
    await page.get_by_role("button", name="Add lab").click()
    await expect(page.get_by_text(re.compile("the key works"))).to_be_visible()

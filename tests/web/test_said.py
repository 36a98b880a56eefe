"""What was said in a request: shown where it is kept, asked again by hand or from the page."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import aiohttp
import pytest
from playwright.async_api import Browser, Page, expect

from tests.e2e.process import CLIENT_KEY
from tests.upstreams.fake_provider import fake_provider
from tests.upstreams.replies import completion
from tests.web.visit import TOKEN, WebInstance, configured, groq, serving, visiting

pytestmark = pytest.mark.asyncio(loop_scope="session")

ASKED = 'Who isn\'t afraid of "quotes" & $HOME?'
KEPT = '[log]\nbodies = "memory"\n'


async def _ask(instance: WebInstance, text: str = ASKED) -> None:
    body = {"model": "free", "messages": [{"role": "user", "content": text}]}
    headers = {"authorization": f"Bearer {CLIENT_KEY}"}
    url = f"{instance.chain.base_url}/chat/completions"
    async with (
        aiohttp.ClientSession() as http,
        http.post(url, json=body, headers=headers) as answer,
    ):
        assert answer.status == 200


async def _open_the_newest(page: Page) -> None:
    await page.locator(".log .c-time a").first.click()
    await expect(page.locator(".timeline")).to_be_visible()


async def test_bodies_are_read_and_asked_again(
    tmp_path: Path, browser: Browser, needs: Callable[[str], str]
):
    curl = needs("curl")
    async with (
        groq() as provider,
        serving(tmp_path, configured(provider) + KEPT) as instance,
        visiting(browser, instance.url) as visit,
    ):
        page = visit.page
        await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        await visit.sign_in()
        await _ask(instance)
        await visit.show("Requests")
        await _open_the_newest(page)
        await page.get_by_text("asked · ").click()
        sent = page.get_by_role("group", name="asked")
        assert json.loads(await sent.inner_text())["messages"][0]["content"] == ASKED
        await page.get_by_text("answered · ").click()
        await expect(page.get_by_role("group", name="answered")).to_contain_text('"choices"')

        await page.get_by_role("button", name="Copy as curl").click()
        await expect(page.get_by_text("It reads the key from $OPENAI_API_KEY.")).to_be_visible()
        line: str = await page.evaluate("navigator.clipboard.readText()")
        assert CLIENT_KEY not in line
        assert TOKEN not in line
        # In a thread: the provider is simulated in this one.
        done = await asyncio.to_thread(
            subprocess.run,
            ["/bin/sh", "-c", line.replace("curl", f"{curl} -s", 1)],
            env={"OPENAI_API_KEY": CLIENT_KEY},
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
        )
        assert json.loads(done.stdout)["choices"]
        await expect(page.locator(".log .c-time a")).to_have_count(2)

        await page.get_by_role("button", name="Test again").click()
        await expect(page.get_by_role("textbox", name="prompt")).to_have_value(ASKED)
        await expect(page.locator(".prompt select")).to_have_value("chain free")


async def test_without_bodies_the_way_to_them_is_told(tmp_path: Path, browser: Browser):
    async with (
        groq() as provider,
        serving(tmp_path, configured(provider)) as instance,
        visiting(browser, instance.url, width=360, height=780) as visit,
    ):
        await visit.sign_in()
        await _ask(instance)
        await visit.show("Requests")
        await _open_the_newest(visit.page)
        await expect(visit.page.get_by_text("Bodies are off; set log.bodies")).to_be_visible()


async def test_a_public_model_list_says_nothing_of_a_key(tmp_path: Path, browser: Browser):
    async with (
        fake_provider([completion("hi")], models=["m"]) as provider,
        serving(
            tmp_path,
            f'[providers.lab]\npreset = "groq"\nbase_url = "{provider.base_url}"\n'
            'api_key = "any-key"\n[chains.free]\nentries = ["lab/m"]\n',
        ) as instance,
        visiting(browser, instance.url) as visit,
    ):
        await visit.sign_in()
        await visit.show("Providers")
        await visit.page.get_by_role("link", name="lab").click()
        await visit.page.get_by_role("button", name="Check the key").click()
        told = visit.page.get_by_role("status").filter(has_text="it answers")
        await expect(told).to_contain_text("key not tested: its model list is public")

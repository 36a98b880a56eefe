"""Text from outside that wants to be more than text (DESIGN B4)."""

from __future__ import annotations

from pathlib import Path

import aiohttp
import pytest
from playwright.async_api import Browser, expect

from tests.e2e.process import CLIENT_KEY
from tests.upstreams.fake_provider import FakeProvider, Received, fake_provider
from tests.upstreams.replies import Reply, completion, refusal
from tests.web.visit import Visit, serving, visiting

pytestmark = pytest.mark.asyncio(loop_scope="session")

IMAGE = "<img/src=x/onerror=alert(1)>"
CORPUS = (
    IMAGE,
    '"><script>alert(1)</script>',
    "'-alert(1)-'",
    "<svg/onload=alert(1)>",
    "javascript:alert(1)",
    "</table></main><style>*{display:none}</style>",
    "[@click=app.quit]x[/foo]",
    "{{constructor.constructor('alert(1)')()}}",
    "%3Cscript%3Ealert(1)%3C/script%3E",
    "\u202egnp.exe\u2066\u200b",
    "Z\u0335\u0308" * 40,
    "\x1b]52;c;YQ==\x07\x9b31m",
    "http://example.com/<a>",
    "x" * 4_000,
)
WORDS = " ".join(CORPUS)
MODELS = (IMAGE, '"><script>alert(1)</script>', "javascript:alert(1)", "y" * 180)


def _answer(received: Received) -> Reply:
    """The first model refuses in hostile words, all others answer with them."""
    if received.body.get("model") == MODELS[0]:
        return refusal(429, WORDS)
    return completion(WORDS)


def _tables(provider: FakeProvider) -> str:
    entries = ", ".join(f"'lab/{name}'" for name in MODELS)
    return (
        f'[providers.lab]\npreset = "openai-compatible"\nbase_url = "{provider.base_url}"\n'
        f"api_key = \"lab-key\"\n[chains.free]\nmodels = ['{IMAGE}']\nentries = [{entries}]\n"
    )


async def test_no_text_becomes_anything_else(tmp_path: Path, browser: Browser):
    async with (
        fake_provider(_answer, models=MODELS) as provider,
        serving(tmp_path, _tables(provider)) as instance,
        visiting(browser, instance.url, width=360, height=780) as visit,
    ):
        await _be_asked(instance.chain.base_url)
        await visit.sign_in()
        await expect(visit.page.locator(".landing .name")).to_have_attribute(
            "title", f"lab/{MODELS[1]}"
        )
        await _is_harmless(visit)
        await _walk(visit)


async def _be_asked(base_url: str) -> None:
    """A request by a client with a hostile name for itself."""
    headers = {"authorization": f"Bearer {CLIENT_KEY}", "user-agent": f"{IMAGE}/1"}
    body = {"model": "free", "messages": [{"role": "user", "content": WORDS}]}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{base_url}/chat/completions", json=body, headers=headers) as answer,
    ):
        assert answer.status == 200


async def _walk(visit: Visit) -> None:
    page = visit.page
    await visit.show("Chains")
    await _is_harmless(visit)
    await page.get_by_role("button", name="+ add an entry").click()
    await expect(page.get_by_text(MODELS[2]).last).to_be_visible()
    await _is_harmless(visit)
    await page.keyboard.press("Escape")

    await visit.show("Requests")
    await page.locator(".log .c-time a").first.click()
    await expect(page.get_by_text("in its own words")).to_be_visible()
    await expect(page.get_by_text(IMAGE).first).to_be_visible()
    await _is_harmless(visit)

    await visit.show("Test")
    await page.get_by_role("textbox", name="prompt").fill(WORDS)
    await page.get_by_role("button", name="Send").click()
    await expect(page.get_by_role("group", name="answer")).to_contain_text(IMAGE)
    await _is_harmless(visit)

    await visit.show("Providers")
    await page.get_by_role("link", name="lab").click()
    await page.get_by_role("button", name="Models").click()
    await expect(page.get_by_text("javascript:alert(1)").first).to_be_visible()
    await _is_harmless(visit)

    await visit.show("Stats")
    await page.get_by_role("button", name="model", exact=True).click()
    await expect(page.locator(".totals .name").filter(has_text="<script>")).to_be_visible()
    await _is_harmless(visit)
    await page.goto(f"{visit.url}#requests/{IMAGE}?q={IMAGE}")
    await expect(page.get_by_role("alert")).to_contain_text("The log has no request")
    await _is_harmless(visit)


async def _is_harmless(visit: Visit) -> None:
    """Nothing was made of it, nothing is pushed aside by it."""
    page = visit.page
    made = "img, iframe, object, embed, body style, body script, [onerror], [onload]"
    assert await page.locator(made).count() == 0
    assert await page.locator('a[href^="javascript"]').count() == 0
    aside = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert aside <= 0
    assert visit.misdeeds == []

"""The page held against axe-core's rules (WCAG 2.2 AA), in every view, light and dark."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, expect

from tests.web.visit import Scheme, Visit, configured, groq, serving, visiting

pytestmark = pytest.mark.asyncio(loop_scope="session")

VIEWS = ("Board", "Chains", "Requests", "Test", "Providers", "Stats")
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
_RUN = """async (rules) => (await axe.run({ runOnly: rules })).violations.map((one) => ({
  id: one.id, impact: one.impact, nodes: one.nodes.slice(0, 3).map((node) => node.html),
}))"""


@pytest.mark.parametrize("width,scheme", [(1440, "light"), (360, "dark")])
async def test_axe_finds_nothing_serious(
    tmp_path: Path, browser: Browser, axe: Path, width: int, scheme: Scheme
):
    async with (
        groq(rpm=1) as provider,
        serving(tmp_path, configured(provider)) as instance,
        visiting(browser, instance.url, width=width, height=800, scheme=scheme) as visit,
    ):
        page = visit.page
        await page.goto(visit.url)
        await expect(page.get_by_label("Admin token")).to_be_focused()
        # Told to the browser itself: a script element would be stopped by the page's own rules.
        await page.evaluate(axe.read_text("utf-8"))
        await _is_accessible(visit, "sign-in")
        await visit.sign_in()
        await _ask_twice(visit)
        await page.evaluate(axe.read_text("utf-8"))
        for view in VIEWS:
            await visit.show(view)
            await expect(page.locator("main h2, main form").first).to_be_visible()
            await _is_accessible(visit, view)
        await _look_behind(visit)


async def _ask_twice(visit: Visit) -> None:
    """So that there is something to see: one request is served, one falls past an entry."""
    page = visit.page
    await visit.show("Test")
    await page.get_by_role("textbox", name="prompt").fill("Hello")
    for number in (1, 2):
        await page.get_by_role("button", name="Send").click()
        await expect(page.locator(".trail-of-test").get_by_role("link")).to_have_count(1)
        await visit.show("Requests")
        await expect(page.locator(".log .c-time a")).to_have_count(number)
        await visit.show("Test")


async def _look_behind(visit: Visit) -> None:
    """Details, forms, dialogs and menus."""
    page = visit.page
    await visit.show("Board")
    await page.locator(".row-name").first.click()
    await _is_accessible(visit, "entry")
    await visit.show("Requests")
    await page.locator(".log .c-time a").first.click()
    await expect(page.locator(".timeline")).to_be_visible()
    await _is_accessible(visit, "request")
    await visit.show("Providers")
    await page.get_by_role("link", name="groq").click()
    await _is_accessible(visit, "provider")
    await page.get_by_role("button", name="Edit").click()
    await _is_accessible(visit, "edit")
    await page.goto(f"{visit.url}#providers?add=")
    await expect(page.get_by_label("API key")).to_be_visible()
    await _is_accessible(visit, "add")
    await visit.show("Chains")
    await page.get_by_role("button", name="+ add an entry").click()
    await expect(page.get_by_role("checkbox").first).to_be_visible()
    await _is_accessible(visit, "picker")
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="actions for chain free").click()
    await _is_accessible(visit, "menu")
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="keys").click()
    await _is_accessible(visit, "help")


async def _is_accessible(visit: Visit, where: str) -> None:
    """By all rules as it is shown, and by that of contrast in the other scheme too."""
    page = visit.page
    found: list[dict[str, Any]] = await page.evaluate(_RUN, RULES)
    dark: bool = await page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    schemes: tuple[Scheme, Scheme] = ("light", "dark") if dark else ("dark", "light")
    await page.emulate_media(color_scheme=schemes[0])
    found += await page.evaluate(_RUN, ["color-contrast"])
    await page.emulate_media(color_scheme=schemes[1])
    grave = [one for one in found if one["impact"] in ("serious", "critical")]
    assert grave == [], where

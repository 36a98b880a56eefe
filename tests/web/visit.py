"""A person's browser on the web view of a real process, and what must never happen in it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from playwright.async_api import Browser, ConsoleMessage, Dialog, Error, Page, Request, expect

from app.demo.dialect import SimulatedModel
from app.demo.provider import Pace, SimulatedProvider
from proxy.clock import SystemClock
from proxy.model import Limit
from tests.e2e.process import CLIENT_KEY, ChainProcess, free_port, running

TOKEN = "admin-token-of-the-web-tests"
FLAGS = ("--no-sandbox", "--disable-background-networking", "--disable-component-update")
MODELS = ("llama-3.3-70b-versatile", "openai/gpt-oss-120b", "qwen/qwen3-32b")

Scheme = Literal["light", "dark"]

expect.set_options(timeout=10_000)


@dataclass(slots=True)
class Visit:
    """A page, and every misdeed that it was caught at."""

    page: Page
    url: str
    misdeeds: list[str] = field(default_factory=list[str])

    async def sign_in(self, token: str = TOKEN) -> None:
        await self.page.goto(self.url)
        await self.page.get_by_label("Admin token").fill(token)
        await self.page.keyboard.press("Enter")

    async def show(self, view: str) -> None:
        """Follow the link to a view, as a person does."""
        await self.page.get_by_role("navigation", name="views").get_by_text(view).click()
        await expect(self.page.get_by_role("heading", level=1, name=view)).to_be_attached()

    async def entries(self) -> list[str]:
        """The shown chain's entries, from top to bottom."""
        names = self.page.locator(".editor .entry .name")
        return [
            await names.nth(at).get_attribute("title") or "" for at in range(await names.count())
        ]


@dataclass(frozen=True, slots=True)
class WebInstance:
    """A started 429chain with its admin port."""

    chain: ChainProcess
    admin_port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.admin_port}/"


@asynccontextmanager
async def serving(
    folder: Path,
    text: str,
    *,
    admin_port: int | None = None,
    environ: Mapping[str, str] | None = None,
) -> AsyncGenerator[WebInstance]:
    """429chain with the tables `text` below a [server] table, and an admin port."""
    number = admin_port or free_port()
    head = f'[server]\napi_keys = ["{CLIENT_KEY}"]\nadmin_token = "{TOKEN}"\n'
    flags = ("--admin-port", str(number))
    async with running(folder, head + text, *flags, environ=environ) as chain:
        yield WebInstance(chain, number)


@asynccontextmanager
async def visiting(
    browser: Browser, url: str, *, width: int = 1440, height: int = 960, scheme: Scheme = "dark"
) -> AsyncGenerator[Visit]:
    """A page of its own, with its own cookies. Raises AssertionError for what it was caught at."""
    phone = width < 700
    context = await browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme=scheme,
        has_touch=phone,
        is_mobile=phone,
    )
    try:
        visit = Visit(await context.new_page(), url)
        _watch(visit)
        yield visit
    finally:
        await context.close()
    assert visit.misdeeds == []


def _watch(visit: Visit) -> None:
    """Note dialogs, requests to strangers, errors of scripts, and what the CSP had to stop."""

    async def dialog(one: Dialog) -> None:
        visit.misdeeds.append(f"dialog: {one.message}")
        await one.dismiss()

    def request(one: Request) -> None:
        if not one.url.startswith(visit.url):
            visit.misdeeds.append(f"foreign request: {one.url}")
        if TOKEN in one.url:
            visit.misdeeds.append("the token stands in a URL")

    def console(one: ConsoleMessage) -> None:
        # Refused requests are part of the tests; a browser tells them as errors, too.
        if "Content Security Policy" in one.text or (
            one.type == "error" and "Failed to load resource" not in one.text
        ):
            visit.misdeeds.append(f"console: {one.text}")

    def error(one: Error) -> None:
        visit.misdeeds.append(f"script error: {one.message}")

    visit.page.on("dialog", dialog)
    visit.page.on("request", request)
    visit.page.on("console", console)
    visit.page.on("pageerror", error)


def groq(*, rpm: int = 1000, per_token: float = 0.005) -> SimulatedProvider:
    """A simulated Groq that lets `rpm` requests a minute through to each model."""
    limits = (Limit("model", "requests", "minute", rpm, "bucket"),)
    return SimulatedProvider(
        "groq",
        clock=SystemClock(),
        models=[SimulatedModel(id=name) for name in MODELS],
        model_limits={MODELS[0]: limits},
        key="gsk_of-the-web-tests-0123456789",
        pace=Pace(first_token=0.02, per_token=per_token),
    )


def configured(provider: SimulatedProvider, entries: int = 3) -> str:
    """Tables of one provider `groq` and a chain `free` of its first models."""
    names = ", ".join(f'"groq/{name}"' for name in MODELS[:entries])
    return (
        f'[providers.groq]\nbase_url = "{provider.base_url}"\napi_key = "{provider.key}"\n'
        f"[chains.free]\nentries = [{names}]\n"
    )

"""Pictures of every view on simulated providers: some used up, one down, one without a key."""

from __future__ import annotations

import random
import shutil
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.async_api import Browser, Page, async_playwright, expect

from app.demo.dialect import SimulatedModel
from app.demo.provider import Pace, SimulatedProvider
from proxy.clock import SystemClock
from proxy.model import Limit
from store import request_log, stats
from store.database import open_database
from store.request_log import Finished
from tests.e2e.process import free_port
from tests.store.made import attempt, request
from tests.web.visit import FLAGS, Scheme, Visit, WebInstance, serving, visiting

VIEWS = ("Board", "Chains", "Requests", "Test", "Providers", "Stats")
SIZES: tuple[tuple[int, int, Scheme], ...] = (
    (1440, 960, "dark"),
    (1440, 960, "light"),
    (768, 1024, "dark"),
    (768, 1024, "light"),
    (360, 780, "dark"),
    (360, 780, "light"),
)
KEPT = {(1440, "dark"), (768, "light"), (360, "light")}
"""Of the board there is a picture of each kind, of the other views these."""
_DAY = 86_400.0

CEREBRAS = "cerebras/gpt-oss-120b"
LLAMA = "groq/llama-3.3-70b-versatile"
ROUTED = "openrouter/meta-llama/llama-3.3-70b-instruct:free"
GPT = "groq/openai/gpt-oss-120b"


async def take(folder: Path, *, tell: Callable[[str], None]) -> None:
    """Write `web-VIEW-WIDTH-SCHEME.png` files into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    chromium = shutil.which("chromium")
    assert chromium, "chromium is not on the PATH"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        with TemporaryDirectory() as temporary:
            async with _scene(Path(temporary)) as instance:
                for size in SIZES:
                    await _album(browser, instance, folder, size, tell)
        await browser.close()


async def _album(
    browser: Browser,
    instance: WebInstance,
    folder: Path,
    size: tuple[int, int, Scheme],
    tell: Callable[[str], None],
) -> None:
    width, height, scheme = size
    views = VIEWS if (width, scheme) in KEPT else VIEWS[:1]
    async with visiting(browser, instance.url, width=width, height=height, scheme=scheme) as visit:
        await visit.sign_in()
        await _ask(visit, "Explain a waterfall of rate limits to a colleague.")
        for view in views:
            if view != "Test":
                await visit.show(view)
            await _open(visit.page, view, wide=width > 1100)
            path = folder / f"web-{view.lower()}-{width}-{scheme}.png"
            await visit.page.screenshot(path=path)
            tell(str(path))
            if view == "Requests":
                await visit.show("Test")


async def _ask(visit: Visit, prompt: str) -> None:
    await visit.show("Test")
    await visit.page.get_by_role("textbox", name="prompt").fill(prompt)
    for number in (1, 2):
        await visit.page.get_by_role("button", name="Send").click()
        # A test is listed among the earlier ones once it has ended.
        await expect(visit.page.locator(".changes li")).to_have_count(number, timeout=30_000)


async def _open(page: Page, view: str, *, wide: bool) -> None:
    """What a picture of the view shows besides its list."""
    await page.mouse.move(0, 0)
    if view == "Requests":
        await expect(page.locator(".log .c-time a").nth(3)).to_be_visible()
        if wide:
            await page.locator(".log .c-time a").first.click()
            await expect(page.locator(".timeline")).to_be_visible()
    elif view == "Providers" and wide:
        await page.get_by_role("link", name="groq", exact=True).click()
        await expect(page.locator(".gauges").first).to_be_visible()
    elif view == "Test":
        await expect(page.locator(".trail-of-test").get_by_role("link")).to_be_visible()
    elif view == "Stats":
        await expect(page.locator(".totals tbody tr").nth(2)).to_be_visible()
    await expect(page.get_by_text("0 in flight")).to_be_visible()
    await expect(page.locator(".toast")).to_have_count(0, timeout=20_000)


@asynccontextmanager
async def _scene(folder: Path) -> AsyncGenerator[WebInstance]:
    (folder / "data").mkdir()
    await _remember(folder / "data" / "429chain.db")
    async with (
        _provider("cerebras", ["gpt-oss-120b"], ("hour", 1)) as cerebras,
        _provider(
            "groq", ["llama-3.3-70b-versatile", "openai/gpt-oss-120b"], ("minute", 9)
        ) as groq,
        _provider(
            "openrouter", ["meta-llama/llama-3.3-70b-instruct:free"], ("minute", 20)
        ) as openrouter,
    ):
        named = {"cerebras": cerebras, "groq": groq, "openrouter": openrouter}
        tables = "".join(
            f'[providers.{id}]\nbase_url = "{one.base_url}"\napi_key = "{one.key}"\n'
            for id, one in named.items()
        )
        closed = f"http://127.0.0.1:{free_port()}/v1"
        tables += (
            f'[providers.lab]\npreset = "openai-compatible"\nbase_url = "{closed}"\n'
            f"[providers.zai]\n[chains.free]\n"
            f'entries = ["{CEREBRAS}", "lab/qwen2.5-coder-32b", "{LLAMA}", "{ROUTED}", '
            '"zai/glm-4.5-flash"]\n'
            f'[chains.code]\nmodels = ["claude-*haiku*"]\nentries = ["{GPT}", "{ROUTED}"]\n'
            '[log]\nbodies = "memory"\n'
        )
        async with serving(folder, tables) as instance:
            yield instance


def _provider(dialect: str, models: list[str], window: tuple[str, int]) -> SimulatedProvider:
    name, size = window
    length = "hour" if name == "hour" else "minute"
    limits = (Limit("model", "requests", length, size, "bucket"),)
    return SimulatedProvider(
        dialect,
        clock=SystemClock(),
        models=[SimulatedModel(id=model) for model in models],
        limits=limits,
        key=f"key-of-{dialect}-0123456789",
        pace=Pace(first_token=0.25, per_token=0.01),
    )


async def _remember(path: Path) -> None:
    """A week of requests, more of them every day."""
    clock, chance = SystemClock(), random.Random(429)
    now = clock.wall()
    made: list[Finished] = []
    for day in range(6, -1, -1):
        for number in range(200 + (6 - day) * 60):
            at = now - day * _DAY - chance.random() * (14_000 if day == 0 else 60_000)
            entry = chance.choices((CEREBRAS, LLAMA, ROUTED, GPT), (5, 8, 3, 4))[0]
            passed = {LLAMA: 1, ROUTED: 2}.get(entry, 0)
            before = (CEREBRAS, LLAMA)[:passed]
            tokens_in, tokens_out = chance.randint(300, 4000), chance.randint(40, 900)
            event = request(
                f"{day}{number:05d}",
                at=at,
                chain="code" if entry == GPT else "free",
                client="editor" if entry == GPT else "default",
                entry=entry,
                trail=(*((name, "skipped:rpm") for name in before), (entry, "ok")),
                attempts=(attempt(entry),),
                tokens_in=tokens_in,
                tokens_out=tokens_out,
                duration_ms=chance.uniform(400, 4000),
                first_token_ms=chance.uniform(100, 390),
            )
            made.append(Finished(event, tokens_in * 6e-7 + tokens_out * 8e-7))
    made.sort(key=lambda finished: finished.event.at)
    async with open_database(path, clock) as database, database.transaction() as connection:
        await request_log.insert_many(connection, made)
        await stats.add(connection, made)

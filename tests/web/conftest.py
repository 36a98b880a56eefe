"""Debian's Chromium for the tests of the web view: started once, with a context for each visit."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Callable
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from tests.needs import require_axe
from tests.web.visit import FLAGS


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser(needs: Callable[[str], str]) -> AsyncGenerator[Browser]:
    """Headless; skips the tests where there is no Chromium, fails them in CI.

    It lives in the session's event loop, so its tests have to run there too.
    """
    path = needs("chromium")
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield started
        await started.close()


@pytest.fixture
def axe() -> Path:
    """The script of axe-core; skips or fails as `needs`."""
    return require_axe(ci=os.environ.get("CI") == "true")

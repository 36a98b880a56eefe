"""The days of the statistics are the instance's, whatever the browser's calendar says."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import Browser, expect

from tests.web.visit import serving, visiting

pytestmark = pytest.mark.asyncio(loop_scope="session")

# Fourteen hours ahead of UTC: for most of a day it has another date.
AHEAD = "Pacific/Kiritimati"


async def test_today_is_the_instance_s(tmp_path: Path, browser: Browser):
    async with (
        serving(tmp_path, "", environ={"TZ": AHEAD}) as instance,
        visiting(browser, instance.url) as visit,
    ):
        await visit.sign_in()
        await expect(visit.page.get_by_text("no chain yet", exact=True)).to_be_visible()
        days = {str(datetime.now(ZoneInfo(AHEAD)).date())}
        async with visit.page.expect_request(lambda one: "by=hour" in one.url) as asked:
            await visit.show("Stats")
            await visit.page.get_by_role("button", name="today").click()
        days.add(str(datetime.now(ZoneInfo(AHEAD)).date()))
        url = (await asked.value).url
        assert any(f"from={day}&to={day}" in url for day in days), url

"""A log of 200,000 requests; `python -m tests.paging` measures one of a million."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.paging.run import FILTERS, measure

pytestmark = pytest.mark.alone


async def test_a_page_of_any_filter_is_there_in_time(tmp_path: Path) -> None:
    lines: list[str] = []
    await measure(tmp_path, 200_000, repeats=3, tell=lines.append, crowded=True)
    assert len(lines) == 1 + len(FILTERS)

"""Killed under load: the database is whole, and what was in it still is."""

from __future__ import annotations

from tests.crash.run import kill_often


async def test_killed_under_load_it_comes_back_with_what_it_had_written():
    report = await kill_often(3)
    assert report.good, str(report)

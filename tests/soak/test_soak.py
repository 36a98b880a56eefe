"""A soak of seconds; `python -m tests.soak --seconds 600` is the real one."""

from __future__ import annotations

from tests.soak.run import Report, Sample, soak


async def test_mixed_traffic_leaves_nothing_behind():
    lines: list[str] = []
    report = await soak(5, every=1, gap=0.08, tell=lines.append)
    assert not report.faults(judge_slope=False), f"{report}: {report.faults()}"
    assert len(lines) >= 4


def test_a_leak_is_seen():
    report = Report(seconds=600)
    report.samples = [Sample(at, 60 + at / 300, 20, 10, 1000, 1) for at in range(0, 600, 30)]
    assert round(report.slope, 2) == 2.0
    assert any("RSS" in fault for fault in report.faults())

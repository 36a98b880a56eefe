"""Every fault script against the product, as a process of its own."""

from __future__ import annotations

from tests.faults.__main__ import as_text
from tests.faults.cases import load_cases
from tests.faults.run import run_cases


async def test_every_fault_that_must_be_survived_is():
    report = await run_cases([case for case in load_cases() if case.level == "must"])
    assert report.good, as_text(report)

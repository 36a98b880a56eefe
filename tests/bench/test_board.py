"""The measure of the open board, once, and the memory that the interface may take."""

from __future__ import annotations

from bench.__main__ import measure
from tests.bench.test_smoke import SMOKE

_MOST_RSS = 150.0
"""MB."""


async def test_the_open_board_is_measured_and_stays_within_its_memory() -> None:
    results = await measure(SMOKE, frozenset({"board"}))
    told = {row.name: row for row in results.rows}

    assert results.failed == {}
    assert told["a request beside the open board, p99, at 100/s"].budget == "1.3x"
    assert told["hold of the loop by the interface, p99"].product > 0
    assert 20 < told["RSS with the board open"].product < _MOST_RSS

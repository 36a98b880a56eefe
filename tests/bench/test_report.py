"""How rounds become a row, and rows a table."""

from __future__ import annotations

import json

import pytest

from bench.report import Growth, Row, as_json, compare, percentile, table


def test_the_ratio_is_the_median_of_the_rounds_ratios() -> None:
    # One noisy round: its ratio is as the others', its values are not.
    row = compare("a request", "CPU s", [(1.0, 2.0), (10.0, 20.0), (1.0, 3.0)], "1.0x")

    assert row == Row("a request", "CPU s", 3.0, 1.0, 2.0, "1.0x")


def test_there_is_no_ratio_to_nothing() -> None:
    assert compare("batched", "%", [(0.0, 0.5), (1.0, 0.5)]).ratio is None


@pytest.mark.parametrize("percent, expected", [(1, 1.99), (50, 50.5), (99, 99.01)])
def test_percentiles_lie_between_the_values(percent: int, expected: float) -> None:
    found = percentile([float(value) for value in range(1, 101)], percent)

    assert round(found, 6) == expected


def test_the_table_shows_what_is_known() -> None:
    rows = [
        Row("a request", "CPU s", 0.1234, 0.2, 0.617, "1.0x"),
        Row("memory", "MB", 1234.5),
    ]
    lines = table(rows, [Growth("rows", ((0, 0.5), (1000, 0.75)))]).splitlines()

    assert lines[1].split() == ["a", "request", "CPU", "s", "0.200", "0.123", "0.62", "1.0x"]
    assert lines[2].split() == ["memory", "MB", "1,234"]
    assert lines[4] == "rows (CPU s per 1,000 requests), x 1.50 at the end"
    assert lines[6].split() == ["1,000", "0.750"]


def test_the_results_are_json() -> None:
    growth = [Growth("rows", ((0, 0.5), (1000, 0.75)))]
    told = json.loads(json.dumps(as_json([Row("a", "ms", 1.0)], growth, {"processors": 2})))

    assert told["measures"][0]["product"] == 1.0
    assert told["growth"][0]["factor"] == 1.5
    assert told["machine"] == {"processors": 2}

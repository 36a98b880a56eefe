"""Every table of the documentation is one to those who render it."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

import pytest

from tests.docs.pages import PAGES
from tests.docs.tables import cells, without_code_blocks


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_the_rows_of_a_table_are_as_wide_as_its_head(path: Path) -> None:
    lines = without_code_blocks(path.read_text(encoding="utf-8")).splitlines()
    uneven = [
        (table[0], row)
        for is_table, grouped in groupby(lines, key=lambda line: line.startswith("|"))
        if is_table
        for table in [list(grouped)]
        for row in table
        if len(cells(row)) != len(cells(table[0]))
    ]

    assert uneven == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_a_table_stands_apart_and_has_a_rule(path: Path) -> None:
    lines = ["", *without_code_blocks(path.read_text(encoding="utf-8")).splitlines(), ""]
    for before, line, after in zip(lines, lines[1:], lines[2:], strict=False):
        if line.startswith("|") and not before.startswith("|"):
            assert before.strip() == "", line
            assert set(after) <= set("|-: "), line

"""Toasts never stand on the row of the cursor."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot
from textual.widgets import TextArea

from screens.board import Board
from screens.shell import Shell
from tests.screens.conftest import MakeShell
from tests.screens.seen import rows, settled


def _rows_of(app: Shell, *texts: str) -> list[int]:
    return [next(y for y, row in enumerate(rows(app)) if text in row) for text in texts]


async def _cursor_on(app: Shell, pilot: Pilot[None], row: int) -> None:
    """Put the cursor on a row of the screen, in the list of requests."""
    assert isinstance(app.screen, Board)
    await pilot.press("tab", *["down"] * (row - app.screen.last.region.y - 1))
    await settled(pilot)
    assert rows(app)[row].startswith("▌")


async def test_a_toast_stands_above_the_footer_with_a_blank_row_between(shell: MakeShell) -> None:
    app = shell()
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        app.tell("Something")
        app.tell("Something else")
        await settled(pilot)
        assert _rows_of(app, "Something", "Something else") == [20, 21]


@pytest.mark.parametrize(
    "cursor, toasts",
    [(22, [20, 21]), (21, [19, 20]), (20, [18, 19]), (19, [20, 21])],
)
async def test_it_leaves_the_row_of_the_cursor_free(
    shell: MakeShell, cursor: int, toasts: list[int]
) -> None:
    app = shell()
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await _cursor_on(app, pilot, cursor)
        app.tell("Something")
        app.tell("Something else")
        await settled(pilot)
        assert _rows_of(app, "Something", "Something else") == toasts


async def test_it_makes_way_when_the_cursor_comes(shell: MakeShell) -> None:
    app = shell()
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await _cursor_on(app, pilot, 20)
        app.tell("Something")
        await settled(pilot)
        assert _rows_of(app, "Something") == [21]
        await pilot.press("down")
        await settled(pilot)
        assert _rows_of(app, "Something") == [20]
        assert rows(app)[21].startswith("▌")
        await pilot.press("down")
        await settled(pilot)
        assert _rows_of(app, "Something") == [21]


async def test_it_makes_way_for_a_text_cursor(shell: MakeShell) -> None:
    app = shell(mode="test")
    async with app.run_test(size=(60, 16)) as pilot:
        await settled(pilot)
        app.tell("Something")
        await settled(pilot)
        prompt = app.screen.focused
        assert isinstance(prompt, TextArea)
        assert prompt.cursor_screen_offset.y not in _rows_of(app, "Something")

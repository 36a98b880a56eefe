"""What painting costs the loop that the proxy runs in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from time import perf_counter

import pytest

from app.request_snapshot import RequestPage
from screens.board import Board
from screens.log_window import PAGE
from screens.picture import Picture
from screens.requests import RequestsView
from tests.screens import scene
from tests.screens.conftest import MakeShell
from tests.screens.history import history, row
from tests.screens.instance import FakeAdmin
from tests.screens.seen import settled

pytestmark = pytest.mark.alone

_TICK_MS = 2.0
_LOAD_MS = 100.0


def _best_ms(act: Callable[[int], object], times: int) -> float:
    """Milliseconds of the quickest: other processes only ever make it slower."""
    took: list[float] = []
    for number in range(times):
        began = perf_counter()
        act(number)
        took.append(perf_counter() - began)
    return min(took) * 1000


def _thirty_entries() -> FakeAdmin:
    admin = FakeAdmin()
    like = admin.entries[scene.OPENROUTER]
    names = [f"lab/model-{number:02d}" for number in range(30)]
    admin.put(*(replace(like, entry=name) for name in names))
    admin.order = {"free": tuple(names[:15]), "code": tuple(names[15:])}
    return admin


def _moved(picture: Picture, number: int) -> Picture:
    """Six of the thirty entries have used something up, a second has passed."""
    limits = dict(picture.limits)
    for at, (entry, one) in enumerate(picture.limits.items()):
        if at % 5 == number % 5:
            first = replace(one.gauges[0], remaining=number % 50) if one.gauges else None
            limits[entry] = replace(one, gauges=(first, *one.gauges[1:])) if first else one
    now = scene.after(number)
    return replace(picture, limits=limits, status=replace(picture.status, time=now))


async def test_a_tick_of_the_board_with_thirty_entries(shell: MakeShell) -> None:
    app = shell(_thirty_entries())
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        board, picture = app.screen, app.feed.latest
        assert isinstance(board, Board)
        assert picture is not None
        pictures = [_moved(picture, number) for number in range(40)]
        assert _best_ms(lambda number: board.tick(pictures[number]), 40) < _TICK_MS


async def test_20_000_rows_of_the_log(shell: MakeShell) -> None:
    like = row(history()[0])
    rows = tuple(replace(like, id=f"r{number}") for number in range(20_000))
    app = shell(mode="requests")
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        view = app.screen
        assert isinstance(view, RequestsView)
        table = view.table

        def load(_: int) -> None:
            table.begin(RequestPage(rows[:PAGE], len(rows) - PAGE + 1))
            for first in range(PAGE, len(rows), PAGE):
                left = len(rows) - first - PAGE
                table.add(RequestPage(rows[first : first + PAGE], left + 1 if left else None))
            table.go(len(rows) - 1)

        assert _best_ms(load, 3) < _LOAD_MS
        assert len(table.window) == 20_000
        assert _best_ms(lambda number: table.go(19_999 - number), 40) < _TICK_MS

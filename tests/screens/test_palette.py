"""The palette does what the keys do, and a theme is tried on before it is kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from textual.pilot import Pilot

from screens.board import Board
from screens.requests import RequestsView
from screens.stats import StatsView
from screens.surroundings import Surroundings
from tests.screens.conftest import MakeShell
from tests.screens.instance import FakeAdmin
from tests.screens.seen import rows, settled

Compare = Callable[..., bool]


async def _type(pilot: Pilot[Any], *keys: str) -> None:
    await pilot.press(*keys)
    await settled(pilot)


async def test_it_goes_to_a_screen(shell: MakeShell) -> None:
    app = shell()
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await _type(pilot, "ctrl+p", *"stats")
        await _type(pilot, "enter")
        assert isinstance(app.screen, StatsView)


async def test_it_offers_only_what_can_be_done_now(shell: MakeShell) -> None:
    app = shell()
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await _type(pilot, "colon")
        text = "\n".join(rows(app))
        assert "test this entry" in text
        assert "clear its cooldown" not in text
        await _type(pilot, "escape")
        assert isinstance(app.screen, Board)


async def test_quitting_from_it_asks_as_q_does(shell: MakeShell) -> None:
    app = shell()
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await _type(pilot, "ctrl+p", *"quit")
        await _type(pilot, "enter")
        assert "3 requests are running" in "\n".join(rows(app))


async def test_slash_filters_the_log_from_anywhere(shell: MakeShell) -> None:
    app = shell()
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await _type(pilot, "slash")
        assert isinstance(app.screen, RequestsView)
        assert app.screen.focused is app.screen.text


@pytest.mark.parametrize(
    "last, theme, kept", [("escape", "429-dark", []), ("enter", "429-light", ["429-light"])]
)
async def test_a_theme_is_tried_on(
    shell: MakeShell, last: str, theme: str, kept: list[str]
) -> None:
    written: list[str] = []

    async def keep(name: str) -> None:
        written.append(name)

    app = shell(surroundings=Surroundings(address="127.0.0.1:4290", keep_theme=keep))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await _type(pilot, "ctrl+p", *"theme")
        await _type(pilot, "enter")
        await _type(pilot, "down")
        assert app.theme == "429-light"
        assert written == []
        await _type(pilot, last)
        assert app.theme == theme
        assert written == kept


@pytest.mark.parametrize("keys", [("ctrl+p",), ("ctrl+p", *"theme", "enter")])
def test_it_looks_so(snap_compare: Compare, shell: MakeShell, keys: tuple[str, ...]) -> None:
    async def ready(pilot: Pilot[None]) -> None:
        await settled(pilot)
        for key in keys:
            await _type(pilot, key)

    assert snap_compare(shell(FakeAdmin()), terminal_size=(80, 24), run_before=ready)

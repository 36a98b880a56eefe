"""Pictures of the board in its states, sizes and themes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from textual.pilot import Pilot

from app.contract import AdminError
from screens.board import Board
from tests.screens.conftest import Elapsed, MakeShell
from tests.screens.instance import FakeAdmin
from tests.screens.seen import settled
from tests.screens.test_board import dry

Compare = Callable[..., bool]
Prepare = Callable[[Pilot[None]], Awaitable[None]]

SMALL, LARGE = (80, 24), (120, 40)


async def _ready(pilot: Pilot[None]) -> None:
    await settled(pilot)


@pytest.mark.parametrize("size", [SMALL, LARGE, (60, 16), (200, 60)])
def test_the_board(snap_compare: Compare, shell: MakeShell, size: tuple[int, int]) -> None:
    assert snap_compare(shell(), terminal_size=size, run_before=_ready)


@pytest.mark.parametrize("theme", ["429-light", "429-contrast", "ansi-dark", "ansi-light", "nord"])
def test_the_board_in_other_colours(snap_compare: Compare, shell: MakeShell, theme: str) -> None:
    app = shell(theme=theme)
    assert app.theme == theme
    assert snap_compare(app, terminal_size=SMALL, run_before=_ready)


def test_the_board_without_colour(
    snap_compare: Compare, shell: MakeShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert snap_compare(shell(), terminal_size=SMALL, run_before=_ready)


def test_the_board_in_ascii(snap_compare: Compare, shell: MakeShell) -> None:
    assert snap_compare(shell(symbols="ascii"), terminal_size=SMALL, run_before=_ready)


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_everything_exhausted(
    snap_compare: Compare, shell: MakeShell, size: tuple[int, int]
) -> None:
    assert snap_compare(shell(dry()), terminal_size=size, run_before=_ready)


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_no_chain_yet(snap_compare: Compare, shell: MakeShell, size: tuple[int, int]) -> None:
    async def ready(pilot: Pilot[None]) -> None:
        await settled(pilot)
        while not isinstance(pilot.app.screen, Board):
            await pilot.press("escape")
            await settled(pilot)

    assert snap_compare(shell(FakeAdmin(empty=True)), terminal_size=size, run_before=ready)


def test_before_the_first_answer(snap_compare: Compare, shell: MakeShell) -> None:
    admin = FakeAdmin()
    admin.refuse["status"] = AdminError(
        "Silent", "The instance does not answer.", "It is asked again by itself.", status=503
    )

    async def ready(pilot: Pilot[None]) -> None:
        await pilot.pause()
        await pilot.pause()

    assert snap_compare(shell(admin), terminal_size=SMALL, run_before=ready)


def test_stale(snap_compare: Compare, shell: MakeShell, elapsed: Elapsed) -> None:
    admin = FakeAdmin()

    async def ready(pilot: Pilot[None]) -> None:
        await settled(pilot)
        admin.refuse["status"] = AdminError("Silent", "no answer", status=503)
        elapsed.go_on(12)
        app: Any = pilot.app
        app.look_again()
        await settled(pilot)

    assert snap_compare(shell(admin), terminal_size=SMALL, run_before=ready)


def test_a_broken_config_stands_in_the_notice_row(snap_compare: Compare, shell: MakeShell) -> None:
    admin = FakeAdmin()
    error = 'config.toml:14: unknown key "rpms", did you mean "rpm"?'
    admin.state = replace(admin.state, config_error=error)
    assert snap_compare(shell(admin), terminal_size=SMALL, run_before=_ready)


def test_an_entry_in_full(snap_compare: Compare, shell: MakeShell) -> None:
    async def ready(pilot: Pilot[None]) -> None:
        await settled(pilot)
        await pilot.press("enter")
        await settled(pilot)

    assert snap_compare(shell(), terminal_size=SMALL, run_before=ready)

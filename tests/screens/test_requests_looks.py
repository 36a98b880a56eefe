"""Pictures of the request log and of a request."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from textual.pilot import Pilot

from tests.screens.conftest import MakeShell
from tests.screens.history import running
from tests.screens.instance import FakeAdmin
from tests.screens.seen import settled
from tests.screens.test_requests import LARGE, SMALL, long_log

Compare = Callable[..., bool]


async def _on_the_third(pilot: Pilot[None]) -> None:
    await settled(pilot)
    await pilot.press("down", "down")
    await settled(pilot)


async def _opened(pilot: Pilot[None]) -> None:
    await _on_the_third(pilot)
    await pilot.press("enter")
    await settled(pilot)


@pytest.mark.parametrize("size", [SMALL, LARGE, (60, 16)])
def test_the_log(snap_compare: Compare, shell: MakeShell, size: tuple[int, int]) -> None:
    app = shell(long_log(), mode="requests")
    assert snap_compare(app, terminal_size=size, run_before=_on_the_third)


@pytest.mark.parametrize("theme", ["429-light", "ansi-dark"])
def test_the_log_in_other_colours(snap_compare: Compare, shell: MakeShell, theme: str) -> None:
    app = shell(long_log(), mode="requests", theme=theme)
    assert snap_compare(app, terminal_size=LARGE, run_before=_on_the_third)


def test_the_log_in_ascii(snap_compare: Compare, shell: MakeShell) -> None:
    app = shell(long_log(), mode="requests", symbols="ascii")
    assert snap_compare(app, terminal_size=SMALL, run_before=_on_the_third)


def test_the_log_without_colour(
    snap_compare: Compare, shell: MakeShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = shell(long_log(), mode="requests")
    assert snap_compare(app, terminal_size=SMALL, run_before=_on_the_third)


def test_a_filtered_log(snap_compare: Compare, shell: MakeShell) -> None:
    async def filtered(pilot: Pilot[None]) -> None:
        await settled(pilot)
        await pilot.press("slash", *"editor", "enter")
        await settled(pilot)

    app = shell(mode="requests")
    assert snap_compare(app, terminal_size=LARGE, run_before=filtered)


def test_no_request_yet(snap_compare: Compare, shell: MakeShell) -> None:
    admin = FakeAdmin()
    admin.log, admin.rows = [], {"day": ()}
    assert snap_compare(shell(admin, mode="requests"), terminal_size=SMALL, run_before=settled)


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_a_request(snap_compare: Compare, shell: MakeShell, size: tuple[int, int]) -> None:
    app = shell(long_log(), mode="requests")
    assert snap_compare(app, terminal_size=size, run_before=_opened)


def test_a_running_request(snap_compare: Compare, shell: MakeShell) -> None:
    admin = FakeAdmin()
    admin.under_way = [running()]

    async def opened(pilot: Pilot[None]) -> None:
        await settled(pilot)
        await pilot.press("enter")
        await settled(pilot)

    app = shell(admin, mode="requests")
    assert snap_compare(app, terminal_size=SMALL, run_before=opened)


def test_a_request_that_nobody_served(snap_compare: Compare, shell: MakeShell) -> None:
    async def opened(pilot: Pilot[None]) -> None:
        await settled(pilot)
        await pilot.press(*["down"] * 14, "enter")
        await settled(pilot)

    app = shell(mode="requests")
    assert snap_compare(app, terminal_size=SMALL, run_before=opened)


def test_where_to_export(snap_compare: Compare, shell: MakeShell) -> None:
    async def asked(pilot: Pilot[None]) -> None:
        await settled(pilot)
        await pilot.press("x")
        await settled(pilot)

    assert snap_compare(shell(mode="requests"), terminal_size=SMALL, run_before=asked)

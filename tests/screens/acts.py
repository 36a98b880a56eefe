"""What tests do at a screen: read it, wait for it, drag on it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from textual import events
from textual.pilot import Pilot

from screens.shell import Shell

_PATIENCE = 5.0


def rows(app: Shell) -> list[str]:
    """The text of every row of the screen."""
    strips = app.screen._compositor.render_strips()  # pyright: ignore[reportPrivateUsage]
    return ["".join(segment.text for segment in strip).rstrip() for strip in strips]


def seen(app: Shell) -> str:
    return "\n".join(rows(app))


async def until(pilot: Pilot[Any], condition: Callable[[], object]) -> None:
    """Wait for something to become true."""
    async with asyncio.timeout(_PATIENCE):
        while not condition():
            await pilot.pause(0.01)


async def mouse(pilot: Pilot[Any], kind: type[events.MouseEvent], x: int, y: int, button: int = 1):
    """One raw mouse event at a cell of the screen."""
    await pilot._post_mouse_events([kind], offset=(x, y), button=button)  # pyright: ignore[reportPrivateUsage]


async def drag(pilot: Pilot[Any], begin: tuple[int, int], *way: tuple[int, int]) -> None:
    """Press the button at a cell and move over others; the button stays down."""
    await mouse(pilot, events.MouseDown, *begin)
    for cell in way:
        await mouse(pilot, events.MouseMove, *cell)


async def drop(pilot: Pilot[Any], x: int, y: int) -> None:
    await mouse(pilot, events.MouseUp, x, y)

"""What a hand does at a screen: raw mouse events, and a drag made of them."""

from __future__ import annotations

from typing import Any

from textual import events
from textual.pilot import Pilot


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

"""What stands on the screen, as text, and waiting for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, cast

from textual.app import App
from textual.pilot import Pilot

_PATIENCE = 5.0


def rows(app: App[Any]) -> list[str]:
    """The rows of the screen that is seen, without blanks at their ends."""
    # A test of looks has to read what the terminal gets; Textual has no public way to it.
    screen = cast(Any, app.screen)
    strips = screen._compositor.render_strips()
    return ["".join(segment.text for segment in strip).rstrip() for strip in strips]


def seen(app: App[Any]) -> str:
    """All rows as one text."""
    return "\n".join(rows(app))


def row_with(app: App[Any], text: str) -> str:
    """The first row that holds a text."""
    found = [row for row in rows(app) if text in row]
    assert found, f"nothing says {text!r}:\n{seen(app)}"
    return found[0]


async def until(pilot: Pilot[Any], condition: Callable[[], object]) -> None:
    """Wait for something to become true."""
    try:
        async with asyncio.timeout(_PATIENCE):
            while not condition():
                await pilot.pause(0.01)
    except TimeoutError:
        raise AssertionError(f"it does not come about:\n{seen(pilot.app)}") from None


async def shows(pilot: Pilot[Any], *texts: str) -> str:
    """The screen, once all the texts stand on it."""
    await until(pilot, lambda: all(text in seen(pilot.app) for text in texts))
    await pilot.pause()
    return seen(pilot.app)


async def settled(pilot: Pilot[Any]) -> None:
    """Wait for what runs in workers, and for the repaint after it."""
    await pilot.pause()
    app = pilot.app
    others = [worker for worker in app.workers if worker.name != "live"]
    if others:
        await app.workers.wait_for_complete(others)  # pyright: ignore[reportUnknownMemberType]
    await pilot.pause()

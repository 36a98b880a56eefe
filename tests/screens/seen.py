"""What stands on the screen, as text."""

from __future__ import annotations

from typing import Any, cast

from textual.app import App
from textual.pilot import Pilot


def rows(app: App[None]) -> list[str]:
    """The rows of the screen that is seen, without blanks at their ends."""
    # A test of looks has to read what the terminal gets; Textual has no public way to it.
    screen = cast(Any, app.screen)
    strips = screen._compositor.render_strips()
    return ["".join(segment.text for segment in strip).rstrip() for strip in strips]


def row_with(app: App[None], text: str) -> str:
    """The first row that holds a text."""
    found = [row for row in rows(app) if text in row]
    assert found, f"nothing says {text!r}:\n" + "\n".join(rows(app))
    return found[0]


async def settled(pilot: Pilot[None]) -> None:
    """Wait for what runs in workers, and for the repaint after it."""
    await pilot.pause()
    app = pilot.app
    others = [worker for worker in app.workers if worker.name != "live"]
    if others:
        await app.workers.wait_for_complete(others)  # pyright: ignore[reportUnknownMemberType]
    await pilot.pause()

"""Waiting for what stands on the screen."""

from __future__ import annotations

from textual.pilot import Pilot

from tests.screens.seen import rows
from tests.upstreams.waiting import until


def screen_text(pilot: Pilot[None]) -> str:
    """The rows of the screen, without the blanks at their ends."""
    return "\n".join(rows(pilot.app))


async def shows(pilot: Pilot[None], *texts: str) -> str:
    """The screen, once all the texts stand on it."""

    def there() -> bool:
        text = screen_text(pilot)
        return all(wanted in text for wanted in texts)

    try:
        await until(there, within=5, interval=0.02)
    except TimeoutError:
        raise AssertionError(f"{texts} do not all come:\n{screen_text(pilot)}") from None
    await pilot.pause()
    return screen_text(pilot)

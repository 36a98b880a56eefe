"""The terminal interface beside the rest: shown until it is left or the process has to stop.

It never imports the screens: `app.main` hands them in.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, TypeAlias

from app.tasks import alongside

if TYPE_CHECKING:
    # A start without a terminal needs neither before it serves.
    from app.contract import Admin


class Interface(Protocol):
    """What Textual's App is to us."""

    @property
    def return_code(self) -> int | None: ...

    @property
    def hurried(self) -> bool:
        """It was left with the wish not to wait for what still runs."""
        ...

    async def run_async(self, *, mouse: bool) -> object: ...

    def stop(self) -> None: ...


Draw: TypeAlias = "Callable[[Admin], Interface]"
"""Makes the interface to an instance."""


def can_show() -> bool:
    """Whether there is a terminal to draw on: Textual draws on what stderr shows."""
    streams = (sys.__stdin__, sys.__stderr__)
    shown = all(stream is not None and stream.isatty() for stream in streams)
    return shown and os.environ.get("TERM", "dumb") != "dumb"


def window_closed() -> bool:
    """Whether the window that the process was started in is closed."""
    # A terminal that was hung up answers no ioctl.
    return not can_show()


async def show(interface: Interface, stop: asyncio.Event, *, mouse: bool) -> int:
    """Show it until it is left or `stop` is set; returns its exit code."""

    async def run() -> None:
        await interface.run_async(mouse=mouse)

    async def told() -> None:
        await stop.wait()

    async with alongside("terminal interface", run) as shown, alongside("stop", told) as stopped:
        await asyncio.wait((shown, stopped), return_when=asyncio.FIRST_COMPLETED)
        if not shown.done():
            interface.stop()
        await shown
    return interface.return_code or 0

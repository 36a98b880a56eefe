"""What the outside asks of the process: stop, stop now, reload."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path


class Signals:
    """SIGTERM and SIGINT set `stop`, another one ends the process at once; SIGHUP sets `reload`,
    or `stop` where `closed` says that the window it came from is closed."""

    def __init__(self, closed: Callable[[], bool] | None = None) -> None:
        self._closed = closed
        self.stop = asyncio.Event()
        self.reload = asyncio.Event()
        self.exit_code = 0
        self.scratch: Path | None = None
        """A temporary folder that does not outlive the process even then."""

    def listen(self) -> None:
        """From now until the loop is closed."""
        loop = asyncio.get_running_loop()
        for number, code in ((signal.SIGTERM, 0), (signal.SIGINT, 130)):
            loop.add_signal_handler(number, self._on_stop, number, code)
        loop.add_signal_handler(signal.SIGHUP, self._on_hangup)

    def _on_hangup(self) -> None:
        if self._closed is not None and self._closed():
            self.stop.set()
        else:
            self.reload.set()

    def _on_stop(self, number: int, code: int) -> None:
        if self.stop.is_set():
            if self.scratch is not None:
                shutil.rmtree(self.scratch, ignore_errors=True)
            # Now means now: SQLite's journal survives this.
            os._exit(128 + number)
        self.exit_code = code
        self.stop.set()

"""429chain in a real terminal: a tmux of its own, whose screen, modes and keys the test has."""

from __future__ import annotations

import asyncio
import os
import shlex
import subprocess
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from tests.e2e.process import ROOT
from tests.upstreams.waiting import until

_PATIENCE = 30.0


class Tmux:
    """One window. `command` ran in it with `exit CODE` printed after its end."""

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        self._socket = folder / "tmux"
        # The server hands its own environment on to what it runs.
        self._environ = environ

    def __call__(self, *arguments: str) -> str:
        """Run a command of tmux; returns what it prints."""
        done = subprocess.run(
            ["tmux", "-S", self._socket, *arguments],
            env=self._environ,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    @property
    def screen(self) -> str:
        return self("capture-pane", "-p")

    @property
    def is_sane(self) -> bool:
        """No alternate screen, no mouse reports, a cursor."""
        modes = "#{alternate_on} #{mouse_any_flag} #{cursor_flag}"
        return self("display", "-p", modes).split() == ["0", "0", "1"]

    def press(self, *keys: str) -> None:
        self("send-keys", *keys)

    async def shows(self, text: str, within: float = _PATIENCE) -> str:
        """The screen, once `text` stands on it."""
        try:
            await until(lambda: text in self.screen, within=within, interval=0.05)
        except TimeoutError:
            raise AssertionError(f"{text!r} does not come:\n{self.screen}") from None
        return self.screen

    async def ends(self) -> int:
        """The exit code, once the program is gone."""
        screen = await self.shows("left with ")
        return int(screen.rpartition("left with ")[2].split()[0])

    def close_window(self) -> None:
        self("kill-session")


@asynccontextmanager
async def in_terminal(
    folder: Path,
    *arguments: str | Path,
    columns: int = 100,
    rows: int = 30,
    environ: Mapping[str, str] | None = None,
    module: str = "app",
) -> AsyncGenerator[Tmux]:
    """`429chain ARGUMENTS` in a terminal of that size; `module` starts it in another way."""
    clean = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder / "home"),
        "PYTHONPATH": str(ROOT),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "COLORTERM": "truecolor",
        **(environ or {}),
    }
    program = shlex.join([sys.executable, "-m", module, *map(str, arguments)])
    # `exec sleep` keeps the window, so that what stands on it afterwards can be read.
    command = f"cd {shlex.quote(str(folder))}; {program}; echo left with $?; exec sleep 1000"
    tmux = Tmux(folder, clean)
    await asyncio.to_thread(
        tmux,
        *("-f", "/dev/null", "new-session", "-d", "-x", str(columns), "-y", str(rows)),
        command,
    )
    try:
        yield tmux
    finally:
        subprocess.run(["tmux", "-S", folder / "tmux", "kill-server"], check=False)

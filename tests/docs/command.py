"""`python -m tests.docs.command FLAGS`: what a page's command line finds as `429chain`.

A command is run as it is. A start of the program is let be until it serves, on free ports and a
data folder of its own, and then stopped: the reader's next line would be typed elsewhere. The
terminal interface gets a terminal, and a person who leaves it once it is drawn.
"""

from __future__ import annotations

import fcntl
import os
import pty
import select
import socket
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Sequence
from pathlib import Path

from tests.docs import product

_COMMANDS = frozenset(("init", "check", "status", "ask", "attach", "connect", "backup"))
_PATIENCE = 30.0
"""Seconds until it serves, or until its screen is drawn."""
_DRAWN = b"quit"
"""Stands in the last line of every screen."""
FRESH = "DOCS_FRESH"
"""A folder for the config that `init` writes: what follows in the same block uses that one."""


def main() -> int:
    flags = sys.argv[1:]
    named = next((flag for flag in flags if flag in _COMMANDS), None)
    if named == "attach":
        return _look([*_product(), *flags])
    fresh = Path(os.environ[FRESH]) / "config.toml"
    if "--config" not in flags and "--demo" not in flags and (named == "init" or fresh.exists()):
        os.environ["CHAIN429_CONFIG"] = str(fresh)
    if named is not None or {"--help", "--version"} & set(flags):
        return product.main()
    return _serve(flags)


def _product() -> list[str]:
    return [sys.executable, "-m", "tests.docs.product"]


def _serve(flags: Sequence[str]) -> int:
    """Its exit code, once it has served and was told to stop."""
    with tempfile.TemporaryDirectory(dir=os.environ[FRESH]) as folder:
        own = ["--port", _free_port(), "--admin-port", _free_port(), "--data-dir", folder]
        process = subprocess.Popen(
            [*_product(), *flags, *own], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        assert process.stderr is not None
        with process.stderr as told:
            for line in told:
                sys.stderr.write(line)
                if " serves http" in line:
                    process.terminate()
        return process.wait(_PATIENCE)


def _free_port() -> str:
    # That of tests/e2e brings aiohttp along, a second for each line of a page.
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def _look(command: Sequence[str]) -> int:
    """Run it on a terminal of 80 by 24; press `q` when it has drawn."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvpe(command[0], list(command), {**os.environ, "TERM": "xterm-256color"})
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    seen, pressed, deadline = b"", False, time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        if not select.select([terminal], [], [], 0.2)[0]:
            continue
        try:
            piece = os.read(terminal, 65536)
        except OSError:
            break
        seen += piece
        if not pressed and _DRAWN in seen:
            pressed = True
            os.write(terminal, b"\x11")
    sys.stdout.write(seen[-2000:].decode(errors="replace"))
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) if pressed else 1


if __name__ == "__main__":
    sys.exit(main())

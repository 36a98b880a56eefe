"""`python -m tests.peers.launcher [NAME=SECONDS ...] FLAGS`: the product, less patient and telling.

NAME is one of PATIENCE: waits of a minute become waits that a test can sit through. SIGUSR1 makes
it write `tasks N blocks M` to stderr: asyncio tasks, and blocks of memory that Python holds.
Everything else is `python -m app`.
"""

from __future__ import annotations

import asyncio
import importlib
import os
import resource
import signal
import sys
from collections.abc import Callable
from functools import partial

from app.__main__ import run

PATIENCE = {
    "write": ("proxy.client_connection", "WRITE_TIME"),
    "body": ("proxy.intake", "_BODY_TIME"),
    "keepalive": ("proxy.client_connection", "KEEPALIVE"),
}
LIMITS = {"files": resource.RLIMIT_NOFILE, "file-size": resource.RLIMIT_FSIZE}
"""More names: how many files may be open, how large (bytes) one may grow."""


def main() -> int:
    flags = sys.argv[1:]
    while flags and not flags[0].startswith("-"):
        name, _, value = flags.pop(0).partition("=")
        if name in LIMITS:
            _limit(LIMITS[name], int(value))
        else:
            module, constant = PATIENCE[name]
            setattr(importlib.import_module(module), constant, float(value))
    sys.argv[1:] = flags
    signal.signal(signal.SIGUSR1, _tell)
    return run()


def _limit(what: int, most: int) -> None:
    hardest = resource.getrlimit(what)[1]
    set_limit: Callable[[tuple[int, int]], None] = partial(resource.setrlimit, what)
    set_limit((most, hardest))


def _tell(number: int, frame: object) -> None:
    tasks = len(asyncio.all_tasks())
    os.write(2, f"tasks {tasks} blocks {sys.getallocatedblocks()}\n".encode())


if __name__ == "__main__":
    sys.exit(main())

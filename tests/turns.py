"""Tests run two at a time (pytest-xdist), but one that measures time runs alone.

Two locks among the workers: `door` lets in one after the other, `room` is shared by those that run
or belongs to the one that is alone. Who waits for an empty room keeps the door shut meanwhile: so
it does get empty.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def turn(*, alone: bool) -> Generator[None]:
    """Wait for one's turn; nothing to wait for where a single process runs all tests."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID")
    if run is None:
        yield
        return
    folder = Path(tempfile.gettempdir())
    # Closing a file gives its lock back.
    with (folder / f"{run}.room").open("ab") as room:
        with (folder / f"{run}.door").open("ab") as door:
            fcntl.flock(door, fcntl.LOCK_EX)
            fcntl.flock(room, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        yield

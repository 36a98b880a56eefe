"""How far something is that takes its time, for whoever looks on."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import TextIO

from store.database_file import Progress


def percent(terminal: TextIO | None, doing: str = "") -> Progress:
    """Shows `doing` and how much of it is done, on one line that is gone at the end.

    Nothing where `terminal` is none.
    """
    shown = -1
    before = f"{doing}: " if doing else ""

    def show(done: float) -> None:
        nonlocal shown
        now = int(done * 100)
        if now > shown and terminal is not None and terminal.isatty():
            shown = now
            blank = " " * (len(before) + 5)
            terminal.write(f"\r{before}{now} %" if now < 100 else f"\r{blank}\r")
            terminal.flush()

    return show


@contextmanager
def waiting(terminal: TextIO | None, doing: str) -> Generator[None]:
    """Shows `doing` while the block runs; it is gone at the end."""
    if terminal is None or not terminal.isatty():
        yield
        return
    shown = f"{doing} ..."
    terminal.write(shown)
    terminal.flush()
    try:
        yield
    finally:
        terminal.write(f"\r{' ' * len(shown)}\r")
        terminal.flush()

"""stdin, stdout and stderr, which may be closed at the start or lose their reader at any time."""

from __future__ import annotations

import io
import os
import sys

_NAMES = ("stdin", "stdout", "stderr")


def guard_standard_streams() -> None:
    """Make sure that 0, 1 and 2 are open and that no text is too odd for them.

    On a closed one the next file would be opened: what a library writes to stderr would end up in
    the database.
    """
    for number in range(len(_NAMES)):
        try:
            os.fstat(number)
        except OSError:
            # The lowest free number is this one.
            os.open(os.devnull, os.O_RDWR)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def write_out(text: str) -> None:
    """Write to stdout; that nobody reads it any more is no failure."""
    if sys.stdout is None:
        return
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError:
        silence("stdout")


def silence(name: str) -> None:
    """From now on the stream of that name leads nowhere, what it still holds included.

    Otherwise Python would try to write that at its end, and turn the exit code into 120.
    """
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, _NAMES.index(name))
    os.close(nowhere)

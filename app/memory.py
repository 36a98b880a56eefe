"""How the process's memory is kept from growing into its own gaps."""

from __future__ import annotations

import asyncio
import ctypes
import gc
from asyncio import selector_events
from typing import Any

_MMAP_THRESHOLD = -3
"""glibc's number for it (mallopt(3))."""
_LARGE = 128 * 1024
"""Bytes from which on a block of memory is the system's own, and goes back to it when it is free.
This is where glibc starts, too; but it learns to keep blocks of up to 32 MiB on its heap."""
_RECEIVED = 16 * 1024
"""Bytes that asyncio makes room for before it asks a socket what there is. Its own 256 KiB, of
which a few hundred bytes are then used, cut the heap into gaps that nothing fits in again; making
them also costs more than all the rest of a receive."""
_YOUNG = 10_000
"""New objects after which the collector looks for garbage in circles. Python's own 700 are three
requests, whose objects, not yet done with, it then looks through again and again: 6 % of the CPU.
"""
_EVERY = 30.0
"""Seconds. It takes a millisecond, after a burst some more."""


def keep_the_heap_whole() -> None:
    """To be called before there is any traffic.

    Without it the process grew by 3 to 8 MiB in ten minutes of mixed traffic, with the same amount
    of memory in use. Where there is no mallopt (musl, macOS) the heap does not learn that either.
    """
    mallopt = _libc("mallopt")
    if mallopt is not None:
        mallopt(_MMAP_THRESHOLD, _LARGE)
    transport: Any = getattr(selector_events, "_SelectorSocketTransport", None)
    if hasattr(transport, "max_size"):
        transport.max_size = _RECEIVED


def collect_less() -> None:
    """To be called when the start is done, in which the collector did not run.

    What the start made lives as long as the process: it is not for the collector to walk, not even
    once (that held up the first requests for 50 ms, and found next to nothing).
    """
    gc.freeze()
    gc.enable()
    gc.set_threshold(_YOUNG, 10, 10)


async def give_back() -> None:
    """Give the system what is free in the middle of the heap, for ever: after a burst most is."""
    malloc_trim = _libc("malloc_trim")
    while malloc_trim is not None:
        await asyncio.sleep(_EVERY)
        malloc_trim(0)


def _libc(name: str) -> Any:
    """A function of the C library; None where that has no such."""
    return getattr(ctypes.CDLL(None), name, None)

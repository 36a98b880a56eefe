"""`python -m bench.held FILE MODULE ...`: runs a module, and tells how long its loop was held.

A hold is what one callback computes before the loop may do anything else, in processor time: what
other processes take is not in it. SIGUSR1 forgets what was measured so far, so that the start does
not count; at the end FILE gets those of more than a tenth of a millisecond: `[ms, function]` each.
"""

from __future__ import annotations

import asyncio
import json
import runpy
import signal
import sys
from pathlib import Path
from time import thread_time
from typing import Any

_LEAST = 0.1

holds: list[tuple[float, str]] = []
_run = asyncio.Handle._run  # pyright: ignore[reportPrivateUsage]


def _timed(handle: Any) -> None:
    began = thread_time()
    _run(handle)
    took = (thread_time() - began) * 1000
    if took > _LEAST:
        work: Any = handle._callback
        task: Any = getattr(work, "__self__", None)
        if isinstance(task, asyncio.Task):
            work = task.get_coro()  # pyright: ignore[reportUnknownVariableType]
        holds.append((took, getattr(work, "__qualname__", type(work).__qualname__)))


def _forget(*_: object) -> None:
    holds.clear()


def main() -> None:
    file, module = Path(sys.argv[1]), sys.argv[2]
    # Each callback of the loop goes through here; asyncio has no public place for that.
    asyncio.Handle._run = _timed  # pyright: ignore[reportAttributeAccessIssue, reportPrivateUsage]
    signal.signal(signal.SIGUSR1, _forget)
    sys.argv = [module, *sys.argv[3:]]
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    finally:
        file.write_text(json.dumps(sorted(holds, reverse=True)))


if __name__ == "__main__":
    main()

"""Every client that docs/clients.md names, run for real: `python -m tests.clients [NAME ...]`.

Each program is installed into a folder of its own, below `--folder` where it is kept, or below a
temporary one. They are pointed at 127.0.0.1 alone, telemetry and updates off.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.clients.programs import PROGRAMS, Program
from tests.clients.trial import Result, attempt, install


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.clients", description=__doc__)
    names = [program.recipe for program in PROGRAMS]
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(names))
    parser.add_argument("--folder", type=Path, help="where the programs are installed, and stay")
    arguments = parser.parse_args(argv)
    wanted = arguments.names or names
    unknown = [name for name in wanted if name not in names]
    if unknown:
        parser.error(f"no such client: {', '.join(unknown)} (there are: {', '.join(names)})")
    chosen = [program for program in PROGRAMS if program.recipe in wanted]
    with tempfile.TemporaryDirectory(prefix="429chain-clients-") as temporary:
        kept: Path = arguments.folder or Path(temporary) / "installed"
        return asyncio.run(_try_all(chosen, kept.resolve(), Path(temporary)))


async def _try_all(programs: Sequence[Program], kept: Path, temporary: Path) -> int:
    print(f"{'client':<14} {'requests':>8} {'streamed':>8} {'seconds':>8}  result")
    failed = 0
    for program in programs:
        result, seconds = await _try(program, kept, temporary)
        failed += bool(result.why)
        print(
            f"{result.program:<14} {result.requests:>8} {result.streamed:>8} {seconds:>8.1f}  "
            f"{result.why or 'ok'}",
            flush=True,
        )
    print(f"{len(programs) - failed} passed, {failed} failed")
    return 1 if failed else 0


async def _try(program: Program, kept: Path, temporary: Path) -> tuple[Result, float]:
    installed = kept / program.recipe
    why = await install(program, installed)
    started = time.perf_counter()
    if why:
        return Result(program.recipe, 0, 0, why), 0.0
    home = temporary / f"home-{program.recipe}"
    home.mkdir()
    result = await attempt(program, installed, home)
    return result, time.perf_counter() - started


if __name__ == "__main__":
    raise SystemExit(main())

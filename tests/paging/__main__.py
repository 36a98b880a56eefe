"""`python -m tests.paging [--rows N]`: pages of a log of a million requests, filter by filter."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.paging.run import measure


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.paging", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, metavar="N")
    parser.add_argument("--repeats", type=int, default=20, metavar="N", help="of each place")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        try:
            asyncio.run(measure(Path(folder), options.rows, repeats=options.repeats, tell=print))
        except AssertionError as error:
            print(f"FAIL {error}")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

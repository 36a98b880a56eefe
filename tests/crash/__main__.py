"""`python -m tests.crash [--kills N] [--seed N]`: SIGKILL under load, and what is left."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence

from tests.crash.run import kill_often


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    parser.add_argument("--kills", type=int, default=100, metavar="N")
    parser.add_argument("--seed", type=int, default=87, metavar="N")
    options = parser.parse_args(arguments)
    report = asyncio.run(kill_often(options.kills, seed=options.seed))
    sys.stdout.write(f"{report}\n")
    return 0 if report.good else 1


if __name__ == "__main__":
    sys.exit(main())

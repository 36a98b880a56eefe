"""`python -m tests.soak [--seconds N] [--every N] [--seed N]`: a long run of mixed traffic."""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
from collections.abc import Sequence

from tests.soak.run import soak


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--seconds", type=float, default=600, metavar="N")
    parser.add_argument("--every", type=float, default=30, metavar="N", help="seconds of a report")
    parser.add_argument("--seed", type=int, default=114, metavar="N")
    options = parser.parse_args(arguments)
    # The upstreams' own server would tell of each client that left.
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)

    def tell(line: str) -> None:
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()

    report = asyncio.run(soak(options.seconds, every=options.every, tell=tell, seed=options.seed))
    tell(str(report))
    faults = report.faults()
    for fault in faults:
        tell(f"FAIL {fault}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())

"""`python -m tests.fuzz [--seconds N | --examples N] [--only NAME] [--seed N]`: every target."""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Sequence

from tests.fuzz.all_targets import TARGETS
from tests.fuzz.target import fuzz, fuzz_for


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60, metavar="N", help="for all targets")
    parser.add_argument("--examples", type=int, metavar="N", help="for each target")
    parser.add_argument("--only", default="", metavar="NAME", help="targets with NAME in theirs")
    parser.add_argument("--seed", type=int, default=None, metavar="N")
    options = parser.parse_args(arguments)
    targets = [target for target in TARGETS if options.only in target.name]
    if not targets:
        parser.error(f"no target is called {options.only!r}")
    start = random.randrange(2**32) if options.seed is None else options.seed
    failed = 0
    for target in targets:
        began = time.monotonic()
        try:
            if options.examples:
                fuzz(target, options.examples, start=start)
                tried = options.examples
            else:
                tried = fuzz_for(target, options.seconds / len(targets), start=start)
        except Exception as error:  # noqa: BLE001  whatever it is, it is what was looked for
            failed += 1
            notes = "\n  ".join(getattr(error, "__notes__", []))
            sys.stdout.write(f"FAIL {target.name}: {type(error).__name__}: {error}\n  {notes}\n")
            continue
        seconds = time.monotonic() - began
        sys.stdout.write(f"ok   {target.name}: {tried} inputs in {seconds:.1f} s\n")
    sys.stdout.write(f"{len(targets) - failed}/{len(targets)} targets held (seed {start})\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

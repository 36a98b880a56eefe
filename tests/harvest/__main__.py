"""`python -m tests.harvest`: how much of what is free the product brings home."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.harvest.farm import CHAIN
from tests.harvest.report import as_json, misses, table
from tests.harvest.run import Run, run_shape
from tests.harvest.traffic import SHAPES


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.harvest", description=__doc__)
    parser.add_argument("--shape", choices=SHAPES, help="this one only; default: all of them")
    parser.add_argument("--seconds", type=float, default=180.0, help="of traffic; default 180")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--kill", action="store_true", help="SIGKILL the product in the middle, start it again"
    )
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the figures to FILE")
    parser.add_argument("--verbose", action="store_true", help="list every refusal and failure")
    options = parser.parse_args(arguments)
    shapes = [options.shape] if options.shape else list(SHAPES)
    runs: list[Run] = []
    for shape in shapes:
        run = asyncio.run(
            run_shape(shape, seconds=options.seconds, seed=options.seed, kill=options.kill)
        )
        runs.append(run)
        if options.verbose:
            print(details(run), flush=True)
    figures = [run.figures for run in runs]
    print(table(figures))
    for missed in misses(figures):
        print(missed)
    if options.json:
        options.json.write_text(json.dumps(as_json(figures), indent=1))
    return 1 if misses(figures) else 0


def details(run: Run) -> str:
    """Every refusal, avoidable failure and untrue `retry-after`, with its second of the run."""
    accounts, lines = run.accounts, list[str]()
    for refused in accounts.refusals:
        lines.append(
            f"{refused.at - run.started:7.2f} {refused.foreseen:6} {refused.entry} "
            f"{'+'.join(refused.limits)} (request {refused.number})"
        )
    for outcome, unused in accounts.avoidable:
        lines.append(
            f"{outcome.ended - run.started:7.2f} avoidable: request {outcome.planned.number} "
            f"{outcome.status} {outcome.code}, unused: {', '.join(unused)}; {outcome.trail}"
        )
    for outcome, soonest in accounts.untrue:
        lines.append(
            f"{outcome.ended - run.started:7.2f} untrue: request {outcome.planned.number} was told "
            f"{outcome.retry_after}, the farm says {soonest:.1f}; {outcome.trail}"
        )
    for outcome in run.outcomes:
        if not outcome.complete and outcome.status != 429:
            lines.append(
                f"{outcome.ended - run.started:7.2f} failed: request {outcome.planned.number} "
                f"{outcome.status} {outcome.code}; {outcome.trail}"
            )
    lines.append("failovers, ms: " + " ".join(f"{1000 * s:.1f}" for s in accounts.failovers))
    lines += [
        f"{accounts.by_entry[entry]:4} of {run.in_order.by_entry[entry]:4} in order: {entry}"
        for entry in (f"{site}/{model}" for site, model in CHAIN)
    ]
    lines += [line for line in run.written.splitlines() if " ERROR " in line]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())

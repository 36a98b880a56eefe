"""`python -m tests.faults [--only NAME] [--json FILE]`: every fault script against the product."""

from __future__ import annotations

import argparse
import asyncio
import json
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.faults.cases import load_cases
from tests.faults.product import ProductDidNotStart
from tests.faults.run import Report, run_cases


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--only", metavar="NAME", help="scripts whose name contains NAME")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the figures to FILE")
    parser.add_argument("--command", default="", help="what to test in place of `python -m app`")
    options = parser.parse_args(arguments)
    cases = [case for case in load_cases() if (options.only or "") in case.name]
    if not cases:
        parser.error(f"no script is called {options.only!r}")
    try:
        report = asyncio.run(run_cases(cases, command=tuple(shlex.split(options.command))))
    except ProductDidNotStart as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(as_text(report))
    if options.json:
        options.json.write_text(json.dumps(figures(report), indent=1))
    return 0 if report.good else 1


def as_text(report: Report) -> str:
    """Failures first, then one line of figures."""
    lines = [f"{one.case.level.upper()} {one.case.name}: {one.problem}" for one in report.failed]
    lines += [f"LEAK {leak}" for leak in report.leaks]
    found = figures(report)
    lines.append(
        f"must {found['must']}, should {found['should']}; slowest {found['slowest']} "
        f"({found['slowest_seconds']} s); memory grew by at most {found['rss_growth_mib']} MiB"
    )
    return "\n".join(lines) + "\n"


def figures(report: Report) -> dict[str, object]:
    slowest = max(report.results, key=lambda one: one.elapsed)
    return {
        "must": "{}/{}".format(*report.counts("must")),
        "should": "{}/{}".format(*report.counts("should")),
        "slowest": slowest.case.name,
        "slowest_seconds": round(slowest.elapsed, 2),
        "rss_growth_mib": round(max(one.rss_growth for one in report.results)),
        "leaks": list(report.leaks),
        "failed": {one.case.name: one.problem for one in report.failed},
    }


if __name__ == "__main__":
    sys.exit(main())

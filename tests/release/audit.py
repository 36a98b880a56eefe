"""`python -m tests.release.audit`: whether what is pinned has known vulnerabilities, by osv.dev.

It fails when something was found, and just so when it could not ask about all of it: an audit
that skips in silence is worse than none.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from http.client import HTTPException
from typing import Any
from urllib.request import Request, urlopen

from tests.release.locked import locked

_SERVICE = "https://api.osv.dev"
"""Of the Open Source Vulnerabilities project; it holds PyPA's advisories and GitHub's."""
_PATIENCE = 30.0
"""Seconds for an answer."""
_FILES = ("base.txt", "dev.txt")


class CouldNotAsk(Exception):
    """Nothing is known of some packages; the text says why."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code: 0 nothing known, 1 something found, 2 could not ask."""
    parser = argparse.ArgumentParser(prog="python -m tests.release.audit", description=__doc__)
    parser.add_argument("--service", default=_SERVICE, metavar="URL", help=f"not {_SERVICE}")
    service: str = parser.parse_args(arguments).service
    pinned = sorted({pin[:2] for name in _FILES for pin in locked(name)})
    try:
        found = known_vulnerabilities(pinned, service)
    except CouldNotAsk as why:
        sys.stderr.write(f"audit: NOT DONE: {why}; run it where {service} can be reached\n")
        return 2
    for (name, version), ids in found.items():
        sys.stdout.write(f"{name} {version}: {', '.join(ids)}\n")
    sys.stdout.write(
        f"audit: {len(pinned)} pinned packages, {len(found)} with known vulnerabilities"
        f"{': make lock UPGRADE=--upgrade, or see https://osv.dev/ID' if found else ''}\n"
    )
    return 1 if found else 0


def known_vulnerabilities(
    pinned: Sequence[tuple[str, str]], service: str
) -> dict[tuple[str, str], list[str]]:
    """The advisories' ids by package and version. Raises CouldNotAsk."""
    queries = [
        {"package": {"name": name, "ecosystem": "PyPI"}, "version": version}
        for name, version in pinned
    ]
    answer = _ask(f"{service}/v1/querybatch", {"queries": queries})
    try:
        # A package that has none is an empty object; one that is left out was not looked up.
        results = [[str(one["id"]) for one in each.get("vulns", ())] for each in answer["results"]]
    except (LookupError, TypeError, AttributeError):
        raise CouldNotAsk(f"{service} gave an answer of another shape") from None
    if len(results) != len(pinned):
        raise CouldNotAsk(f"{service} spoke of {len(results)} packages, asked about {len(pinned)}")
    return {package: ids for package, ids in zip(pinned, results, strict=True) if ids}


def _ask(url: str, body: object) -> Any:
    request = Request(url, json.dumps(body).encode(), {"content-type": "application/json"})
    try:
        with urlopen(request, timeout=_PATIENCE) as response:
            return json.load(response)
    except (OSError, HTTPException, ValueError) as error:
        raise CouldNotAsk(f"{url}: {error or type(error).__name__}") from None


if __name__ == "__main__":
    sys.exit(main())

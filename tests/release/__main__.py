"""`python -m tests.release`: the wheel, installed as users do, on every Python it is for."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.house.wheel import build, copy_source
from tests.release.install import INSTALLERS, PYTHONS, find_python
from tests.release.trial import Failed, try_out


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.release", description=__doc__)
    parser.add_argument("--with", dest="installers", action="append", choices=sorted(INSTALLERS))
    parser.add_argument("--python", dest="versions", action="append", metavar="X.Y")
    options = parser.parse_args(arguments)
    failures = 0
    with tempfile.TemporaryDirectory(prefix="429chain-release-") as name:
        home = Path(name)
        copy_source(home / "source")
        wheel = build("wheel", home / "source", home / "dist")
        sys.stdout.write(f"{wheel.name}: {wheel.stat().st_size // 1024} KiB\n")
        for version in options.versions or PYTHONS:
            for installer in options.installers or sorted(INSTALLERS):
                folder = home / f"{installer}-{version}"
                folder.mkdir()
                try:
                    python = find_python(version)
                    told = str(try_out(INSTALLERS[installer](wheel, python, folder), folder))
                except Failed as failure:
                    failures += 1
                    told = f"FAILED: {failure}"
                sys.stdout.write(f"Python {version}, {installer:4}  {told}\n")
                sys.stdout.flush()
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())

"""The way in: `python -m app` in a checkout, the `429chain` script of an installed wheel."""

from __future__ import annotations

import sys
from pathlib import Path


def run() -> int:
    """Start the command line and return its exit code.

    The four rooms import each other by their short names (`proxy`, `store`, ...). In a wheel they
    lie in `chain429/`, so that folder goes first on `sys.path`; in a checkout it is the root.
    """
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    from app.cli import main

    return main()


if __name__ == "__main__":
    sys.exit(run())

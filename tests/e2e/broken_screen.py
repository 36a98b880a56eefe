"""429chain with a bug: what its statistics are painted with raises."""

from __future__ import annotations

import sys
from typing import NoReturn

from app.__main__ import run
from screens.stats import StatsView

SECRET = "sk-local-variable-of-a-stack-frame"


def _bug(self: StatsView, picture: object) -> NoReturn:
    key = SECRET
    raise RuntimeError(f"a bug in a screen, with {len(key)} characters in a variable")


if __name__ == "__main__":
    StatsView.show = _bug  # type: ignore[method-assign]
    sys.exit(run())

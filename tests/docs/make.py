"""`python -m tests.docs.make ARGUMENTS`: what a page's command line finds as `make`.

A target must stand in the Makefile. `make run` is the demo and is started; the others build,
measure or test for minutes, this very test among them.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path


def main() -> int:
    targets = [word for word in sys.argv[1:] if "=" not in word]
    values = dict(word.split("=", 1) for word in sys.argv[1:] if "=" in word)
    known = set(re.findall(r"^([a-z-]+):", Path("Makefile").read_text("utf-8"), re.MULTILINE))
    for target in targets:
        if target not in known:
            sys.stderr.write(f"make: *** No rule to make target '{target}'.  Stop.\n")
            return 2
    if targets == ["run"]:
        return subprocess.call(["429chain", "--demo", *shlex.split(values.get("ARGS", ""))])
    return 0


if __name__ == "__main__":
    sys.exit(main())

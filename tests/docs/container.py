"""`python -m tests.docs.container ARGUMENTS`: what a page's command line finds as `docker`.

There is no container: what would run inside runs in the sandbox, whose `data` folder is the
volume. What a page asks of Docker besides must be there: the compose file, the Dockerfile.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

_SERVICE = "429chain"
_WITH_VALUE = frozenset(("--publish", "--volume", "--env", "--env-file", "--name", "--entrypoint"))


def main() -> int:
    match sys.argv[1:]:
        case ["compose", "exec", *rest]:
            return subprocess.call(_inside(rest)[1])
        case ["compose", "run", *rest]:
            return _run(*_inside(rest))
        case ["compose", "cp", source, target]:
            shutil.copy(_place(source), _place(target))
            return 0
        case ["compose", "up" | "stop" | "start" | "down" | "restart" | "logs" | "pull", *_]:
            return _found("docker-compose.yml")
        case ["build", *_]:
            return _found("Dockerfile")
        case ["run", *rest]:
            return _run(*_inside(rest))
        case _:
            return _unknown("docker " + " ".join(sys.argv[1:]))


def _inside(arguments: Sequence[str]) -> tuple[str, list[str]]:
    """The entrypoint ("": the image's own), and what stands behind the service or the image."""
    left, entrypoint = list(arguments), ""
    while left and left[0].startswith("-"):
        flag = left.pop(0)
        if flag in _WITH_VALUE:
            value = left.pop(0)
            entrypoint = value if flag == "--entrypoint" else entrypoint
    if left[:1] != [_SERVICE]:
        raise SystemExit(_unknown(f"the service or image {' '.join(left[:1])!r}"))
    return entrypoint, left[1:]


def _run(entrypoint: str, command: Sequence[str]) -> int:
    """As the image does, whose entrypoint is `429chain --no-tui`."""
    return subprocess.call([*([entrypoint] if entrypoint else [_SERVICE, "--no-tui"]), *command])


def _place(name: str) -> str:
    return name.removeprefix(f"{_SERVICE}:")


def _found(name: str) -> int:
    return 0 if Path(name).is_file() else _unknown(f"a folder without {name}")


def _unknown(what: str) -> int:
    sys.stderr.write(f"tests/docs/container.py does not know {what}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())

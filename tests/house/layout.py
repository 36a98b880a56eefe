"""What stands where in the checkout, and the interpreter as a subprocess."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("app", "proxy", "screens", "store")


def pyproject() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def room_files(root: Path = ROOT) -> Iterator[Path]:
    """Every file of the four rooms, relative to `root`, compiled ones aside."""
    for room in ROOMS:
        for path in sorted((root / room).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                yield path.relative_to(root)


def packages() -> set[str]:
    """The dotted names of all folders that hold Python files."""
    return {".".join(path.parent.parts) for path in room_files() if path.suffix == ".py"}


def modules(*rooms: str, root: Path = ROOT) -> list[str]:
    """The dotted names of all modules of `rooms`."""
    found: list[str] = []
    for path in room_files(root):
        if path.suffix == ".py" and path.parts[0] in rooms:
            parts = path.parent.parts if path.stem == "__init__" else path.with_suffix("").parts
            found.append(".".join(parts))
    return found


def run(
    command: Sequence[str], *, cwd: Path = ROOT, environ: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run to the end, at most 90 s; `environ` replaces the environment."""
    return subprocess.run(
        command,
        cwd=cwd,
        env=_own_environment() if environ is None else environ,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )


def python(code: str) -> str:
    """What `code` prints in a fresh interpreter in the checkout's root; it must succeed."""
    done = run([sys.executable, "-c", code])
    assert done.returncode == 0, done.stderr
    return done.stdout


def _own_environment() -> dict[str, str]:
    # The tests' own paths and coverage hooks are none of the subprocess's business.
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}

"""The three ways to install a wheel, each into a place of its own. They ask a package index."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tests.release.trial import Failed

PYTHONS = ("3.11", "3.12", "3.13")
_PATIENCE = 300.0
"""Seconds; a slow index is no failure of the wheel's."""

Installer = Callable[[Path, str, Path], Path]
"""From a wheel, an interpreter and an empty folder to the script `429chain`."""


def find_python(version: str) -> str:
    """An interpreter of this version on the PATH. Raises Failed: nothing is skipped."""
    path = shutil.which(f"python{version}")
    if path is None:
        raise Failed(f"python{version} is not on the PATH: install it")
    # A version manager's stand-in is there for versions that are not switched on, too.
    _run([path, "--version"])
    return path


def _pip(wheel: Path, python: str, folder: Path) -> Path:
    _run([python, "-m", "venv", str(folder / "venv")])
    scripts = folder / "venv" / "bin"
    _run([str(scripts / "python"), "-m", "pip", "install", "--quiet", str(wheel)])
    return scripts / "429chain"


def _uv(wheel: Path, python: str, folder: Path) -> Path:
    places = {"UV_TOOL_DIR": str(folder / "tools"), "UV_TOOL_BIN_DIR": str(folder / "bin")}
    _run(["uv", "tool", "install", "--quiet", "--python", python, str(wheel)], places)
    return folder / "bin" / "429chain"


def _pipx(wheel: Path, python: str, folder: Path) -> Path:
    places = {"PIPX_HOME": str(folder / "home"), "PIPX_BIN_DIR": str(folder / "bin")}
    _run(["pipx", "install", "--quiet", "--python", python, str(wheel)], places)
    return folder / "bin" / "429chain"


INSTALLERS: Mapping[str, Installer] = {"pip": _pip, "uv": _uv, "pipx": _pipx}


def _run(command: Sequence[str], places: Mapping[str, str] | None = None) -> None:
    environ = {**os.environ, **(places or {})}
    try:
        done = subprocess.run(
            command, env=environ, capture_output=True, text=True, timeout=_PATIENCE, check=False
        )
    except FileNotFoundError:
        raise Failed(f"{command[0]} is not on the PATH: install it") from None
    except subprocess.TimeoutExpired:
        raise Failed(f"{command[0]} did not end within {_PATIENCE:g} s") from None
    if done.returncode:
        last = (done.stderr.strip() or done.stdout.strip() or "nothing said").splitlines()[-1]
        raise Failed(f"{' '.join(command[:4])}: {last}")

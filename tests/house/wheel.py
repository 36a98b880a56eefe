"""The wheel and the sdist, built from a copy: setuptools leaves build/ and an egg-info behind."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Literal

from tests.house.layout import ROOMS, ROOT, run

_BUILD = "import sys; from setuptools import build_meta; build_meta.build_{}(sys.argv[1])"


def copy_source(folder: Path) -> None:
    """Put what a wheel is made of into `folder`."""
    compiled = shutil.ignore_patterns("__pycache__", "*.pyc")
    for room in ROOMS:
        shutil.copytree(ROOT / room, folder / room, ignore=compiled)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder / name)


def build(kind: Literal["wheel", "sdist"], source: Path, target: Path) -> Path:
    """The wheel or sdist of `source`, alone in the new folder `target`."""
    target.mkdir()
    done = run([sys.executable, "-c", _BUILD.format(kind), str(target)], cwd=source)
    assert done.returncode == 0, done.stderr
    (made,) = target.iterdir()
    return made

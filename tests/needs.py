"""Programs that some tests drive: a browser, Node, tmux."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import NoReturn

import pytest

NODE_CLIENTS = Path(__file__).parent / "clients" / "node"
_AXE = Path(__file__).parent / "web" / "node" / "node_modules" / "axe-core" / "axe.min.js"
NODE_SDKS = ("openai", "@anthropic-ai/sdk")


def require(program: str, *, ci: bool) -> str:
    """Where `program` is; without it the test is skipped, or failed where `ci` is set.

    CI installs all of them (`.ci/run`), so that a skip there would hide a broken install step.
    """
    path = shutil.which(program)
    if path is None:
        _miss(f"{program} is not on the PATH", ci=ci)
    return path


def require_sdk(folder: Path, *, ci: bool) -> Path:
    """`folder`, once `npm ci` has filled its node_modules; else as `require`."""
    for sdk in NODE_SDKS:
        if not (folder / "node_modules" / sdk).is_dir():
            _miss(f"{folder.name} has no {sdk} in node_modules: `make test` runs npm ci", ci=ci)
    return folder


def require_axe(*, ci: bool) -> Path:
    """The script of axe-core, once `npm ci` has brought it; else as `require`."""
    if not _AXE.is_file():
        _miss("tests/web/node has no axe-core: `make test` runs npm ci", ci=ci)
    return _AXE


def _miss(reason: str, *, ci: bool) -> NoReturn:
    if ci:
        pytest.fail(f"{reason}, and nothing is skipped when CI=true", pytrace=False)
    pytest.skip(reason)

"""Fixtures for the tests of every room."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.needs import NODE_CLIENTS, require, require_sdk

_CI = os.environ.get("CI") == "true"


@pytest.fixture(scope="session")
def needs() -> Callable[[str], str]:
    """`needs("tmux")` is the program's path; skips the test without it, fails it in CI."""
    return lambda program: require(program, ci=_CI)


@pytest.fixture(scope="session")
def node_clients(needs: Callable[[str], str]) -> Path:
    """The folder to run `node` in, with the Node SDKs installed; skips or fails as `needs`."""
    needs("node")
    return require_sdk(NODE_CLIENTS, ci=_CI)

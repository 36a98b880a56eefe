"""Fixtures for the tests of every room."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator
from pathlib import Path

import pytest

from tests.needs import NODE_CLIENTS, require, require_sdk
from tests.turns import turn

_CI = os.environ.get("CI") == "true"


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Outermost: the wait for a turn is in no test's time limit."""
    with turn(alone=item.get_closest_marker("alone") is not None):
        return (yield)


@pytest.fixture(scope="session")
def needs() -> Callable[[str], str]:
    """`needs("tmux")` is the program's path; skips the test without it, fails it in CI."""
    return lambda program: require(program, ci=_CI)


@pytest.fixture(scope="session")
def node_clients(needs: Callable[[str], str]) -> Path:
    """The folder to run `node` in, with the Node SDKs installed; skips or fails as `needs`."""
    needs("node")
    return require_sdk(NODE_CLIENTS, ci=_CI)

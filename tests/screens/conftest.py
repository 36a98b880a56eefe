"""What every test of the terminal interface stands on."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from typing import Protocol

import pytest
from textual.widgets import Input

from screens.shell import Look, Shell, Surroundings
from screens.symbols import UNICODE
from tests.screens.instance import FakeAdmin


class Elapsed:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds

    def go_on(self, seconds: float) -> None:
        self.seconds += seconds


class MakeShell(Protocol):
    def __call__(
        self,
        admin: FakeAdmin | None = None,
        *,
        theme: str = "429-dark",
        symbols: str = "unicode",
        surroundings: Surroundings | None = None,
        elapsed: Callable[[], float] | None = None,
        mode: str = "board",
    ) -> Shell: ...


_PACE = "▁▂▁▂▃▂▂▃▅▃▄▃▅▆▅▃▄▆█▇"
"""Requests a minute in the mock-ups until now, when there are nine of them."""


def _stay(_: Input) -> None:
    """In place of the blinking of a text cursor."""


@pytest.fixture(autouse=True)
def _quiet_surroundings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:  # pyright: ignore[reportUnusedFunction]
    for name in list(os.environ):
        ours = name.startswith("TEXTUAL") and not name.startswith("TEXTUAL_SNAPSHOT")
        if ours or name in ("NO_COLOR", "FORCE_COLOR"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    monkeypatch.setattr(Input, "_toggle_cursor", _stay)
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def elapsed() -> Elapsed:
    return Elapsed()


@pytest.fixture
def shell(elapsed: Elapsed, monkeypatch: pytest.MonkeyPatch) -> MakeShell:
    """`shell()` is the interface on the data set of the mock-ups, `shell(admin)` on another one."""

    def make(
        admin: FakeAdmin | None = None,
        *,
        theme: str = "429-dark",
        symbols: str = "unicode",
        surroundings: Surroundings | None = None,
        elapsed: Callable[[], float] | None = None,
        mode: str = "board",
    ) -> Shell:
        around = surroundings or Surroundings(
            address="127.0.0.1:4290", client_key="sk-429chain-test"
        )
        look = Look(theme=theme, symbols="ascii" if symbols == "ascii" else "unicode", motion=False)
        monkeypatch.setattr(Shell, "DEFAULT_MODE", mode)
        made = Shell(admin or FakeAdmin(), around, look, elapsed=elapsed or clock)
        made.feed.pace.extend(1.8 * UNICODE.spark.index(height) for height in _PACE)
        return made

    clock = elapsed
    return make

"""What somebody sees of an upgrade: a line before, how far it is, a line at the end."""

from __future__ import annotations

import io
import logging
import sys
from pathlib import Path

import pytest

from app.upgrade import Upgrade
from tests.store.made import FakeClock


def test_it_is_told_before_amid_and_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "429chain")
    path, clock, terminal = tmp_path / "429chain.db", FakeClock(), io.StringIO()
    path.write_bytes(bytes(2_500_000))
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stderr", terminal)
    upgrade = Upgrade(path, clock)
    upgrade("copying", 0.5)
    upgrade("copying", 1.0)
    upgrade("upgrading", 0.25)
    clock.time += 28.0
    upgrade("upgrading", 1.0)
    upgrade.ended()

    first, last = caplog.messages
    assert first.startswith(f"{path} (2.5 MB) is an older version's")
    assert last == "the database is up to date, after 28.0 s"
    shown = terminal.getvalue()
    assert shown == f"\rcopying: 50 %\r{'':14}\r\rupgrading: 25 %\r{'':16}\r"


def test_without_an_upgrade_nothing_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "429chain")
    Upgrade(tmp_path / "429chain.db", FakeClock()).ended()

    assert caplog.messages == []

"""What people read on the command line, word for word. `make snap` takes a change over."""

from __future__ import annotations

import subprocess
import sys

import pytest
from syrupy.assertion import SnapshotAssertion

from app.demo.greeting import demo_greeting


def _printed(*arguments: str) -> str:
    """Standard output of the command, at a fixed width."""
    done = subprocess.run(
        [sys.executable, "-m", "app", *arguments],
        env={"COLUMNS": "100", "NO_COLOR": "1", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="argparse words differ by version")
@pytest.mark.parametrize("command", [(), ("init",), ("check",)], ids=lambda words: " ".join(words))
def test_help(command: tuple[str, ...], snapshot: SnapshotAssertion) -> None:
    assert _printed(*command, "--help") == snapshot


def test_the_demos_greeting(snapshot: SnapshotAssertion) -> None:
    assert demo_greeting("http://127.0.0.1:4290/v1", "sk-429chain-demo") == snapshot

"""A missing program skips a test on a desk and fails it in CI."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.needs import require, require_sdk

ABSENT = "no-such-program-429"


def test_a_program_that_is_there_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "browser"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))

    assert require("browser", ci=True) == str(program)


def test_a_missing_program_skips_on_a_desk() -> None:
    with pytest.raises(pytest.skip.Exception, match=ABSENT):
        require(ABSENT, ci=False)


def test_a_missing_program_fails_in_ci() -> None:
    with pytest.raises(pytest.fail.Exception, match=ABSENT):
        require(ABSENT, ci=True)


def test_a_missing_sdk_fails_in_ci_and_a_present_one_does_not(tmp_path: Path) -> None:
    with pytest.raises(pytest.fail.Exception, match="npm ci"):
        require_sdk(tmp_path, ci=True)

    (tmp_path / "node_modules" / "openai").mkdir(parents=True)
    with pytest.raises(pytest.fail.Exception, match="anthropic"):
        require_sdk(tmp_path, ci=True)

    (tmp_path / "node_modules" / "@anthropic-ai" / "sdk").mkdir(parents=True)
    assert require_sdk(tmp_path, ci=True) == tmp_path

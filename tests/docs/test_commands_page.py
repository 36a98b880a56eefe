"""docs/commands.md knows every command and flag."""

from __future__ import annotations

import re

import pytest

from app.cli import main
from tests.docs.pages import DOCS

_PAGE = (DOCS / "commands.md").read_text(encoding="utf-8")


def _help(capsys: pytest.CaptureFixture[str], *command: str) -> str:
    with pytest.raises(SystemExit):
        main([*command, "--help"])
    return capsys.readouterr().out


def test_every_command_has_a_row(capsys: pytest.CaptureFixture[str]) -> None:
    listed = _help(capsys).partition("\ncommands:\n")[2]
    commands = set(re.findall(r"^    (\w+)", listed, re.MULTILINE))

    assert "backup" in commands
    assert commands == set(re.findall(r"^\| `429chain (\w+)", _PAGE, re.MULTILINE))


def test_every_flag_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    commands = re.findall(r"^\| `429chain (\w+)", _PAGE, re.MULTILINE)
    told = "".join(_help(capsys, *command) for command in ([], *([one] for one in commands)))
    flags = set(re.findall(r"--[a-z][a-z-]+", told))

    assert "--data-dir" in flags
    assert {flag for flag in flags if f"`{flag}" not in _PAGE and f" {flag}`" not in _PAGE} == set()

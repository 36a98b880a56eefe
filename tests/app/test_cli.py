"""The command line, parsed: which flags reach what they are for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from app import cli, main
from app.options import Options, UserError


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[Options]:
    """With what options `serve` was called; it is not run."""
    seen: list[Options] = []

    def serve(options: Options) -> int:
        seen.append(options)
        return 7

    monkeypatch.setattr(main, "serve", serve)
    return seen


def test_without_a_word_it_serves(served: list[Options]):
    assert cli.main([]) == 7
    assert served == [Options()]
    assert served[0].overrides() == {}


def test_every_flag_arrives(served: list[Options]):
    flags = "--no-tui --config a.toml --data-dir d --host ::1 --port 4300 --admin-port 0"
    cli.main([*flags.split(), "--log-level", "warning"])
    assert served == [
        Options(
            config=Path("a.toml"),
            data_dir=Path("d"),
            host="::1",
            port=4300,
            admin_port=0,
            log_level="warning",
            no_tui=True,
        )
    ]
    assert served[0].overrides() == {
        "server.host": "::1",
        "server.port": 4300,
        "server.admin_port": 0,
    }


@pytest.mark.parametrize(
    "arguments, told",
    [
        (["--port", "0"], "'0' is no port (1 to 65535)"),
        (["--port", "65536"], "'65536' is no port"),
        (["--port", "-1"], "--port"),
        (["--port", "٤٢٩٠"], "is no port"),
        (["--port", "1" * 5000], "is no port"),
        (["--admin-port", "x"], "'x' is no port (0 to 65535)"),
        (["--conf=a.toml"], "--conf=a.toml"),
        (["--quiet"], "--quiet goes with --demo"),
        (["--demo", "init"], "needs no init"),
        (["--demo", "--config", "a.toml"], "leave out --config"),
        (["sevre"], "sevre"),
        (["init", "--probe"], "--probe"),
    ],
)
def test_wrong_usage_is_told(
    arguments: Sequence[str],
    told: str,
    served: list[Options],
    capsys: pytest.CaptureFixture[str],
):
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    assert ended.value.code == 2
    errors = capsys.readouterr().err
    assert told in errors
    assert len(errors) < 2000
    assert served == []


@pytest.mark.parametrize(
    "arguments", [["--version"], ["check", "--version"], ["--help"], ["init", "--help"]], ids=str
)
def test_version_and_help_end_well(arguments: list[str], capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    assert ended.value.code == 0
    assert "429chain" in capsys.readouterr().out


def test_a_failed_start_is_one_line_for_each_reason(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    def serve(options: Options) -> int:
        raise UserError("config.toml:1: this\nconfig.toml:2: that")

    monkeypatch.setattr(main, "serve", serve)
    assert cli.main(["--no-tui"]) == 1
    told = capsys.readouterr()
    assert told.err == "429chain: config.toml:1: this\n429chain: config.toml:2: that\n"
    assert told.out == ""


def test_ctrl_c_before_it_serves_is_130(monkeypatch: pytest.MonkeyPatch):
    def serve(options: Options) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(main, "serve", serve)
    assert cli.main([]) == 130

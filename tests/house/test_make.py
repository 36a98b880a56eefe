"""What `make` and CI do on a machine where something is missing."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.house.layout import ROOT, run

Needs = Callable[[str], str]


@pytest.fixture
def bare(tmp_path: Path, needs: Needs) -> Path:
    """A folder for the PATH with what a shell script cannot do without, and no Python."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for program in ("bash", "dirname", "cp"):
        (folder / program).symlink_to(needs(program))
    return folder


def program(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/bash\n{script}\n")
    path.chmod(0o755)


def make(needs: Needs, *arguments: str, folder: Path, path: Path) -> tuple[int, str]:
    """The exit code and the errors of a make that finds programs in `path` only."""
    shutil.copy(ROOT / "Makefile", folder)
    shutil.copytree(ROOT / "requirements", folder / "requirements")
    done = run([needs("make"), *arguments], cwd=folder, environ={"PATH": str(path)})
    return done.returncode, done.stderr


def test_no_suitable_python_says_what_to_install(needs: Needs, tmp_path: Path, bare: Path) -> None:
    program(bare, "python3", "exit 1  # as an older Python answers the question for its version")
    code, errors = make(needs, "venv", folder=tmp_path, path=bare)

    assert code != 0
    assert "needs Python 3.11 or newer: install python3.11" in errors
    assert not (tmp_path / ".venv").exists()


def test_pip_installs_with_hashes_where_uv_is_missing(
    needs: Needs, tmp_path: Path, bare: Path
) -> None:
    # A python3 that makes an environment with itself in it, and writes down what it is asked.
    program(
        bare,
        "python3",
        f'echo "$*" >>{tmp_path}/asked\n'
        f'[ "$2" = venv ] && {needs("mkdir")} -p .venv/bin && cp "$0" .venv/bin/python\n'
        "exit 0",
    )
    code, errors = make(needs, "venv", folder=tmp_path, path=bare)

    assert code == 0, errors
    last = (tmp_path / "asked").read_text().splitlines()[-1]
    assert last.startswith("-m pip install")
    assert last.endswith("--require-hashes -r requirements/dev.txt")
    assert (tmp_path / ".venv" / ".requirements").is_file()


def test_a_failed_install_leaves_no_stamp(needs: Needs, tmp_path: Path, bare: Path) -> None:
    program(
        bare,
        "python3",
        f'[ "$2" = venv ] && {needs("mkdir")} -p .venv/bin && cp "$0" .venv/bin/python\n'
        '[ "$2" != pip ]',
    )
    code, _ = make(needs, "venv", folder=tmp_path, path=bare)

    assert code != 0
    assert not (tmp_path / ".venv" / ".requirements").exists()


def test_ci_names_the_packages_it_cannot_install(tmp_path: Path, bare: Path) -> None:
    shutil.copytree(ROOT / ".ci", tmp_path / ".ci")
    done = run([str(bare / "bash"), ".ci/run"], cwd=tmp_path, environ={"PATH": str(bare)})

    assert done.returncode == 1
    for package in ("chromium", "tmux", "librsvg2-bin"):
        assert package in done.stderr


def test_ci_installs_once_and_hands_over_to_make(tmp_path: Path, bare: Path) -> None:
    shutil.copytree(ROOT / ".ci", tmp_path / ".ci")
    asked = tmp_path / "asked"
    program(bare, "apt-get", f'echo "apt-get $*" >>{asked}')
    program(bare, "make", f'echo "make $*" >>{asked}; exit 7')
    program(bare, "sudo", '[ "$2" = true ] || { shift; "$@"; }')
    done = run([str(bare / "bash"), ".ci/run"], cwd=tmp_path, environ={"PATH": str(bare)})

    update, install, last = asked.read_text().splitlines()
    assert update.startswith("apt-get update")
    assert {"chromium", "tmux", "librsvg2-bin"} <= set(install.split())
    assert last == "make test"
    assert done.returncode == 7

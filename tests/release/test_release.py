"""The release check itself: what is missing fails, and a program that is not ours is noticed."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from app.version import VERSION
from tests.release.install import find_python
from tests.release.trial import Failed, try_out


def _script(path: Path, text: str) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def test_a_python_that_is_missing_fails() -> None:
    with pytest.raises(Failed, match=r"python3\.0 is not on the PATH: install it"):
        find_python("3.0")


def test_a_version_managers_stand_in_is_no_python(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _script(tmp_path / "python3.0", "echo 'python3.0: command not found' >&2; exit 127")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")

    with pytest.raises(Failed, match="command not found"):
        find_python("3.0")


@pytest.mark.parametrize(
    "files, told",
    [
        ("chain429/app/cli.py app/cli.py", "site-packages got 429chain-.*, app, chain429"),
        ("chain429/app/cli.py 429chain.pth", "site-packages got 429chain-.*, 429chain.pth"),
        ("chain429/app/cli.py", "chain429/app/web/page/index.html is missing"),
        ("chain429/app/web/page/index.html chain429/screens/styles.tcss", "--version says 'lies"),
    ],
)
def test_an_installation_that_is_wrong_is_told(tmp_path: Path, files: str, told: str) -> None:
    metadata = tmp_path / "site" / f"429chain-{VERSION}.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: 429chain\nVersion: {VERSION}\n"
    )
    records = [*files.split(), f"{metadata.name}/METADATA", "../../../bin/429chain"]
    (metadata / "RECORD").write_text("".join(f"{name},,\n" for name in records))
    _script(
        tmp_path / "bin" / "python", f'PYTHONPATH={tmp_path / "site"} exec {sys.executable} "$@"'
    )
    script = _script(tmp_path / "bin" / "429chain", "echo lies")

    with pytest.raises(Failed, match=told):
        try_out(script, tmp_path)

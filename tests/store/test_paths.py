"""Which config file and which data folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from platformdirs import user_config_dir, user_data_dir

from store.paths import config_path, data_folder


@pytest.mark.parametrize(
    "text, ours",
    [
        ("[providers.groq]\n", True),
        ("# x\n [ chains . free ]\n", True),
        ("[chains]\n", True),
        ("chains.free.entries = []\n", True),
        ("providers = {}\n", True),
        ('["providers".x]\n', True),
        ("[providers.groq\nbroken = \n", True),
        ("[chainsaw]\n", False),
        ("# [providers.groq]\n", False),
        ('title = "[providers]"\n', False),
        ("[[params.providers]]\n", False),
        ("", False),
        (None, False),
    ],
)
def test_the_file_in_the_working_directory(tmp_path: Path, text: str | None, ours: bool) -> None:
    here = tmp_path / "config.toml"
    if text is not None:
        here.write_text(text)
    users = Path(user_config_dir("429chain", appauthor=False)) / "config.toml"
    assert config_path(None, {}, tmp_path) == (here if ours else users)


def test_flag_then_variable_then_folder(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("[chains]\n")
    environ = {"CHAIN429_CONFIG": "/etc/x.toml", "CHAIN429_DATA_DIR": "/var/x"}
    assert config_path(Path("flag.toml"), environ, tmp_path) == Path("flag.toml")
    assert config_path(None, environ, tmp_path) == Path("/etc/x.toml")
    assert config_path(None, {"CHAIN429_CONFIG": ""}, tmp_path) == tmp_path / "config.toml"
    assert data_folder(Path("flag"), environ) == Path("flag")
    assert data_folder(None, environ) == Path("/var/x")
    assert data_folder(None, {}) == Path(user_data_dir("429chain", appauthor=False))

"""The lines that `429chain connect` prints, and those in docs/clients.md."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.connect import Address, connect, fill
from app.options import Options, UserError
from app.recipes import RECIPES
from tests.house.layout import ROOT

CONFIG = """\
[server]
port = 4300
api_keys = [{keys}]
[routing]
default_chain = "mine"
[providers.ollama]
[chains.mine]
entries = ["ollama/qwen3:8b"]
"""


def printed(folder: Path, keys: str, name: str = "openai", **flags: str | int) -> str:
    path = folder / "config.toml"
    path.write_text(CONFIG.format(keys=keys))
    path.chmod(0o600)
    options = Options(config=path, **flags)  # pyright: ignore[reportArgumentType]
    return connect(name, options, environ={"MY_KEY": "sk-secret-of-mine"})


def test_address_chain_and_variable_come_from_the_config(tmp_path: Path):
    lines = printed(tmp_path, '"sk-literal-and-secret", "env:MY_KEY"')
    assert "export OPENAI_BASE_URL=http://127.0.0.1:4300/v1\n" in lines
    assert 'export OPENAI_API_KEY="$MY_KEY"\n' in lines
    assert 'model="mine"' in lines
    assert "secret" not in lines


def test_a_key_in_the_file_is_named_by_its_place_and_never_shown(tmp_path: Path):
    lines = printed(tmp_path, '"sk-literal-and-secret"', "codex")
    assert f"export CHAIN429_API_KEY='...'  # server.api_keys in {tmp_path}/config.toml" in lines
    assert 'env_key = "CHAIN429_API_KEY"' in lines
    assert "secret" not in lines


def test_flags_stand_above_the_config(tmp_path: Path):
    lines = printed(tmp_path, '"env:MY_KEY"', "claude-code", host="::1", port=4999)
    assert "export ANTHROPIC_BASE_URL=http://[::1]:4999\n" in lines


def test_without_a_config_the_defaults_hold(tmp_path: Path):
    lines = connect("openai", Options(config=tmp_path / "none.toml"), environ={})
    assert "http://127.0.0.1:4290/v1" in lines
    assert "CHAIN429_API_KEY='...'" in lines


def test_an_unknown_client_is_told_the_nearest():
    with pytest.raises(UserError, match="did you mean codex"):
        connect("kodex", Options(), environ={})


def test_a_config_with_problems_is_told(tmp_path: Path):
    with pytest.raises(UserError, match=r"config\.toml:"):
        printed(tmp_path, "3")


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.name)
def test_the_document_has_the_same_lines(recipe: object):
    text = (ROOT / "docs" / "clients.md").read_text(encoding="utf-8")
    (one,) = [each for each in RECIPES if each is recipe]
    assert f"## {one.title}\n\n`429chain connect {one.name}`\n" in text
    for step in one.steps:
        assert fill(step.text, Address(root="http://127.0.0.1:4290", chain="free")) in text
    assert one.note in text

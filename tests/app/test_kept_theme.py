"""A theme that is chosen on the screen stands in the config, among what a person wrote there."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.contract import AdminError
from app.options import Options
from app.own_theme import keep_own_theme
from proxy.providers.presets import load_presets
from store.settings_load import load
from tests.app.running import Instance, config, running

_LIKED = """
# how I like it
[ui]
theme = "429-dark"  # for the evening
mouse = false
"""


async def test_it_is_there_at_the_next_start_and_comments_stay(tmp_path: Path) -> None:
    async with running(tmp_path, config(_LIKED)) as instance:
        before = instance.text()
        await instance.admin.keep_theme("429-light")
        assert instance.text() == before.replace('"429-dark"', '"429-light"')
        assert instance.configured.loaded.settings.ui.theme == "429-light"
        path = instance.path
    loaded = load(path, presets=load_presets(), environ={})
    assert loaded.settings.ui.theme == "429-light"
    assert loaded.settings.ui.mouse is False


async def test_undo_takes_it_back(instance: Instance) -> None:
    before = instance.text()
    await instance.admin.keep_theme("nord")
    assert (await instance.admin.undo()).change == "theme nord"
    assert instance.text() == before
    assert instance.configured.loaded.settings.ui.theme == "429-dark"


async def test_what_a_variable_sets_is_refused(tmp_path: Path) -> None:
    environ = {"CHAIN429_UI__THEME": "nord"}
    async with running(tmp_path, config(_LIKED), environ) as instance:
        before = instance.text()
        with pytest.raises(AdminError, match="CHAIN429_UI__THEME") as refused:
            await instance.admin.keep_theme("429-light")
        assert refused.value.status == 409
        assert instance.text() == before


async def test_attach_keeps_it_in_the_config_of_whoever_looks(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(config(_LIKED))
    path.chmod(0o600)
    await keep_own_theme("429-light", options=Options(config=path), environ={})
    assert path.read_text() == config(_LIKED).replace('"429-dark"', '"429-light"')


async def test_attach_without_a_config_writes_none(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    with pytest.raises(AdminError, match="lasts until you leave"):
        await keep_own_theme("429-light", options=Options(config=path), environ={})
    assert not path.exists()

"""Who may import whom. The directions themselves are import-linter's (`make lint`)."""

from __future__ import annotations

import pytest

from tests.house.layout import modules, python

SHOW_LOADED = "print(*sorted({name.partition('.')[0] for name in sys.modules}))"


def loaded_by(names: list[str]) -> set[str]:
    """The top-level packages that are loaded once `names` are imported."""
    return set(python(f"import sys, {', '.join(names)}; {SHOW_LOADED}").split())


@pytest.mark.parametrize("module", ["app.cli", "app.main"])
def test_the_way_without_a_terminal_never_loads_textual(module: str) -> None:
    loaded = loaded_by([module])

    assert "app" in loaded
    assert loaded.isdisjoint({"textual", "rich", "screens"})


def test_the_data_plane_runs_without_database_screen_or_config_file() -> None:
    above = {"app", "screens", "store"}
    their_tools = {"aiosqlite", "pydantic_settings", "rich", "textual", "tomlkit"}

    assert loaded_by(modules("proxy")).isdisjoint(above | their_tools)


def test_the_store_knows_nobody_above() -> None:
    assert loaded_by(modules("store")).isdisjoint({"app", "screens", "textual"})


def test_a_start_serves_before_it_loads_the_rest() -> None:
    loaded = set(python("import sys, app.main; print(*sys.modules)").split())

    assert "proxy.server" in loaded
    late = {"app.admin.local", "app.contract", "app.web.api", "proxy.limits.refusals", "tomlkit"}
    assert loaded.isdisjoint(late)

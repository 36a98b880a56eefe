"""Settings, variables and presets that a page names are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from proxy.providers.presets import load_presets
from store.settings_schema import known_keys
from tests.docs.pages import DOCS, PAGES

_TABLES = ("server", "routing", "timeouts", "log", "ui", "savings")
_NAMED = re.compile(rf"`(?:\[)?({'|'.join(_TABLES)})\.([a-z_]+)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_setting_that_is_named_is_one(page: Path) -> None:
    named = set(_NAMED.findall(page.read_text(encoding="utf-8")))

    assert [(table, key) for table, key in named if key not in (known_keys((table,)) or ())] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_variable_that_is_named_is_one(page: Path) -> None:
    variables = re.findall(r"\bCHAIN429_([A-Z]+)__([A-Z_]+)\b", page.read_text(encoding="utf-8"))
    named = {(table.lower(), key.lower()) for table, key in variables if table.lower() in _TABLES}

    assert [(table, key) for table, key in named if key not in (known_keys((table,)) or ())] == []


def test_what_another_gateway_calls_a_provider_leads_to_a_preset() -> None:
    text = (DOCS / "coming-from.md").read_text(encoding="utf-8")
    table = text.partition("| prefix there | preset here |\n")[2].partition("\n\n")[0]
    rows = [row.split("|")[1:3] for row in table.splitlines()[1:]]
    same = [left for left, right in rows if "the same name" in right]
    named = {name for _, right in rows for name in re.findall(r"`([^`]+)`", right)}
    named |= {name for left in same for name in re.findall(r"`([^`]+)/`", left)}

    assert "groq" in named
    assert named - set(load_presets()) == set()

"""README.md: one screen, whose figures are true and from which every page is reached."""

from __future__ import annotations

import re

from proxy.providers.presets import load_presets
from tests.docs.pages import DOCS, ROOT, links

_README = (ROOT / "README.md").read_text(encoding="utf-8")
_FOR_MAKERS = {"licences.md", "release.md"}
"""Pages for those who change or ship 429chain: CONTRIBUTING.md leads to them."""


def test_it_is_one_screen() -> None:
    assert len(_README.splitlines()) <= 60


def test_every_page_for_users_is_linked() -> None:
    pages = {page.name for page in DOCS.glob("*.md")} - _FOR_MAKERS

    assert pages - {target.removeprefix("docs/") for target in links(_README)} == set()


def test_the_number_of_presets_is_theirs() -> None:
    assert re.findall(r"(\d+) presets", _README) == [str(len(load_presets()))]

"""No link of the documentation leads nowhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest

from tests.docs.pages import DOCS, PAGES, ROOT, anchors, links


def _inner_links() -> Iterator[tuple[Path, str]]:
    for path in PAGES:
        for target in links(path.read_text(encoding="utf-8")):
            if "://" not in target and not target.startswith("mailto:"):
                yield path, target


@pytest.mark.parametrize(
    "path,target",
    [pytest.param(path, target, id=f"{path.name}:{target}") for path, target in _inner_links()],
)
def test_a_link_leads_to_a_file_and_a_heading(path: Path, target: str) -> None:
    name, _, anchor = target.partition("#")
    there = (path.parent / unquote(name)).resolve() if name else path

    assert there.exists(), f"{path.name} links to {target}"
    assert there.is_relative_to(ROOT)
    if anchor:
        assert anchor in anchors(there.read_text(encoding="utf-8")), sorted(
            anchors(there.read_text(encoding="utf-8"))
        )


def test_every_page_is_linked_from_another() -> None:
    named = {
        (path.parent / target.partition("#")[0]).resolve()
        for path, target in _inner_links()
        if not target.startswith("#")
    }

    assert [page.name for page in DOCS.glob("*.md") if page not in named] == []


def test_addresses_of_other_sites_are_whole() -> None:
    for path in PAGES:
        for target in links(path.read_text(encoding="utf-8")):
            if "://" in target:
                assert target.startswith(("https://", "http://127.0.0.1:")), (path.name, target)

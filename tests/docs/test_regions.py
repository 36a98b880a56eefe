"""What is made of the program's tables is what they say now."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.docs.pages import DOCS
from tests.docs.regions import PARTS, names, renewed

_MADE = [path for path in sorted(DOCS.glob("*.md")) if names(path.read_text(encoding="utf-8"))]


@pytest.mark.parametrize("path", _MADE, ids=lambda path: path.name)
def test_the_made_parts_are_up_to_date(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text == renewed(text), "make docs"


def test_every_part_stands_on_one_page() -> None:
    named = Counter(name for path in _MADE for name in names(path.read_text(encoding="utf-8")))
    assert named == dict.fromkeys(PARTS, 1)

"""The page of keys is that of the tables."""

from __future__ import annotations

from tests.screens.keys_page import PATH, keys_page


def test_the_page_of_keys_is_up_to_date() -> None:
    assert PATH.read_text(encoding="utf-8") == keys_page(), "python -m tests.screens.keys_page"

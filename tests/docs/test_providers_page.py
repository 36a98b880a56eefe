"""docs/providers.md: every preset is told of, by the sources that the code reads."""

from __future__ import annotations

import re

from app.init import init
from proxy.model import LIMIT_WORDS
from proxy.providers.presets import load_presets
from tests.docs.provider_notes import NOTES
from tests.docs.tables import page, section

_PAGE = page("providers.md")


def test_every_preset_has_its_note_and_no_other_does() -> None:
    assert list(NOTES) == list(load_presets())


def test_every_free_limit_has_a_day_and_a_source() -> None:
    for preset in load_presets().values():
        if preset.free:
            assert f"Checked {preset.checked}: [" in _PAGE, preset.id
            assert f"({preset.source})" in _PAGE, preset.id


def test_quirks_are_whole_sentences() -> None:
    for id, note in NOTES.items():
        assert note.free[-1].isalnum(), id
        for quirk in note.quirks:
            assert quirk.endswith((".", ".”")), (id, quirk)
            assert quirk[0].isupper() or quirk[0] in "`0123456789", (id, quirk)


def test_the_words_of_limits_are_all_there() -> None:
    told = re.search(r"The words are `([a-z ]+)`", section(_PAGE, "Limits of your own"))

    assert told is not None
    assert told[1].split() == list(LIMIT_WORDS)


def test_init_fills_in_cloudflares_account_as_the_page_says() -> None:
    assert init.__module__ == "app.init"
    assert "{account_id}" in load_presets()["cloudflare"].base_url
    assert "CLOUDFLARE_ACCOUNT_ID" in _PAGE

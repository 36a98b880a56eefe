"""Help, the palette and the tables that both are made of."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from textual.pilot import Pilot

from screens.keys import EVERYWHERE, MOVES
from screens.legends import legend_of
from screens.onboarding import Onboarding
from screens.ready import Ready
from screens.registry import PAGES
from screens.symbols import ASCII, UNICODE
from screens.view import View
from tests.screens.conftest import MakeShell
from tests.screens.seen import shows

SCREENS: list[type[View]] = [page for page in PAGES.values() if isinstance(page, type)]


@pytest.mark.parametrize("tab", [*PAGES, "onboarding", "ready"])
def test_each_screen_says_how_to_read_it(tab: str) -> None:
    for symbols in (UNICODE, ASCII):
        legend = legend_of(tab, symbols)
        assert len(legend) >= 5
        assert all(says for _, says in legend)


def test_no_two_actions_share_an_id_and_words_are_short() -> None:
    keys = [
        *EVERYWHERE,
        *MOVES,
        *(key for view in (*SCREENS, Onboarding, Ready) for key in view.VERBS),
    ]
    ids = [key.id for key in keys]
    assert len(ids) == len(set(ids))
    assert [key.id for key in keys if len(key.word) > 8 or not key.says] == []


@pytest.mark.parametrize("tab", list(PAGES))
async def test_help_lists_the_keys_of_the_screen_it_is_asked_on(shell: MakeShell, tab: str) -> None:
    app = shell(mode=tab)
    async with app.run_test(size=(120, 40)) as pilot:
        await shows(pilot, "in flight")
        await pilot.press("f1")
        text = await shows(
            pilot, f"help · {tab}", "this screen", "everywhere", f"reading the {tab}"
        )
        assert "go to a screen" in text
        await pilot.press("escape")
        await pilot.pause()
        assert len(app.screen_stack) == 1


async def test_it_is_searched(shell: MakeShell) -> None:
    async with shell().run_test(size=(80, 24)) as pilot:
        await shows(pilot, "in flight")
        await pilot.press("question_mark")
        await shows(pilot, "go to a screen")
        await pilot.press("slash", *"cool")
        text = await shows(pilot, "clear its cooldown", "cooling after a 429")
        assert "go to a screen" not in text


async def test_the_palette_knows_the_screens_keys(shell: MakeShell) -> None:
    async with shell(mode="stats").run_test(size=(120, 40)) as pilot:
        await shows(pilot, "groq")
        await pilot.press("ctrl+p", *"yesterday")
        await shows(pilot, "today, yesterday, 7 or 30 days")
        await pilot.press("enter")
        await shows(pilot, "30 days")


async def test_a_key_is_remapped_in_the_config(shell: MakeShell) -> None:
    app = shell(mode="stats")
    app.set_keymap({"stats.period": "w"})
    async with app.run_test(size=(80, 24)) as pilot:
        app.set_keymap({"stats.period": "w"})
        await shows(pilot, "7 days")
        await pilot.press("p")
        await pilot.press("w")
        text = await shows(pilot, "30 days")
        assert " w period" in text


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
def test_it_looks_so(
    shell: MakeShell, snap_compare: Callable[..., bool], size: tuple[int, int]
) -> None:
    async def run(pilot: Pilot[None]) -> None:
        await shows(pilot, "in flight")
        await pilot.press("question_mark")
        await shows(pilot, "reading the board")

    assert snap_compare(shell(), terminal_size=size, run_before=run)

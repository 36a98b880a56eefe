"""What the keys and the mouse do on the board."""

from __future__ import annotations

from dataclasses import replace

from textual.pilot import Pilot

from screens.board import Board
from screens.board_entry import EntryPage
from screens.prompt import TestView as PromptView
from screens.requests_page import OneRequest
from screens.shell import Shell
from tests.screens import scene
from tests.screens.conftest import MakeShell
from tests.screens.instance import FakeAdmin
from tests.screens.seen import row_with, rows, settled
from tests.screens.test_board import CHAINS_80


async def test_enter_opens_all_limits_of_the_entry(shell: MakeShell) -> None:
    app = shell()
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("enter")
        await settled(pilot)
        assert isinstance(app.screen, EntryPage)
        assert row_with(app, "rpd").rstrip().endswith("resets 00:00")
        assert row_with(app, "pool *:free · header")
        assert "13:41 429 Rate limit exceeded" in row_with(app, "last refusal")
        assert "18 served" in row_with(app, "today")
        await pilot.press("escape")
        assert isinstance(app.screen, Board)


async def test_tab_goes_to_the_requests_and_enter_opens_one(shell: MakeShell) -> None:
    app = shell()
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("tab", "down", "enter")
        await settled(pilot)
        assert isinstance(app.screen, OneRequest)
        assert row_with(app, "served by").endswith("groq/openai/gpt-oss-120b")


async def test_t_takes_the_entry_to_the_test_screen(shell: MakeShell) -> None:
    app = shell()
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("t")
        await settled(pilot)
        assert isinstance(app.screen, PromptView)
        assert "openrouter" in row_with(app, "send to")


async def _on_llama(app: Shell, pilot: Pilot[None]) -> None:
    await settled(pilot)
    assert isinstance(app.screen, Board)
    app.screen.chains.choose(f"free {scene.LLAMA}")
    await pilot.pause()


async def test_c_clears_what_a_refusal_said(shell: MakeShell) -> None:
    admin = FakeAdmin()
    app = shell(admin)
    async with app.run_test(size=(80, 24)) as pilot:
        await _on_llama(app, pilot)
        await pilot.press("c")
        await settled(pilot)
        assert ("clear", ("groq", "llama-3.3-70b-versatile")) in admin.calls
        assert row_with(app, "Cleared: groq is asked again with the next request.")


async def test_c_asks_before_it_goes_against_a_header(shell: MakeShell) -> None:
    admin = FakeAdmin()
    old = admin.entries[scene.LLAMA]
    gauges = (replace(old.gauges[0], source="header"), *old.gauges[1:])
    admin.put(replace(old, gauges=gauges))
    app = shell(admin)
    async with app.run_test(size=(80, 24)) as pilot:
        await _on_llama(app, pilot)
        await pilot.press("c")
        await settled(pilot)
        assert not admin.calls or admin.calls[-1][0] != "clear"
        assert row_with(app, "groq itself says: back 42s")
        await pilot.press("y")
        await settled(pilot)
        assert ("clear", ("groq", "llama-3.3-70b-versatile")) in admin.calls


async def test_c_on_a_usable_entry_says_why_not(shell: MakeShell) -> None:
    admin = FakeAdmin()
    app = shell(admin)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("c")
        await settled(pilot)
        assert row_with(app, "is usable here: nothing to clear.")
        assert not [call for call in admin.calls if call[0] == "clear"]


async def test_y_copies_the_address(shell: MakeShell) -> None:
    app = shell()
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("y")
        await pilot.pause()
        assert app.clipboard == "http://127.0.0.1:4290/v1"
        assert row_with(app, "Copied the base URL")


async def test_m_shows_one_chain_alone(shell: MakeShell) -> None:
    app = shell()
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("m")
        await settled(pilot)
        seen = "\n".join(rows(app))
        assert "last requests" not in seen
        assert " code " not in seen
        await pilot.press("m")
        await settled(pilot)
        assert rows(app)[5:] == CHAINS_80


async def test_a_click_puts_the_cursor_on_an_entry_and_two_open_it(shell: MakeShell) -> None:
    app = shell()
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.click("ChainList", offset=(10, 4))
        assert isinstance(app.screen, Board)
        assert app.screen.chains.entry == scene.GEMINI
        await pilot.click("ChainList", offset=(10, 4), times=2)
        await settled(pilot)
        assert isinstance(app.screen, EntryPage)

"""Where a terminal has no other letters, none are sent: every screen, dialog and page."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.screens.conftest import MakeShell
from tests.screens.instance import FakeAdmin
from tests.screens.seen import rows, settled, shows

SIZES = [(80, 24), (120, 40)]
STATES: tuple[tuple[str, Sequence[str], str], ...] = (
    ("board", (), "last requests"),
    ("board", ("question_mark",), "reading the board"),
    ("board", ("m",), "free"),
    ("board", ("y",), "Copied"),
    ("board", ("ctrl+p",), "type to filter"),
    ("chains", (), "the next request"),
    ("chains", ("enter",), "openrouter"),
    ("chains", ("a",), "esc close"),
    ("chains", ("J",), "moved"),
    ("chains", ("n",), "new chain"),
    ("requests", (), "served by"),
    ("requests", ("down", "down", "enter"), "in its own words"),
    ("requests", ("b",), "Bodies are off"),
    ("requests", ("x",), "export the requests"),
    ("requests", ("tab", "tab", "enter"), "chain"),
    ("requests", ("question_mark",), "timeline"),
    ("test", (), "Type a question"),
    ("test", ("tab", "enter"), "send to"),
    ("providers", (), "keys work"),
    ("providers", ("a",), "add a provider"),
    ("providers", ("enter",), "API key"),
    ("providers", ("m",), "models of"),
    ("providers", ("r",), "works, 18"),
    ("providers", ("down", "down", "down", "d"), "used in"),
    ("stats", (), "by provider"),
    ("stats", ("x",), "export the statistics"),
    ("stats", ("p", "p"), "an hour"),
)


def foreign(text: str) -> str:
    return "".join(sorted({letter for letter in text if not letter.isascii()}))


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40"])
@pytest.mark.parametrize("mode, keys, waits_for", STATES)
async def test_nothing_but_ascii_is_painted(
    shell: MakeShell, size: tuple[int, int], mode: str, keys: Sequence[str], waits_for: str
) -> None:
    app = shell(symbols="ascii", mode=mode)
    async with app.run_test(size=size) as pilot:
        await settled(pilot)
        await pilot.press(*keys)
        text = await shows(pilot, waits_for)
        assert [row for row in rows(app) if not row.isascii()] == [], foreign(text)


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40"])
async def test_nor_at_the_first_start(shell: MakeShell, size: tuple[int, int]) -> None:
    app = shell(FakeAdmin(empty=True), symbols="ascii")
    async with app.run_test(size=size) as pilot:
        text = await shows(pilot, "works, ", "2 first chain", "`=>")
        assert text.isascii(), foreign(text)
        await pilot.press("tab", "tab", "enter")
        text = await shows(pilot, "Ready.")
        assert text.isascii(), foreign(text)


async def test_foreign_text_stays_what_it_is(shell: MakeShell) -> None:
    admin = FakeAdmin()
    admin.order = {"wasserfälle": admin.order["free"]}
    app = shell(admin, symbols="ascii")
    async with app.run_test(size=(80, 24)) as pilot:
        assert "wasserfälle" in await shows(pilot, "last requests", "usable")

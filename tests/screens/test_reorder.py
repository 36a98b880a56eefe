from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual import events
from textual.pilot import Pilot

from app.contract import AdminError
from screens.chains import ChainsView
from screens.reorder import moved
from screens.shell import Shell
from tests.screens import scene
from tests.screens.acts import drag, drop, mouse
from tests.screens.conftest import MakeShell
from tests.screens.instance import FakeAdmin
from tests.screens.seen import rows, seen, until

FIRST = 6
"""The row of the screen where the first entry stands."""


@pytest.mark.parametrize(
    "key, to, after",
    [("a", 2, "bca"), ("c", 0, "cab"), ("b", 1, "abc"), ("a", 9, "bca"), ("c", -4, "cab")],
)
def test_moved(key: str, to: int, after: str) -> None:
    assert "".join(moved("abc", key, to)) == after


@given(st.lists(st.text(max_size=3), unique=True, min_size=1), st.data())
def test_moving_loses_nothing(order: list[str], data: st.DataObject) -> None:
    key = data.draw(st.sampled_from(order))
    to = data.draw(st.integers(-2, len(order) + 2))
    after = moved(order, key, to)
    assert sorted(after) == sorted(order)
    assert after.index(key) == max(0, min(len(order) - 1, to))
    assert [one for one in after if one != key] == [one for one in order if one != key]


async def opened(pilot: Pilot[Any], app: Shell) -> ChainsView:
    view = app.screen
    assert isinstance(view, ChainsView)
    await until(pilot, lambda: "1 cerebras" in seen(app))
    return view


def changes(admin: FakeAdmin) -> list[object]:
    return [what for method, what in admin.calls if method == "change_chain"]


async def test_a_drag_moves_live_and_saves_once(shell: MakeShell) -> None:
    admin = FakeAdmin()
    app = shell(admin, mode="chains")
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, app)
        await mouse(pilot, events.MouseDown, 20, FIRST + 2)
        lifted = rows(app)
        assert lifted[FIRST + 2].startswith("▐ ┗━▶ ⇕ openrouter/")
        assert "to 3   drop saves   esc puts it back" in lifted[23]
        await mouse(pilot, events.MouseMove, 20, FIRST + 1)
        moving = rows(app)
        assert moving[FIRST + 1].startswith("▐ ┗━▶ ⇕ openrouter/")
        assert moving[FIRST + 2].startswith("  ┊ × 3 groq/")
        assert "to 2   drop saves" in moving[23]
        assert "skips cerebras (rph, 26 min), is served by openrouter" in seen(app)
        assert changes(admin) == []
        await drop(pilot, 20, FIRST + 1)
        await until(pilot, lambda: changes(admin))
        order = (scene.CEREBRAS, scene.OPENROUTER, scene.LLAMA, *scene.FREE[3:])
        assert changes(admin) == [("free", {"entries": list(order)})]
        assert admin.order["free"] == order
        await until(pilot, lambda: "openrouter moved to 2 · ctrl+z undoes" in seen(app))
        assert rows(app)[FIRST + 1].startswith("▌ ┗━▶ 2 openrouter/")
        assert "openrouter moved from 3 to 2" in seen(app)
        assert rows(app)[23].startswith(" J K move")


async def test_a_drop_at_the_old_place_saves_nothing(shell: MakeShell) -> None:
    admin = FakeAdmin()
    app = shell(admin, mode="chains")
    async with app.run_test(size=(80, 24)) as pilot:
        view = await opened(pilot, app)
        await drag(pilot, (20, FIRST), (20, FIRST + 3), (20, FIRST))
        await drop(pilot, 20, FIRST)
        await pilot.pause()
        assert changes(admin) == []
        assert not view.entries.is_held
        assert "moved" not in rows(app)[21]


@pytest.mark.parametrize("way", ["escape", "second button"])
async def test_a_drag_can_be_put_back(shell: MakeShell, way: str) -> None:
    admin = FakeAdmin()
    app = shell(admin, mode="chains")
    async with app.run_test(size=(80, 24)) as pilot:
        view = await opened(pilot, app)
        before = rows(app)[5:13]
        await drag(pilot, (20, FIRST + 2), (20, FIRST + 5))
        assert view.entries.shown_order[-1] == scene.OPENROUTER
        if way == "escape":
            await pilot.press("escape")
        else:
            await mouse(pilot, events.MouseDown, 20, FIRST + 5, button=3)
        await drop(pilot, 20, FIRST + 5)
        await pilot.pause()
        assert rows(app)[5:13] == before
        assert changes(admin) == []
        assert app.mouse_captured is None


async def test_a_lost_release_drops(shell: MakeShell) -> None:
    admin = FakeAdmin()
    app = shell(admin, mode="chains")
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, app)
        await drag(pilot, (20, FIRST + 2), (20, FIRST + 3))
        await mouse(pilot, events.MouseMove, 20, FIRST + 5, button=0)
        await until(pilot, lambda: changes(admin))
        assert admin.order["free"].index(scene.OPENROUTER) == 3
        assert app.mouse_captured is None


async def test_a_pointer_beyond_the_list_means_its_end(shell: MakeShell) -> None:
    admin = FakeAdmin()
    app = shell(admin, mode="chains")
    async with app.run_test(size=(80, 24)) as pilot:
        view = await opened(pilot, app)
        await drag(pilot, (20, FIRST + 2), (20, 22))
        assert view.entries.shown_order[-1] == scene.OPENROUTER
        await mouse(pilot, events.MouseMove, 20, 0)
        assert view.entries.shown_order[0] == scene.OPENROUTER
        await drop(pilot, 20, 0)
        await until(pilot, lambda: changes(admin))
        assert admin.order["free"][0] == scene.OPENROUTER


async def test_a_long_chain_scrolls_under_a_held_row(shell: MakeShell) -> None:
    admin = FakeAdmin()
    admin.order["free"] = tuple(f"groq/model-{number:02}" for number in range(40))
    for entry in admin.order["free"]:
        admin.put(scene.limits(entry, "available"))
    app = shell(admin, mode="chains")
    async with app.run_test(size=(80, 24)) as pilot:
        view = app.screen
        assert isinstance(view, ChainsView)
        await until(pilot, lambda: "groq/model-00" in seen(app))
        await drag(pilot, (20, FIRST), (20, 23))
        await until(pilot, lambda: view.entries.shown_order.index("groq/model-00") > 20)
        assert any(row.startswith("▐") for row in rows(app))
        await mouse(pilot, events.MouseMove, 20, FIRST + 1)
        await drop(pilot, 20, FIRST + 1)
        await until(pilot, lambda: changes(admin))
        assert len(admin.order["free"]) == 40


async def test_numbers_live_on_during_a_drag_but_the_order_does_not(shell: MakeShell) -> None:
    admin = FakeAdmin()
    app = shell(admin, mode="chains")
    async with app.run_test(size=(80, 24)) as pilot:
        view = await opened(pilot, app)
        await drag(pilot, (20, FIRST + 2), (20, FIRST + 1))
        held = view.entries.shown_order
        admin.order["free"] = tuple(reversed(scene.FREE))
        admin.put(
            scene.limits(scene.GEMINI, "tracking", scene.gauge("rpd", 2, 20, scene.after(99)))
        )
        app.look_again()
        await until(pilot, lambda: "2/20 rpd" in seen(app))
        assert view.entries.shown_order == held


async def test_keys_in_quick_succession_are_one_change(
    shell: MakeShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("screens.reorder.JOINED", 60.0)
    admin = FakeAdmin()
    app = shell(admin, mode="chains")
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, app)
        await pilot.press("K", "shift+up")
        assert changes(admin) == []
        assert rows(app)[FIRST].startswith("▌ ┗━▶ 1 openrouter/")
        monkeypatch.setattr("screens.reorder.JOINED", 0.05)
        await pilot.press("alt+down")
        await until(pilot, lambda: changes(admin))
        await until(pilot, lambda: "openrouter moved to 2 · ctrl+z undoes" in seen(app))
        assert len(changes(admin)) == 1
        await pilot.press("ctrl+z")
        await until(pilot, lambda: admin.order["free"] == scene.FREE)
        await until(pilot, lambda: "Undone: openrouter moved from 3 to 2." in seen(app))


@pytest.mark.parametrize(
    "key, place", [("J", 3), ("alt+down", 3), ("shift+down", 3), ("K", 1), ("alt+up", 1)]
)
async def test_keys_that_move(shell: MakeShell, key: str, place: int) -> None:
    app = shell(mode="chains")
    async with app.run_test(size=(80, 24)) as pilot:
        view = await opened(pilot, app)
        await pilot.press(key)
        assert view.entries.shown_order.index(scene.OPENROUTER) == place
        await pilot.press("u")
        assert view.entries.shown_order == scene.FREE


async def test_a_move_by_keys_is_written_before_the_interface_is_left(shell: MakeShell) -> None:
    admin = FakeAdmin()
    app = shell(admin, mode="chains")
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, app)
        await pilot.press("J", "ctrl+q")
        await until(pilot, lambda: changes(admin))
        assert admin.order["free"].index(scene.OPENROUTER) == 3


async def test_leaving_the_row_ends_the_move(shell: MakeShell) -> None:
    admin = FakeAdmin()
    app = shell(admin, mode="chains")
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, app)
        await pilot.press("J", "up")
        await until(pilot, lambda: changes(admin))
        assert admin.order["free"].index(scene.OPENROUTER) == 3


async def test_a_config_that_moved_shows_its_order(shell: MakeShell) -> None:
    admin = FakeAdmin()
    app = shell(admin, mode="chains")
    async with app.run_test(size=(80, 24)) as pilot:
        view = await opened(pilot, app)
        await drag(pilot, (20, FIRST + 2), (20, FIRST))
        admin.order["free"] = (scene.GEMINI, scene.OPENROUTER)
        admin.move_config()
        await drop(pilot, 20, FIRST)
        await until(pilot, lambda: "config.toml was changed outside; your move was" in seen(app))
        await until(pilot, lambda: view.entries.shown_order == (scene.GEMINI, scene.OPENROUTER))
        assert admin.order["free"] == (scene.GEMINI, scene.OPENROUTER)


async def test_a_move_that_cannot_be_written_is_shown_as_not_made(shell: MakeShell) -> None:
    admin = FakeAdmin()
    admin.refuse["change_chain"] = AdminError(
        "Not written",
        "Not saved: config.toml cannot be written.",
        "Fix the file's mode.",
        status=409,
    )
    app = shell(admin, mode="chains")
    async with app.run_test(size=(80, 24)) as pilot:
        view = await opened(pilot, app)
        await drag(pilot, (20, FIRST + 2), (20, FIRST))
        await drop(pilot, 20, FIRST)
        await until(pilot, lambda: "Not saved: config.toml cannot be written." in seen(app))
        await until(pilot, lambda: view.entries.shown_order == scene.FREE)

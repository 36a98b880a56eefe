from __future__ import annotations

import asyncio
from typing import Any

from textual import events
from textual.pilot import Pilot

from app.contract import AdminError
from app.snapshot import ListedModel
from screens.chains import ChainsView
from screens.picker import Picker
from screens.picker_lists import offered
from screens.shell import Shell
from tests.screens import scene
from tests.screens.conftest import MakeShell
from tests.screens.instance import FakeAdmin
from tests.screens.seen import rows, seen, until


def model(id: str, free: bool | None) -> ListedModel:
    return ListedModel(id, None, None, None, None, free, ())


def test_free_ones_stand_first_and_paid_ones_last() -> None:
    models = [
        model("a-paid", False),
        model("b", None),
        model("c-free", True),
        model("d-free", True),
    ]
    assert [one.id for one in offered(models, "")] == ["c-free", "d-free", "b", "a-paid"]
    assert [one.id for one in offered(models, "FREE")] == ["c-free", "d-free"]


async def picking(pilot: Pilot[Any], app: Shell, *keys: str) -> Picker:
    view = app.screen
    assert isinstance(view, ChainsView)
    await until(pilot, lambda: "1 cerebras" in seen(app) and view.providers)
    await pilot.press(*keys, "a")
    await until(pilot, lambda: isinstance(app.screen, Picker))
    assert isinstance(app.screen, Picker)
    return app.screen


async def test_marks_are_added_in_their_order_below_the_cursor(shell: MakeShell) -> None:
    admin = FakeAdmin()
    app = shell(admin, mode="chains")
    async with app.run_test(size=(80, 24)) as pilot:
        await picking(pilot, app, "up")
        await until(pilot, lambda: "kimi-k2" in seen(app))
        # The first one is in the chain already: it cannot be marked.
        assert "in it" in seen(app)
        await pilot.press("space", "down", "down", "space", "up", "up", "space")
        assert "2 marked" in seen(app)
        await pilot.press("enter")
        await until(pilot, lambda: len(admin.order["free"]) == 8)
        assert admin.order["free"][1:4] == (
            scene.LLAMA,
            "groq/llama-3.1-8b-instant",
            "groq/openai/gpt-oss-120b",
        )
        await until(pilot, lambda: "Added 2 entries to free · ctrl+z undoes" in seen(app))
        fresh = ("▌ ┊ ● 4 groq/", "▌ ┊ ○ 4 groq/")
        await until(pilot, lambda: any(row.startswith(fresh) for row in rows(app)))


async def test_typing_filters_and_enter_adds_one(shell: MakeShell) -> None:
    admin = FakeAdmin()
    app = shell(admin, mode="chains")
    async with app.run_test(size=(80, 24)) as pilot:
        await picking(pilot, app)
        await until(pilot, lambda: "kimi-k2" in seen(app))
        await pilot.press(*"kim")
        assert "qwen3-32b" not in seen(app)
        await pilot.press("enter")
        await until(pilot, lambda: "openrouter/kimi-k2" in admin.order["free"])
        assert admin.order["free"].index("openrouter/kimi-k2") == 3


async def test_another_provider(shell: MakeShell) -> None:
    admin = FakeAdmin()
    app = shell(admin, mode="chains")
    async with app.run_test(size=(80, 24)) as pilot:
        picker = await picking(pilot, app)
        await pilot.press("tab", "home", "enter")
        await until(pilot, lambda: ("models", "cerebras") in admin.calls)
        await until(pilot, lambda: "▌ × cerebras" in seen(app))
        await pilot.press(*"8b", "enter")
        await until(pilot, lambda: "cerebras/llama-3.1-8b-instant" in admin.order["free"])
        assert app.screen is not picker


async def test_a_list_that_does_not_come(shell: MakeShell) -> None:
    admin = FakeAdmin()
    admin.hold["models"] = asyncio.Event()
    app = shell(admin, mode="chains")
    async with app.run_test(size=(80, 24)) as pilot:
        await picking(pilot, app)
        await until(pilot, lambda: "asking openrouter for its models …" in seen(app))
        admin.refuse["models"] = AdminError(
            "No model list", "openrouter did not answer (timeout 10 s).", status=502
        )
        admin.hold.pop("models").set()
        await until(pilot, lambda: "by hand" in seen(app))
        assert "openrouter did not answer (timeout 10 s)." in seen(app)
        # A model's id by hand.
        await pilot.press(*"my/model", "space", "ctrl+u")
        await until(pilot, lambda: "press r." in seen(app))
        # The first letter r asks again.
        del admin.refuse["models"]
        await pilot.press("r")
        await until(pilot, lambda: "5 models, 3 free · 1 marked" in seen(app))
        await pilot.press("enter")
        await until(pilot, lambda: "openrouter/my/model" in admin.order["free"])


async def test_a_pasted_id_and_the_mouse(shell: MakeShell) -> None:
    admin = FakeAdmin()
    app = shell(admin, mode="chains")
    async with app.run_test(size=(80, 24)) as pilot:
        picker = await picking(pilot, app)
        await until(pilot, lambda: "kimi-k2" in seen(app))
        assert picker.focused is not None
        picker.focused.post_message(events.Paste("new/one\n"))
        await until(pilot, lambda: "as typed: new/one" in seen(app))
        await pilot.press("ctrl+u")
        at = next(y for y, row in enumerate(rows(app)) if "qwen3-32b" in row)
        await pilot.click(offset=(24, at))
        await until(pilot, lambda: "1 marked" in seen(app))
        await pilot.click(offset=(35, at), times=2)
        await until(pilot, lambda: "openrouter/qwen3-32b" in admin.order["free"])


async def test_escape_adds_nothing_and_gives_the_focus_back(shell: MakeShell) -> None:
    admin = FakeAdmin()
    app = shell(admin, mode="chains")
    async with app.run_test(size=(80, 24)) as pilot:
        view = app.screen
        assert isinstance(view, ChainsView)
        await picking(pilot, app)
        await pilot.press("space", "escape")
        await until(pilot, lambda: app.screen is view)
        assert view.entries.has_focus
        assert admin.order["free"] == scene.FREE


def test_picture_of_the_picker(snap_compare: Any, shell: MakeShell) -> None:
    app = shell(mode="chains")

    async def ready(pilot: Pilot[Any]) -> None:
        await picking(pilot, app, "up")
        await until(pilot, lambda: "kimi-k2" in seen(app))
        await pilot.press("down", "space", "l")

    assert snap_compare(app, run_before=ready)


def test_picture_of_a_failed_list(snap_compare: Any, shell: MakeShell) -> None:
    admin = FakeAdmin()
    admin.refuse["models"] = AdminError(
        "No model list", "groq did not answer (timeout 10 s).", status=502
    )
    app = shell(admin, mode="chains")

    async def ready(pilot: Pilot[Any]) -> None:
        await picking(pilot, app, "up")
        await until(pilot, lambda: "press r." in seen(app))

    assert snap_compare(app, terminal_size=(120, 40), run_before=ready)

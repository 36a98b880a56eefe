from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from typing import Any

from textual import events
from textual.pilot import Pilot

from app.contract import AdminError
from app.snapshot import Check
from screens.add_provider import AddProvider
from screens.shell import Shell
from tests.screens import scene
from tests.screens.conftest import Elapsed, MakeShell
from tests.screens.instance import FakeAdmin
from tests.screens.seen import seen, until

KEY = "co-0123456789abcdefghijklmnop4d7e"
WORKS = Check(True, "lists 23 models", 23, (), scene.NOW, key_tested=True)
REFUSED = Check(False, "401: invalid api token", None, (), scene.NOW)


async def adding(pilot: Pilot[Any], app: Shell, wanted: str = "cohe") -> AddProvider:
    await until(pilot, lambda: "keys work" in seen(app))
    await pilot.press("a")
    await until(pilot, lambda: "of 12 presets" in seen(app))
    await pilot.press(*wanted, "enter")
    assert isinstance(app.screen, AddProvider)
    return app.screen


async def paste(pilot: Pilot[Any], app: Shell, text: str) -> None:
    assert app.screen.focused is not None
    app.screen.focused.post_message(events.Paste(text))
    await pilot.pause()


async def test_a_pasted_key_is_masked_tested_and_added(shell: MakeShell, elapsed: Elapsed) -> None:
    admin = FakeAdmin()
    admin.checks["cohere"] = WORKS
    admin.hold["check"] = asyncio.Event()
    app = shell(admin, mode="providers")
    async with app.run_test(size=(80, 24)) as pilot:
        await adding(pilot, app)
        await paste(pilot, app, f"{KEY}\n")
        assert f"{'•' * 24}…4d7e" in seen(app)
        assert "co-0123" not in seen(app)
        await until(pilot, lambda: "◔ asking cohere …" in seen(app))
        elapsed.go_on(0.41)
        admin.hold.pop("check").set()
        await until(pilot, lambda: "● the key works · 23 models · 0.41s" in seen(app))
        await pilot.press("enter")
        await until(pilot, lambda: "Added cohere. m picks models into a chain" in seen(app))
        assert ("add_provider", {"id": "cohere", "preset": "cohere", "api_key": KEY}) in admin.calls
        assert "cohere" in admin.configured
        await until(pilot, lambda: "▌○ cohere" in seen(app))


async def test_a_refused_key_and_another_one(shell: MakeShell) -> None:
    admin = FakeAdmin()
    admin.checks["cohere"] = REFUSED
    app = shell(admin, mode="providers")
    async with app.run_test(size=(80, 24)) as pilot:
        await adding(pilot, app)
        await paste(pilot, app, KEY)
        await until(pilot, lambda: "× cohere says 401: invalid api token." in seen(app))
        admin.checks["cohere"] = WORKS
        await pilot.press("ctrl+u")
        await paste(pilot, app, KEY.replace("4d7e", "9999"))
        await until(pilot, lambda: "the key works" in seen(app))
        changed = ("cohere", {"api_key": KEY.replace("4d7e", "9999")})
        assert ("change_provider", changed) in admin.calls


async def test_closing_leaves_nothing_behind(shell: MakeShell) -> None:
    admin = FakeAdmin()
    admin.checks["cohere"] = REFUSED
    app = shell(admin, mode="providers")
    async with app.run_test(size=(80, 24)) as pilot:
        await adding(pilot, app)
        await paste(pilot, app, KEY)
        await until(pilot, lambda: "cohere says 401" in seen(app))
        assert "cohere" in admin.configured
        await pilot.press("escape")
        await until(pilot, lambda: "cohere" not in admin.configured)
        await until(pilot, lambda: "keys work" in seen(app))
        assert list(app.journal) == []


async def test_closing_after_somebody_else_wrote(shell: MakeShell) -> None:
    admin = FakeAdmin()
    admin.checks["cohere"] = REFUSED
    app = shell(admin, mode="providers")
    async with app.run_test(size=(80, 24)) as pilot:
        await adding(pilot, app)
        await paste(pilot, app, KEY)
        await until(pilot, lambda: "cohere says 401" in seen(app))
        admin.move_config()
        await until(pilot, lambda: app.feed.latest and app.feed.latest.version == admin.version)
        admin.refuse["undo"] = AdminError("The config moved", "It moved.", status=412)
        await pilot.press("escape")
        await until(pilot, lambda: "cohere" not in admin.configured)


async def test_adding_untested(shell: MakeShell) -> None:
    admin = FakeAdmin()
    app = shell(admin, mode="providers")
    async with app.run_test(size=(80, 24)) as pilot:
        await adding(pilot, app)
        await pilot.press(*"co-typed-by-hand", "tab", "enter")
        await until(pilot, lambda: "Added cohere, not tested." in seen(app))
        assert not any(name == "check" for name, _ in admin.calls)
        assert "cohere" in admin.configured


async def test_a_key_is_asked_for(shell: MakeShell) -> None:
    admin = FakeAdmin()
    app = shell(admin, mode="providers")
    async with app.run_test(size=(80, 24)) as pilot:
        await adding(pilot, app)
        await pilot.press("enter")
        await until(pilot, lambda: "Paste a key first." in seen(app))
        assert "cohere" not in admin.configured


async def test_a_variable_that_is_set_is_enough(shell: MakeShell) -> None:
    admin = FakeAdmin()
    admin.known = (
        *admin.known[:-5],
        replace(scene.preset("cohere", found=True)),
        *admin.known[-4:],
    )
    admin.checks["cohere"] = WORKS
    app = shell(admin, mode="providers")
    async with app.run_test(size=(80, 24)) as pilot:
        await adding(pilot, app)
        assert "COHERE_API_KEY is set: empty uses it" in seen(app)
        await pilot.press("enter")
        await until(pilot, lambda: "the key works" in seen(app))
        assert ("add_provider", {"id": "cohere", "preset": "cohere"}) in admin.calls


async def test_a_server_of_ones_own(shell: MakeShell) -> None:
    admin = FakeAdmin()
    admin.checks["openai-compatible"] = Check(True, "lists 18 models", 18, (), scene.NOW)
    app = shell(admin, mode="providers")
    async with app.run_test(size=(80, 24)) as pilot:
        await adding(pilot, app, "compat")
        assert "base URL" in seen(app)
        await pilot.press("ctrl+u", *"http://127.0.0.1:8000/v1", "enter", "enter")
        await until(pilot, lambda: "it answers · 18 models" in seen(app))
        new = {
            "id": "openai-compatible",
            "preset": "openai-compatible",
            "base_url": "http://127.0.0.1:8000/v1",
        }
        assert ("add_provider", new) in admin.calls


async def test_a_wrong_field_is_named_and_focused(shell: MakeShell) -> None:
    admin = FakeAdmin()
    admin.refuse["add_provider"] = AdminError("Bad", "No such id.", "another one", "id")
    app = shell(admin, mode="providers")
    async with app.run_test(size=(80, 24)) as pilot:
        await adding(pilot, app)
        await paste(pilot, app, KEY)
        await until(pilot, lambda: "No such id. another one" in seen(app))
        await until(pilot, lambda: "▌cohere█" in seen(app))


async def test_those_added_come_last_and_get_an_id_of_their_own(shell: MakeShell) -> None:
    app = shell(mode="providers")
    async with app.run_test(size=(80, 24)) as pilot:
        await adding(pilot, app, "groq")
        assert re.search(r"groq +added", seen(app))
        assert " groq-2" in seen(app)


async def test_the_link_is_copied(shell: MakeShell) -> None:
    app = shell(mode="providers")
    async with app.run_test(size=(80, 24)) as pilot:
        await adding(pilot, app)
        await pilot.press("ctrl+y")
        assert app.clipboard == "https://dashboard.cohere.com/api-keys"


def test_picture(snap_compare: Any, shell: MakeShell, elapsed: Elapsed) -> None:
    admin = FakeAdmin()
    admin.checks["cohere"] = WORKS
    app = shell(admin, mode="providers")

    async def ready(pilot: Pilot[Any]) -> None:
        await adding(pilot, app, "co")
        await paste(pilot, app, KEY)
        await until(pilot, lambda: "the key works" in seen(app))

    assert snap_compare(app, run_before=ready)


def test_picture_with_a_refusal(snap_compare: Any, shell: MakeShell) -> None:
    admin = FakeAdmin()
    admin.checks["cohere"] = REFUSED
    app = shell(admin, mode="providers", theme="429-light")

    async def ready(pilot: Pilot[Any]) -> None:
        await adding(pilot, app, "co")
        await paste(pilot, app, KEY)
        await until(pilot, lambda: "cohere says 401" in seen(app))

    assert snap_compare(app, terminal_size=(120, 40), run_before=ready)


async def test_closing_while_it_is_written_leaves_nothing_behind(shell: MakeShell) -> None:
    admin = FakeAdmin()
    admin.hold["add_provider"] = asyncio.Event()
    app = shell(admin, mode="providers")
    async with app.run_test(size=(80, 24)) as pilot:
        await adding(pilot, app)
        await pilot.press(*"co-key", "enter", "escape")
        await until(pilot, lambda: any(name == "add_provider" for name, _ in admin.calls))
        admin.hold.pop("add_provider").set()
        await until(pilot, lambda: "of 12 presets" not in seen(app))
        assert "cohere" not in admin.configured


async def test_entering_twice_adds_once(shell: MakeShell) -> None:
    admin = FakeAdmin()
    app = shell(admin, mode="providers")
    async with app.run_test(size=(80, 24)) as pilot:
        await adding(pilot, app)
        await pilot.press(*"co-key", "tab", "enter", "enter")
        await until(pilot, lambda: "Added cohere, not tested." in seen(app))
        assert [name for name, _ in admin.calls].count("add_provider") == 1

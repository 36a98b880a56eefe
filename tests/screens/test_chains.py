from __future__ import annotations

import tomllib
from dataclasses import replace
from typing import Any

import pytest
from textual import events
from textual.pilot import Pilot

from app.contract import AdminError
from app.snapshot import ListedModel, ModelList
from screens.chains import ChainsView
from screens.chains_words import as_toml, dry_run, landing_of, nearest, wrapped
from screens.field import Field
from screens.shell import Shell
from tests.screens import scene
from tests.screens.acts import mouse
from tests.screens.conftest import MakeShell
from tests.screens.instance import FakeAdmin
from tests.screens.seen import rows, seen, until


async def opened(pilot: Pilot[Any], app: Shell) -> ChainsView:
    view = app.screen
    assert isinstance(view, ChainsView)
    await until(pilot, lambda: "1 cerebras" in seen(app) and view.providers)
    return view


def acts(admin: FakeAdmin) -> list[tuple[str, object]]:
    return [call for call in admin.calls if call[0] not in ("models", "stats")]


# Words.


async def a_chain(admin: FakeAdmin, order: tuple[str, ...] = scene.FREE):
    admin.order["free"] = order
    return await admin.chain("free")


async def said(admin: FakeAdmin, order: tuple[str, ...]) -> str:
    chain = await a_chain(admin, order)
    return "".join(text for text, _, _ in dry_run(order, chain, admin.entries, scene.NOW))


async def test_the_dry_run_says_who_is_skipped_and_who_serves() -> None:
    admin = FakeAdmin()
    assert await said(admin, scene.FREE) == (
        "skips cerebras (rph, 26 min) and groq (tpm, 42s), is served by openrouter"
    )
    assert await said(admin, (scene.GEMINI,)) == "is served by gemini"
    assert await said(admin, (scene.ZAI, scene.MISTRAL, scene.NVIDIA, scene.LAB)) == (
        "skips zai (no key), mistral (cooling, 38s) and nvidia (down, 12s), is served by lab"
    )
    # Two of one provider are told apart.
    assert await said(admin, (scene.LLAMA, scene.GPT)) == (
        "skips groq/llama-3.3-70b-versatile (tpm, 42s), is served by groq/gpt-oss-120b"
    )


async def test_the_dry_run_of_a_chain_that_is_out() -> None:
    admin = FakeAdmin()
    assert await said(admin, (scene.CEREBRAS, scene.LLAMA)) == (
        f"nobody can serve now; {scene.LLAMA} is first back, in 42s"
    )
    assert await said(admin, (scene.ZAI,)) == "no entry can serve: 1 no key"
    assert await said(admin, ()) == "no entry yet: a adds one"


async def test_the_landing_of_a_tried_order() -> None:
    admin = FakeAdmin()
    chain = await a_chain(admin)
    assert landing_of(scene.FREE, chain, admin.entries) == scene.OPENROUTER
    tried = (scene.GEMINI, *(one for one in scene.FREE if one != scene.GEMINI))
    assert landing_of(tried, chain, admin.entries) == scene.GEMINI
    # The instance asks an entry whose guessed size is used up before anybody waits.
    guessed = replace(chain, next=scene.CEREBRAS)
    assert landing_of((scene.LLAMA, scene.CEREBRAS), guessed, admin.entries) == scene.CEREBRAS


def test_nearest_ids() -> None:
    listed = ["llama-3.1-8b-instant", "llama-3.3-70b", "gemma2-9b", "models/llama-4-70b-versatile"]
    found = nearest("llama-3.3-70b-versatile", listed)
    assert found[0] in ("llama-3.3-70b", "models/llama-4-70b-versatile")
    assert len(found) == 3
    assert nearest("x", []) == []


async def test_a_chain_as_toml_reads_back() -> None:
    admin = FakeAdmin()
    chain = await a_chain(admin, (scene.LLAMA, scene.MISTRAL, scene.LAB))
    admin.configured["groq"] = replace(
        admin.configured["groq"], limits={"rpm": 30}, timeouts={"first_token": 90.0}
    )
    told = as_toml(chain, (await admin.providers()).items)
    table = tomllib.loads(told)
    assert table["chains"]["free"]["entries"] == [scene.LLAMA, scene.MISTRAL, scene.LAB]
    assert set(table["providers"]) == {"groq", "mistral", "lab"}
    assert table["providers"]["groq"]["api_key"] == "env:GROQ_API_KEY"
    assert table["providers"]["groq"]["limits"] == {"rpm": 30}
    assert table["providers"]["groq"]["timeouts"] == {"first_token": "90s"}
    # A key that stands in the file itself becomes the name of its variable.
    assert table["providers"]["mistral"]["api_key"] == "env:MISTRAL_API_KEY"
    assert "api_key" not in table["providers"]["lab"]
    assert "77zx" not in told


def test_wrapping_breaks_at_blanks() -> None:
    lines = wrapped([("skips one (a, b) and two,", "muted", ""), (" is served", "text", "")], 1, 14)
    texts = [" ".join(text for _, text, _, _ in line.runs) for line in lines]
    assert texts == ["skips one (a,", "b) and two,", "is served"]


# The screen.


async def test_tabs_by_keys_and_mouse(shell: MakeShell) -> None:
    app = shell(mode="chains")
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, app)
        await pilot.press("right_square_bracket")
        assert "2 nvidia" in rows(app)[7]
        assert "clients ask for model code" in rows(app)[3]
        await pilot.press("left_square_bracket")
        assert "1 cerebras" in rows(app)[6]
        await mouse(pilot, events.MouseDown, 15, 3)
        await mouse(pilot, events.MouseUp, 15, 3)
        await pilot.click(offset=(15, 3))
        await until(pilot, lambda: "2 nvidia" in rows(app)[7])


async def test_removing_and_undoing(shell: MakeShell) -> None:
    admin = FakeAdmin()
    app = shell(admin, mode="chains")
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, app)
        await pilot.press("down", "d")
        await until(pilot, lambda: scene.GEMINI not in admin.order["free"])
        told = f"Removed {scene.GEMINI} from free · ctrl+z undoes"
        await until(pilot, lambda: told in seen(app))
        await until(pilot, lambda: f"{scene.GEMINI} removed" in seen(app))
        await pilot.press("ctrl+z")
        await until(pilot, lambda: admin.order["free"] == scene.FREE)
        await until(pilot, lambda: f"Undone: {scene.GEMINI} removed." in seen(app))
        await until(pilot, lambda: "none in this session" in seen(app))


async def test_the_last_entry_of_the_default_chain_stays(shell: MakeShell) -> None:
    admin = FakeAdmin()
    admin.order["free"] = (scene.GEMINI,)
    app = shell(admin, mode="chains")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "1 gemini" in seen(app))
        await pilot.press("d")
        await until(pilot, lambda: "free is routing.default_chain" in seen(app))
        await pilot.press("X")
        assert acts(admin) == []


async def test_removing_the_last_entry_asks_for_the_chain(shell: MakeShell) -> None:
    admin = FakeAdmin()
    admin.order["code"] = (scene.GPT,)
    app = shell(admin, mode="chains")
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, app)
        await pilot.press("right_square_bracket", "d")
        await until(pilot, lambda: "code has no other entry. Delete the chain?" in seen(app))
        await pilot.press("enter")
        await pilot.pause()
        assert "code" in admin.order
        await pilot.press("d")
        await until(pilot, lambda: "Delete the chain?" in seen(app))
        await pilot.press("y")
        await until(pilot, lambda: "code" not in admin.order)
        await until(pilot, lambda: "1 cerebras" in seen(app))


async def test_space_switches_a_model_off_and_on(shell: MakeShell) -> None:
    admin = FakeAdmin()
    app = shell(admin, mode="chains")
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, app)
        await pilot.press("space")
        await until(pilot, lambda: admin.entries[scene.OPENROUTER].state == "off")
        model = scene.OPENROUTER.partition("/")[2]
        edit = ("openrouter", {"models": {model: {"enabled": False}}})
        assert ("change_provider", edit) in admin.calls
        await until(pilot, lambda: "Switched off openrouter/" in seen(app))
        await until(pilot, lambda: "disabled" in seen(app))
        await pilot.press("space")
        await until(pilot, lambda: admin.entries[scene.OPENROUTER].state == "tracking")


async def test_a_new_chain_is_made_with_its_entries(shell: MakeShell) -> None:
    admin = FakeAdmin()
    app = shell(admin, mode="chains")
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, app)
        await pilot.press("n", *"free", "enter")
        assert "There is a chain free already." in seen(app)
        await pilot.press("2", "enter")
        await until(pilot, lambda: "first entries of free2" in seen(app))
        assert admin.order.keys() == {"free", "code"}
        await until(pilot, lambda: "gpt-oss-120b" in seen(app))
        await pilot.press("enter")
        await until(pilot, lambda: admin.order.get("free2") == (scene.CEREBRAS,))
        await until(pilot, lambda: "clients ask for model free2" in seen(app))


async def test_rename_and_duplicate(shell: MakeShell) -> None:
    admin = FakeAdmin()
    app = shell(admin, mode="chains")
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, app)
        await pilot.press("right_square_bracket", "R", "ctrl+u", *"coding", "enter")
        await until(pilot, lambda: "coding" in admin.order and "code" not in admin.order)
        await until(pilot, lambda: "clients ask for model coding" in seen(app))
        await pilot.press("D", "enter")
        await until(pilot, lambda: admin.order.get("coding-copy") == scene.CODE)
        await until(pilot, lambda: "━┓ coding-copy ─" in seen(app))


async def test_a_gone_model_is_replaced_in_every_chain(shell: MakeShell) -> None:
    admin = FakeAdmin()
    admin.order["code"] = (*scene.CODE, scene.GEMINI)
    admin.put(scene.limits(scene.GEMINI, "off", reason="no-model"))
    ids = ("gemini-2.5-flash", "gemini-3-flash-lite", "gemini-2.5-pro", "embedding-001")
    listed = [ListedModel(id, None, None, None, None, True, ()) for id in ids]
    admin.lists["gemini"] = ModelList(tuple(listed), scene.NOW)
    app = shell(admin, mode="chains")
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, app)
        assert "off no-model" in seen(app)
        await pilot.press("down", "enter")
        await until(pilot, lambda: f"{scene.GEMINI} is listed no more" in seen(app))
        assert "embedding-001" not in seen(app)
        await pilot.press("enter")
        await until(pilot, lambda: scene.GEMINI not in admin.order["code"])
        fresh = admin.order["free"][3]
        assert fresh.startswith("gemini/gemini-")
        assert admin.order["code"][3] == fresh
        await until(pilot, lambda: "in free, code · ctrl+z" in seen(app))


async def test_enter_opens_the_entry(shell: MakeShell) -> None:
    app = shell(mode="chains")
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, app)
        await pilot.press("enter")
        assert "19 tried, 1 refused, 0 failed" in seen(app)
        await pilot.press("escape")
        assert app.screen.has_focus or app.screen.focused is not None
        assert "1 cerebras" in seen(app)


async def test_copying(shell: MakeShell) -> None:
    app = shell(mode="chains")
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, app)
        await pilot.press("y")
        assert tomllib.loads(app.clipboard)["chains"]["free"]["entries"] == list(scene.FREE)
        assert "Copied free and its providers as TOML" in seen(app)


async def test_a_write_on_a_moved_config_says_so(shell: MakeShell) -> None:
    admin = FakeAdmin()
    app = shell(admin, mode="chains")
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, app)
        admin.move_config()
        await pilot.press("d")
        await until(
            pilot, lambda: "config.toml was changed outside; nothing was saved" in seen(app)
        )
        assert admin.order["free"] == scene.FREE


async def test_the_focus_outlives_another_size(shell: MakeShell) -> None:
    app = shell(mode="chains")
    async with app.run_test(size=(80, 24)) as pilot:
        view = await opened(pilot, app)
        await pilot.press("down", "down")
        await pilot.resize_terminal(120, 40)
        await until(pilot, lambda: "entry 5" in seen(app))
        assert view.entries.has_focus
        assert view.entries.cursor == scene.MISTRAL
        await pilot.resize_terminal(60, 16)
        await until(
            pilot, lambda: any(row.startswith("▌") and "mistral" in row for row in rows(app))
        )


async def test_no_chain_yet(shell: MakeShell) -> None:
    admin = FakeAdmin()
    admin.order = {}
    app = shell(admin, mode="chains")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "no chain yet" in seen(app))
        await pilot.press("a")
        await until(pilot, lambda: "new chain" in seen(app))
        assert isinstance(app.screen.focused, Field)


async def test_an_instance_that_does_not_answer(shell: MakeShell) -> None:
    admin = FakeAdmin()
    admin.refuse["status"] = AdminError(
        "No answer", "Nothing answers.", "is it running?", status=503
    )
    app = shell(admin, mode="chains")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "Nothing answers." in seen(app))
        del admin.refuse["status"]
        await until(pilot, lambda: "1 cerebras" in seen(app))


async def test_hostile_names_reach_no_terminal(shell: MakeShell) -> None:
    admin = FakeAdmin()
    evil = "groq/\x1b[31m[bold]evil\u202e"
    admin.order["free"] = (evil, *scene.FREE)
    admin.put(scene.limits(evil, "available"))
    app = shell(admin, mode="chains")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "[bold]evil" in seen(app))
        assert "\x1b" not in seen(app)
        assert "\u202e" not in seen(app)


# Pictures.


def _changed(app: Shell) -> None:
    now = scene.NOW
    app.journal.note(
        "gemini/gemini-2.5-flash-lite added", now.replace(hour=13, minute=47), before="5", after="6"
    )
    app.journal.note("openrouter moved from 4 to 3", now.replace(minute=2), before="6", after="7")


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (60, 16)])
@pytest.mark.parametrize("theme", ["429-dark", "ansi-dark"])
def test_picture(snap_compare: Any, shell: MakeShell, size: tuple[int, int], theme: str) -> None:
    app = shell(mode="chains", theme=theme)

    async def ready(pilot: Pilot[Any]) -> None:
        view = await opened(pilot, app)
        _changed(app)
        if size[0] >= 120:
            await until(pilot, lambda: "131,072 tokens" in seen(app))
        view.tick(app.feed.latest)
        await pilot.pause()

    assert snap_compare(app, terminal_size=size, run_before=ready)


def test_picture_of_a_drag(snap_compare: Any, shell: MakeShell) -> None:
    app = shell(mode="chains")

    async def ready(pilot: Pilot[Any]) -> None:
        await opened(pilot, app)
        await mouse(pilot, events.MouseDown, 20, 8)
        await mouse(pilot, events.MouseMove, 20, 7)

    assert snap_compare(app, run_before=ready)


def test_picture_of_a_chain_that_is_out(snap_compare: Any, shell: MakeShell) -> None:
    admin = FakeAdmin()
    for entry in (scene.OPENROUTER, scene.GEMINI):
        spent = scene.gauge("rpd", 0, 50, scene.after(12))
        admin.put(scene.limits(entry, "exhausted", spent, reason="rpd", until=scene.after(12)))
    app = shell(admin, mode="chains", symbols="ascii")

    async def ready(pilot: Pilot[Any]) -> None:
        await opened(pilot, app)

    assert snap_compare(app, run_before=ready)


def test_picture_without_a_chain(snap_compare: Any, shell: MakeShell) -> None:
    admin = FakeAdmin()
    admin.order = {}
    app = shell(admin, mode="chains")

    async def ready(pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: "no chain yet" in seen(app))

    assert snap_compare(app, run_before=ready)

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from textual.pilot import Pilot

from app.contract import AdminError
from app.snapshot import Check, FreeLimit, SecretState
from screens.providers import ProvidersView
from screens.providers_edit import BadPair, changed_pairs, header_pairs, pairs
from screens.providers_words import free_words, key_words, state_of
from screens.shell import Shell
from screens.symbols import UNICODE
from tests.screens import scene
from tests.screens.conftest import Elapsed, MakeShell
from tests.screens.instance import FakeAdmin
from tests.screens.seen import rows, seen, until

WORKS = Check(True, "lists 18 models", 18, (), scene.NOW, key_tested=True)


async def opened(pilot: Pilot[Any], app: Shell, cursor: str = "groq") -> ProvidersView:
    view = app.screen
    assert isinstance(view, ProvidersView)
    await until(pilot, lambda: "keys work" in seen(app))
    for _ in range(("cerebras", "gemini", "groq", "lab", "mistral").index(cursor)):
        await pilot.press("down")
    return view


# Words.


def test_where_a_key_comes_from() -> None:
    groq, lab, zai = (scene.provider(id) for id in ("groq", "lab", "zai"))
    assert key_words(groq, "…") == ("env:GROQ_API_KEY", "…a1b2", "muted")
    assert key_words(scene.provider("mistral"), "…") == ("in config.toml", "…77zx", "muted")
    assert key_words(lab, "…") == ("no key needed", "", "muted")
    assert key_words(zai, "…") == ("env:ZAI_API_KEY", "unset", "low")
    assert key_words(replace(groq, reason="bad-key"), "…")[1:] == ("refused", "out")
    short = replace(groq, api_key=SecretState(True, "...", "file:/run/secrets/groq"))
    assert key_words(short, "…") == ("file:/run/secrets/groq", "set", "muted")


def test_the_state_of_all_models_together() -> None:
    groq = scene.provider("groq")

    def words(*states: str) -> tuple[str, str, str]:
        entries = [
            scene.limits(f"groq/{place}", state)  # pyright: ignore[reportArgumentType]
            for place, state in enumerate(states)
        ]
        return state_of(groq, entries, UNICODE)

    assert words("exhausted", "tracking") == ("▲", "1 of 2 out", "low")
    assert words("exhausted", "exhausted") == ("×", "exhausted", "out")
    assert words("exhausted", "down") == ("×", "2 of 2 out", "out")
    assert words("available", "tracking") == ("●", "tracking", "flow")
    assert words() == ("●", "tracking", "flow")


def test_free_words() -> None:
    model = [
        FreeLimit("model", "a*", {"rpm": 30, "rpd": 1000}),
        FreeLimit("model", "b*", {"rpm": 30, "rpd": 14_400}),
    ]
    assert free_words(model) == ["30 rpm, 1000 to 14K rpd a model"]
    pool = FreeLimit("pool", "*:free", {"rpm": 20, "rpd": 50})
    assert free_words([pool]) == ["20 rpm, 50 rpd for *:free"]
    account = FreeLimit("account", "*", {"rpm": 20, "rpmo": 1000})
    assert free_words([account]) == ["1000 requests a month, 20 rpm"]
    assert free_words([]) == []


def test_pairs() -> None:
    assert pairs("rpm=30, tpd=100000") == {"rpm": "30", "tpd": "100000"}
    assert changed_pairs({"rpm": "30", "tpm": "5"}, "rpm=40 rpd=9") == {
        "rpm": "40",
        "rpd": "9",
        "tpm": None,
    }
    assert changed_pairs({"rpm": "30"}, "rpm=30") == {}
    assert header_pairs("x-team: a; x-old:") == {"x-team": "a", "x-old": None}
    with pytest.raises(BadPair):
        pairs("rpm")
    with pytest.raises(BadPair):
        header_pairs("just words")


# The screen.


async def test_checking_a_key(shell: MakeShell, elapsed: Elapsed) -> None:
    admin = FakeAdmin()
    admin.checks["groq"] = WORKS
    admin.hold["check"] = asyncio.Event()
    app = shell(admin, mode="providers")
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, app)
        await pilot.press("r")
        await until(pilot, lambda: "checking" in rows(app)[7])
        admin.hold.pop("check").set()
        await until(pilot, lambda: "works, 18 models" in rows(app)[7])
        assert "checked just now" in seen(app)
        elapsed.go_on(5.1)
        await until(pilot, lambda: "1 of 2 out" in rows(app)[7])
        admin.checks["groq"] = Check(False, "key refused (401)", None, (), scene.NOW)
        await pilot.press("r")
        await until(pilot, lambda: "key refused" in rows(app)[7])
        await until(pilot, lambda: "groq: key refused (401)" in seen(app))


async def test_an_answer_that_says_nothing_of_the_key(shell: MakeShell) -> None:
    admin = FakeAdmin()
    told = "lists 18 models; its list is public, the key was not tested"
    admin.checks["groq"] = replace(WORKS, key_tested=False, detail=told)
    app = shell(admin, mode="providers")
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, app)
        await pilot.press("r")
        await until(pilot, lambda: "answers, 18" in rows(app)[7])
        await until(pilot, lambda: "key not tested: its model list is public" in seen(app))


async def test_clearing(shell: MakeShell) -> None:
    admin = FakeAdmin()
    app = shell(admin, mode="providers")
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, app)
        await pilot.press("c")
        told = "Cleared: groq is asked again with the next request."
        await until(pilot, lambda: told in seen(app))
        assert ("clear", ("groq", None)) in admin.calls
        await until(pilot, lambda: "tracking" in rows(app)[7])


async def test_a_used_provider_is_not_deleted(shell: MakeShell) -> None:
    admin = FakeAdmin()
    app = shell(admin, mode="providers")
    async with app.run_test(size=(80, 24)) as pilot:
        view = await opened(pilot, app)
        assert view.reason_against("remove")
        await pilot.press("d")
        told = "groq is used in free and code. Remove it there first."
        await until(pilot, lambda: told in seen(app))
        assert "groq" in admin.configured


async def test_deleting_asks_and_can_be_undone(shell: MakeShell) -> None:
    admin = FakeAdmin()
    admin.order["code"] = scene.CODE[:2]
    admin.configured["lab"] = replace(admin.configured["lab"], chains=())
    app = shell(admin, mode="providers")
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, app, "lab")
        await pilot.press("d")
        await until(pilot, lambda: "delete provider lab?" in seen(app))
        await pilot.press("enter")
        assert "lab" in admin.configured
        await pilot.press("d", "y")
        await until(pilot, lambda: "lab" not in admin.configured)
        await until(pilot, lambda: "Deleted the provider lab · ctrl+z undoes" in seen(app))
        await pilot.press("u")
        await until(pilot, lambda: "lab" in admin.configured)
        await until(pilot, lambda: "Undone: provider lab deleted." in seen(app))


async def test_switching_a_provider(shell: MakeShell) -> None:
    admin = FakeAdmin()
    app = shell(admin, mode="providers")
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, app)
        await pilot.press("space")
        await until(pilot, lambda: not admin.configured["groq"].enabled)
        await until(pilot, lambda: "Switched off groq · ctrl+z undoes" in seen(app))


async def test_editing(shell: MakeShell) -> None:
    admin = FakeAdmin()
    app = shell(admin, mode="providers")
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, app)
        await pilot.press("enter")
        assert "env:GROQ_API_KEY …a1b2; empty keeps it" in seen(app)
        await pilot.press("tab", "tab", *"rpm=30", "tab", *"first_token=90s", "enter")
        await until(pilot, lambda: any(name == "change_provider" for name, _ in admin.calls))
        edit = {"limits": {"rpm": 30}, "timeouts": {"first_token": "90s"}}
        assert ("change_provider", ("groq", edit)) in admin.calls
        await until(pilot, lambda: "Saved: groq: limits, timeouts changed" in seen(app))


async def test_a_new_key_is_checked(shell: MakeShell) -> None:
    admin = FakeAdmin()
    admin.checks["groq"] = WORKS
    app = shell(admin, mode="providers")
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, app)
        await pilot.press("enter", "tab", *"gsk-0123456789abcdef", "enter")
        await until(pilot, lambda: ("check", "groq") in admin.calls)
        assert "gsk-0123" not in seen(app)
        assert ("change_provider", ("groq", {"api_key": "gsk-0123456789abcdef"})) in admin.calls


async def test_a_refused_edit_stays_in_the_form(shell: MakeShell) -> None:
    admin = FakeAdmin()
    admin.refuse["change_provider"] = AdminError(
        "Bad address", "This is no address.", "http://host:port/v1", "base_url"
    )
    app = shell(admin, mode="providers")
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, app)
        await pilot.press("enter", *"/x", "tab", "tab", *"rpm=many", "enter")
        await until(pilot, lambda: "A limit is a whole number: rpm=30." in seen(app))
        await pilot.press("ctrl+u", "enter")
        await until(pilot, lambda: "This is no address. http://host:port/v1" in seen(app))
        assert "▌https://api.groq.com/openai/v1/x" in seen(app)
        await pilot.press("escape")
        await until(pilot, lambda: "keys work" in seen(app))


async def test_nothing_changed_saves_nothing(shell: MakeShell) -> None:
    admin = FakeAdmin()
    app = shell(admin, mode="providers")
    async with app.run_test(size=(80, 24)) as pilot:
        view = await opened(pilot, app)
        await pilot.press("enter", "enter")
        await until(pilot, lambda: app.screen is view)
        assert not any(name == "change_provider" for name, _ in admin.calls)


async def test_models_are_switched_and_put_into_a_chain(shell: MakeShell) -> None:
    admin = FakeAdmin()
    app = shell(admin, mode="providers")
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, app)
        await pilot.press("m")
        await until(pilot, lambda: "6 models listed, 4 free" in seen(app))
        await pilot.press("space")
        await until(pilot, lambda: "[ ] llama-3.3-70b-versatile" in seen(app))
        await until(pilot, lambda: "switched off llama-3.3-70b-versatile" in seen(app))
        await pilot.press(*"8b")
        assert "kimi-k2" not in seen(app)
        await pilot.press("enter")
        await until(pilot, lambda: "groq/llama-3.1-8b-instant goes to the end of" in seen(app))
        await pilot.press("down", "enter")
        await until(pilot, lambda: admin.order["code"][-1] == "groq/llama-3.1-8b-instant")
        await until(pilot, lambda: "added groq/llama-3.1-8b-instant to code" in seen(app))


async def test_the_list_that_does_not_come_leaves_what_the_config_names(shell: MakeShell) -> None:
    admin = FakeAdmin()
    admin.refuse["models"] = AdminError("No model list", "groq: key refused (401).", status=502)
    app = shell(admin, mode="providers")
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, app)
        await pilot.press("m")
        await until(pilot, lambda: "Shown is what the config names" in seen(app))
        assert "llama-3.3-70b-versatile" in seen(app)


async def test_no_provider_yet(shell: MakeShell) -> None:
    admin = FakeAdmin()
    admin.configured = {}
    app = shell(admin, mode="providers")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "No provider yet. a adds one" in seen(app))


async def test_an_instance_that_does_not_answer(shell: MakeShell) -> None:
    admin = FakeAdmin()
    admin.refuse["providers"] = AdminError("No answer", "Nothing answers.", "is it up?", status=503)
    app = shell(admin, mode="providers")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "Nothing answers." in seen(app))


async def test_the_focus_outlives_another_size(shell: MakeShell) -> None:
    app = shell(mode="providers")
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, app)
        await pilot.resize_terminal(120, 40)
        await until(pilot, lambda: "what the providers said last" in seen(app))
        assert any(row.startswith("▌▲ groq") for row in rows(app))
        assert "base url   api.groq.com/openai/v1" in seen(app)
        await pilot.resize_terminal(60, 16)
        await until(pilot, lambda: "what the providers said last" not in seen(app))
        await pilot.press("down")
        await until(pilot, lambda: any(row.startswith("▌○ lab") for row in rows(app)))


# Pictures.


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (60, 16)])
@pytest.mark.parametrize("theme", ["429-dark", "ansi-dark"])
def test_picture(snap_compare: Any, shell: MakeShell, size: tuple[int, int], theme: str) -> None:
    admin = FakeAdmin()
    admin.checks["groq"] = replace(WORKS, checked_at=scene.NOW - timedelta(minutes=2))
    app = shell(admin, mode="providers", theme=theme)

    async def ready(pilot: Pilot[Any]) -> None:
        await opened(pilot, app)
        await pilot.press("r")
        await until(pilot, lambda: "works, 18 models" in seen(app))
        if size == (80, 24):
            await until(pilot, lambda: "last 429" in seen(app))
        elif size == (120, 40):
            await until(pilot, lambda: "14:04:21  groq" in seen(app))

    assert snap_compare(app, terminal_size=size, run_before=ready)


@pytest.mark.parametrize("key", ["enter", "m"])
def test_picture_of_a_dialog(snap_compare: Any, shell: MakeShell, key: str) -> None:
    app = shell(mode="providers", theme="429-light")

    async def ready(pilot: Pilot[Any]) -> None:
        await opened(pilot, app)
        await pilot.press(key)
        if key == "m":
            await until(pilot, lambda: "6 models listed" in seen(app))

    assert snap_compare(app, run_before=ready)


def test_picture_without_a_provider(snap_compare: Any, shell: MakeShell) -> None:
    admin = FakeAdmin()
    admin.configured = {}
    app = shell(admin, mode="providers")

    async def ready(pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: "No provider yet." in seen(app))

    assert snap_compare(app, run_before=ready)

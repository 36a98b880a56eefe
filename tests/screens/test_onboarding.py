"""The first start: what is proposed, what is written, and that leaving it leaves nothing behind."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from textual import events
from textual.pilot import Pilot

from app.contract import AdminError
from app.snapshot import Check, FreeLimit, ListedModel
from screens.onboarding_plan import (
    Candidate,
    allowance,
    candidates,
    first_chain,
    requests_a_day,
    shown_first,
)
from screens.shell import Surroundings
from tests.screens import scene
from tests.screens.conftest import MakeShell
from tests.screens.instance import FakeAdmin
from tests.screens.seen import shows, until

PRESETS = {preset.id: preset for preset in scene.PRESETS}


def model(id: str, *, free: bool | None = None) -> ListedModel:
    return ListedModel(id, None, None, None, None, free, ())


def works(id: str, *models: ListedModel, **changes: object) -> Candidate:
    preset = replace(PRESETS[id], **changes)  # pyright: ignore[reportArgumentType]
    return Candidate(preset, picked=True, phase="works", models=models)


def test_found_keys_come_first_and_are_picked() -> None:
    presets = [replace(preset, key_found=None) for preset in scene.PRESETS]
    presets[3] = replace(presets[3], key_found="A_KEY")
    every = candidates(presets)
    assert every[0].preset.key_found == "A_KEY"
    assert [one.picked for one in every].count(True) == 1
    assert every[0] in shown_first(every)


def test_the_first_suggestion_that_is_really_listed_is_taken() -> None:
    one = works("groq", model("b-large"), model("a-small"), suggest=("a-*", "b-*"))
    assert one.entry == "groq/a-small"
    assert works("groq", model("paid", free=False), model("x"), suggest=("paid",)).entry == "groq/x"
    assert works("groq").entry is None


def test_the_chain_begins_where_most_is_free_and_ends_at_home() -> None:
    def free(**sizes: int) -> tuple[FreeLimit, ...]:
        return (FreeLimit("account", "*", sizes),)

    every = [
        works("groq", model("g"), free=free(rpd=1000), suggest=()),
        works("openrouter", model("o"), free=free(rpd=50), suggest=()),
        works("ollama", model("l"), local=True, suggest=()),
        works("mistral", model("m"), free=free(rpm=60), suggest=()),
        Candidate(PRESETS["gemini"], picked=True, phase="failed"),
    ]
    assert first_chain(every) == ["mistral/m", "groq/g", "openrouter/o", "ollama/l"]


@pytest.mark.parametrize(
    "sizes, words, day",
    [
        ({"rpd": 1000, "rpm": 30}, "1000 a day", 1000),
        ({"rpm": 60}, "60 a minute", 86_400),
        ({"rph": 100}, "100 an hour", 2400),
        ({"rpmo": 900}, "900 a month", 30),
        ({"tpm": 5}, "", None),
    ],
)
def test_a_free_allowance_in_words(sizes: dict[str, int], words: str, day: float | None) -> None:
    preset = replace(PRESETS["groq"], free=(FreeLimit("account", "*", sizes),))
    assert allowance(preset) == words
    assert requests_a_day(preset) == day


async def test_the_first_start_proposes_and_saves_a_chain(shell: MakeShell) -> None:
    admin = FakeAdmin(empty=True)
    app = shell(admin)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "1 keys", "works, ", "2 first chain", "┗━▶")
        await pilot.press("tab", "tab")
        await shows(pilot, "Save and start the proxy")
        await pilot.press("enter")
        await shows(pilot, "Ready.", "export OPENAI_BASE_URL=", "export OPENAI_API_KEY=")
        name, entries = next(iter(admin.order.items()))
        assert name == "free"
        assert len(entries) >= 2
        assert len({entry.partition("/")[0] for entry in entries}) == len(entries)
        await pilot.press("enter")
        await shows(pilot, "usable", "free")


async def test_escape_leaves_nothing_behind(shell: MakeShell) -> None:
    admin = FakeAdmin(empty=True)
    async with shell(admin).run_test(size=(80, 24)) as pilot:
        await shows(pilot, "works, ", "┗━▶")
        assert admin.configured
        await pilot.press("escape")
        await shows(pilot, "no chain yet")
        assert admin.configured == {}
        assert admin.order == {}


async def test_what_it_wrote_can_be_undone(shell: MakeShell) -> None:
    admin = FakeAdmin(empty=True)
    app = shell(admin)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "works, ", "┗━▶")
        await pilot.press("tab", "tab", "enter")
        await shows(pilot, "Ready.")
        told = [one.text for one in app.journal]
        assert told[0] == "chain free created"
        assert set(told[1:]) == {f"{id} added as a provider" for id in admin.configured}
        await pilot.press("enter")
        await shows(pilot, "usable")
        await pilot.press("ctrl+z")
        await shows(pilot, "Undone: chain free created.")
        assert admin.order == {}


async def test_escape_while_somebody_else_writes_leaves_theirs(shell: MakeShell) -> None:
    admin = FakeAdmin(empty=True)
    async with shell(admin).run_test(size=(80, 24)) as pilot:
        await shows(pilot, "works, ", "┗━▶")
        await admin.add_provider({"id": "mine"})
        await pilot.press("escape")
        await until(pilot, lambda: set(admin.configured) == {"mine"})


async def test_a_provider_that_is_there_is_used_and_stays(shell: MakeShell) -> None:
    admin = FakeAdmin(empty=True)
    admin.known = tuple(replace(preset, key_found=None) for preset in admin.known)
    admin.configured["groq"] = scene.provider("groq")
    app = shell(admin)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "groq        in config.toml", "works, ", "┗━▶")
        assert ("add_provider", {"id": "groq"}) not in admin.calls
        await pilot.press("escape")
        await shows(pilot, "no chain yet")
        assert set(admin.configured) == {"groq"}


async def test_a_key_that_appears_is_found_with_r(shell: MakeShell) -> None:
    admin = FakeAdmin(empty=True)
    known = admin.known
    admin.known = tuple(replace(preset, key_found=None) for preset in known)
    async with shell(admin).run_test(size=(80, 24)) as pilot:
        await shows(pilot, "no key yet")
        admin.known = known
        await pilot.press("r")
        await shows(pilot, "GROQ_API_KEY found", "works, ")


async def test_a_key_that_nobody_tests_is_told(shell: MakeShell) -> None:
    admin = FakeAdmin(empty=True)
    for preset in admin.known:
        admin.checks[preset.id] = Check(True, "lists 5 models", 5, (), scene.NOW)
    async with shell(admin).run_test(size=(120, 40)) as pilot:
        await shows(pilot, "answers, ", "┗━▶")
        await pilot.press("tab", "tab", "enter")
        await shows(pilot, "Not tested, for its model list is public: ")


async def test_a_pasted_key_is_masked_and_tested(shell: MakeShell) -> None:
    admin = FakeAdmin(empty=True)
    admin.known = tuple(replace(preset, key_found=None) for preset in admin.known)
    key = "gsk_pasted_key_that_nobody_sees_Qk4A"
    async with shell(admin).run_test(size=(80, 24)) as pilot:
        await shows(pilot, "no key yet")
        pilot.app.screen.focused.post_message(events.Paste(key))  # pyright: ignore[reportOptionalMemberAccess]
        text = await shows(pilot, "pasted •••• Qk4A", "works, ")
        assert key not in text
    added = [what for name, what in admin.calls if name == "add_provider"]
    assert len(added) == 1
    assert key in str(added)


async def test_a_key_is_typed_into_its_row(shell: MakeShell) -> None:
    admin = FakeAdmin(empty=True)
    admin.known = tuple(replace(preset, key_found=None) for preset in admin.known)
    async with shell(admin).run_test(size=(80, 24)) as pilot:
        await shows(pilot, "no key yet")
        await pilot.press("enter", *"q1secret")
        text = await shows(pilot, "••••••••")
        assert "q1secret" not in text
        await pilot.press("enter")
        await shows(pilot, "works, ")


async def test_a_key_that_is_refused_keeps_its_provider_out(shell: MakeShell) -> None:
    admin = FakeAdmin(empty=True)
    admin.known = tuple(
        replace(preset, key_found="GROQ_API_KEY" if preset.id == "groq" else None)
        for preset in admin.known
    )
    admin.checks["groq"] = Check(False, "401: invalid api key", None, (), scene.NOW)
    async with shell(admin).run_test(size=(80, 24)) as pilot:
        await shows(pilot, "401: invalid api", "pick a provider whose key works")
        await pilot.press("tab", "enter")
        await pilot.pause()
        assert admin.order == {}


async def test_a_write_that_fails_is_told_on_the_page(shell: MakeShell) -> None:
    admin = FakeAdmin(empty=True)
    admin.refuse["add_chain"] = AdminError("No", "config.toml cannot be written.")
    async with shell(admin).run_test(size=(120, 40)) as pilot:
        await shows(pilot, "works, ", "┗━▶")
        await pilot.press("tab", "tab", "enter")
        await shows(pilot, "config.toml cannot be written.")


async def test_the_chain_is_ordered_before_it_is_saved(shell: MakeShell) -> None:
    admin = FakeAdmin(empty=True)
    async with shell(admin).run_test(size=(120, 40)) as pilot:
        await shows(pilot, "cerebras/gpt-oss-120b", "gemini/gemini-2.5-flash-lite")
        await pilot.press("tab", "J", "d")
        await pilot.press("tab", "enter")
        await shows(pilot, "Ready.")
        assert "cerebras/gpt-oss-120b" not in admin.order["free"]


async def test_the_ready_card_shows_other_programs_and_copies_the_whole_key(
    shell: MakeShell,
) -> None:
    admin = FakeAdmin(empty=True)
    key = "sk-429chain-VdWhoCanReadThisWholeKeykQ"
    around = Surroundings(
        address="127.0.0.1:4290", client_key=key, recipe=lambda name: f"lines for {name}\n"
    )
    app = shell(admin, surroundings=around)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "works, ", "┗━▶")
        await pilot.press("tab", "tab", "enter")
        text = await shows(pilot, "sk-429chain-VdWh…kQ")
        assert key not in text
        await pilot.press("y")
        assert app.clipboard.endswith(f"export OPENAI_API_KEY={key}\n")
        await pilot.press("right_square_bracket")
        await shows(pilot, "lines for codex")
        await pilot.press("c")
        assert "$OPENAI_API_KEY" in app.clipboard
        await pilot.press("t")
        await shows(pilot, "Say hello in five languages", "send to free")


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
@pytest.mark.parametrize("state", ["keys", "ready"])
def test_it_looks_so(
    shell: MakeShell, snap_compare: Callable[..., bool], size: tuple[int, int], state: str
) -> None:
    admin = FakeAdmin(empty=True)
    found = ("groq", "openrouter", "gemini")
    admin.known = tuple(
        preset if preset.id in found else replace(preset, key_found=None) for preset in admin.known
    )

    async def keys(pilot: Pilot[None]) -> None:
        await shows(pilot, "works, ", "gemini/gemini-2.5-flash-lite", "openrouter/", "groq/llama")

    async def ready(pilot: Pilot[None]) -> None:
        await keys(pilot)
        await pilot.press("tab", "tab", "enter")
        await shows(pilot, "Ready.")

    runs: dict[str, Callable[[Pilot[None]], Awaitable[None]]] = {"keys": keys, "ready": ready}
    assert snap_compare(shell(admin), terminal_size=size, run_before=runs[state])

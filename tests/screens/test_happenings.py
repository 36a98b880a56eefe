"""What changes between two pictures is told once, in the words of the specification."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.contract import AdminError
from screens.feed import Feed
from screens.happenings import happenings
from screens.picture import Picture
from tests.screens import scene
from tests.screens.conftest import Elapsed, MakeShell
from tests.screens.instance import FakeAdmin
from tests.screens.seen import row_with, settled
from tests.screens.test_board import dry


async def _picture(admin: FakeAdmin) -> Picture:
    picture = await Feed(admin, lambda: 0.0).look()
    assert picture is not None
    return picture


def _with_llama_back() -> FakeAdmin:
    admin = FakeAdmin()
    llama = admin.entries[scene.LLAMA]
    gauges = (replace(llama.gauges[0], remaining=9000), *llama.gauges[1:])
    admin.put(replace(llama, state="tracking", reason=None, until=None, gauges=gauges))
    return admin


async def _told(before: FakeAdmin, after: FakeAdmin) -> list[tuple[str, str]]:
    found = happenings(await _picture(before), await _picture(after))
    return [(one.weight, one.text) for one in found]


async def test_an_entry_that_is_used_up() -> None:
    assert await _told(_with_llama_back(), FakeAdmin()) == [
        (
            "out",
            "groq/llama-3.3-70b-versatile is out: tpm 12K of 12K used, back in 42s. "
            "Requests go on with openrouter.",
        )
    ]


async def test_a_chain_that_dries_up_speaks_for_its_entries() -> None:
    assert await _told(FakeAdmin(), dry()) == [
        (
            "out",
            "Chain free has no usable entry. 2 requests wait; groq is first back, in 12s.",
        )
    ]


async def test_a_chain_that_serves_again() -> None:
    after = dry()
    after.put(scene.limits(scene.LLAMA, "tracking"))
    told = await _told(dry(), after)
    assert told == [("flow", "Chain free serves again: groq/llama-3.3-70b-versatile is back.")]


async def test_a_chain_that_cannot_serve() -> None:
    after = FakeAdmin()
    for entry in scene.CODE:
        after.put(scene.limits(entry, "off", reason="no-key"))
    told = await _told(FakeAdmin(), after)
    assert told[0] == ("out", "Chain code cannot serve: 3 no key. Press 5 to fix a key.")


@pytest.mark.parametrize(
    "state, reason, entry, text",
    [
        (
            "off",
            "bad-key",
            scene.GEMINI,
            "gemini refused its key. Its entries are off until the key changes. "
            "Press 5, then enter.",
        ),
        ("off", "no-credit", scene.GEMINI, "gemini is out of credit. Retried in 24h, or press c."),
        ("down", "down", scene.GEMINI, "gemini does not answer. Next try in 12s, by itself."),
        (
            "down",
            "down",
            scene.GPT,
            "groq/openai/gpt-oss-120b does not answer. Next try in 12s, by itself.",
        ),
    ],
)
async def test_what_happens_to_an_entry(
    state: scene.State, reason: str, entry: str, text: str
) -> None:
    after = FakeAdmin()
    until = scene.after(12) if state == "down" else None
    after.put(scene.limits(entry, state, reason=reason, until=until))
    assert text in [told for _, told in await _told(FakeAdmin(), after)]


async def test_nothing_is_told_without_a_change_or_of_an_old_picture() -> None:
    picture = await _picture(FakeAdmin())
    assert happenings(picture, picture) == []
    assert happenings(None, picture) == []
    old = replace(picture, silent_s=5.0)
    assert happenings(old, await _picture(dry())) == []


async def test_the_shell_shows_it_on_any_screen_once(shell: MakeShell, elapsed: Elapsed) -> None:
    admin = FakeAdmin()
    app = shell(admin, mode="chains")
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        admin.put(*dry().entries.values())
        app.look_again()
        await settled(pilot)
        assert row_with(app, "Chain free has no usable entry.")
        admin.refuse["status"] = AdminError("Silent", "no answer", status=503)
        elapsed.go_on(11)
        app.look_again()
        await settled(pilot)
        with pytest.raises(AssertionError):
            row_with(app, "Chain free has no usable entry.")

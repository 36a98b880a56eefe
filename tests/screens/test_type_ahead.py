"""Keys that come faster than they take effect."""

from __future__ import annotations

from textual import events

from screens.field import Field
from screens.shell import Shell
from tests.screens.conftest import MakeShell
from tests.screens.seen import settled
from tests.upstreams.waiting import until


def _type(app: Shell, *keys: str) -> None:
    """As the terminal does it: all that was read at once."""
    for key in keys:
        app.post_message(events.Key(key, {"slash": "/"}.get(key, key if len(key) == 1 else None)))


async def test_what_is_typed_after_the_slash_goes_into_the_filter(shell: MakeShell) -> None:
    app = shell(mode="requests")
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        _type(app, "slash", *"editor")
        await until(lambda: isinstance(app.focused, Field) and app.focused.value == "editor")


async def test_keys_for_a_screen_wait_until_it_is_there(shell: MakeShell) -> None:
    app = shell()
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        _type(app, "3", "slash", *"codex")
        await until(lambda: isinstance(app.focused, Field) and app.focused.value == "codex")
        assert app.current_mode == "requests"


async def test_a_key_to_what_is_gone_holds_no_other_up(shell: MakeShell) -> None:
    app = shell()
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        _type(app, "question_mark", "escape", "3", "5", "2")
        await until(lambda: app.current_mode == "chains")

"""The test screen: what is sent, what is seen while it is answered, how it ends."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from textual.pilot import Pilot

from app.contract import AdminError
from app.request_snapshot import Answered, Attempt, Step, Text
from screens.shell import Shell
from screens.wrapped import Wrapped, wrap
from tests.screens import scene
from tests.screens.conftest import Elapsed, MakeShell
from tests.screens.instance import FakeAdmin
from tests.screens.seen import shows

QUESTION = "Explain a waterfall of rate limits"
SERVED = "openrouter/meta-llama/llama-3.3-70b-instruct:free"
SKIPPED = (
    Step("cerebras/gpt-oss-120b", "skipped:rph", "", scene.NOW + timedelta(minutes=26)),
    Step("groq/llama-3.3-70b-versatile", "skipped:tpm", "", scene.NOW + timedelta(seconds=42)),
)
PIECES = (
    "So a request takes the first entry of the chain ",
    "that has budget left.\n\n",
    "1. Count",
)


def answered(**changes: object) -> Answered:
    facts: dict[str, object] = {
        "id": "req_8Kd1m4",
        "chain": "free",
        "entry": SERVED,
        "status": 200,
        "outcome": "ok",
        "content": "".join(PIECES),
        "reasoning": "",
        "error": None,
        "trail": (*SKIPPED, Step(SERVED, "ok", "", None)),
        "attempts": (Attempt(SERVED, "ok", 200, 2.0, 1420.0, 540.0, ""),),
        "tokens_in": 31,
        "tokens_out": 188,
        "estimated": False,
        "duration_ms": 1940.0,
        "first_token_ms": 540.0,
    }
    return Answered(**{**facts, **changes})  # pyright: ignore[reportArgumentType]


def feed(admin: FakeAdmin, *events: Step | Text | Answered | AdminError) -> None:
    for event in events:
        admin.prompt_events.put_nowait(event)


async def send(pilot: Pilot[None], text: str = QUESTION) -> None:
    await shows(pilot, "send to free")
    await pilot.press(*text)
    await pilot.press("enter")


async def test_the_answer_arrives_beside_its_trail(shell: MakeShell, elapsed: Elapsed) -> None:
    admin = FakeAdmin()
    async with shell(admin, mode="test").run_test(size=(120, 40)) as pilot:
        await send(pilot)
        feed(admin, *SKIPPED, Step(SERVED, "trying", "", None))
        await shows(pilot, "skipped  rph, back 14:30", "skipped  tpm, back 42s", "asking 0.0s")
        elapsed.go_on(0.54)
        feed(admin, Text(PIECES[0], ""))
        text = await shows(pilot, "first token 0.54s", "streaming", "the first entry of the chain")
        assert "┗━▶ openrouter/llama-3.3-70b-instruct:free" in text
        feed(admin, Text(PIECES[1], ""), Text(PIECES[2], ""), answered())
        await shows(pilot, "188 tokens", "31 in · 188 out", "req_8Kd1m4", "1. Count")
        assert [(one.prompt, one.chain, one.stream) for one in admin.asked] == [
            (QUESTION, "free", True)
        ]
        assert admin.abandoned == 0


async def test_the_landing_comes_with_the_first_token(shell: MakeShell) -> None:
    admin = FakeAdmin()
    async with shell(admin, mode="test").run_test(size=(120, 40)) as pilot:
        await send(pilot)
        feed(admin, Step("cerebras/gpt-oss-120b", "trying", "", None))
        assert "┗━▶" not in await shows(pilot, "asking")
        feed(admin, Step("cerebras/gpt-oss-120b", "429", "rph", None))
        text = await shows(pilot, "429 rph")
        assert "┠─× cerebras" in text


async def test_escape_stops_it_and_its_upstream(shell: MakeShell) -> None:
    admin = FakeAdmin()
    async with shell(admin, mode="test").run_test(size=(80, 24)) as pilot:
        await send(pilot)
        feed(admin, Step(SERVED, "trying", "", None), Text("So a", ""))
        await shows(pilot, "So a")
        await pilot.press("escape")
        await shows(pilot, "stopped after ~1 tokens")
        assert admin.abandoned == 1


async def test_a_refusal_is_told_in_the_clients_words(shell: MakeShell) -> None:
    admin = FakeAdmin()
    told = "All 6 entries of chain 'free' are exhausted."
    async with shell(admin, mode="test").run_test(size=(120, 40)) as pilot:
        await send(pilot)
        feed(admin, *SKIPPED)
        ending = answered(
            entry=None, status=429, outcome="failed", content="", error=told, trail=SKIPPED
        )
        feed(admin, ending)
        await shows(pilot, told, "enter sends again", "nobody: 2 skipped, 0 tried")


async def test_a_stream_that_breaks_says_so(shell: MakeShell) -> None:
    admin = FakeAdmin()
    async with shell(admin, mode="test").run_test(size=(80, 24)) as pilot:
        await send(pilot)
        feed(admin, Text("So a", ""))
        feed(admin, answered(outcome="interrupted", error="openrouter closed the stream"))
        await shows(pilot, "cut off after 188 tokens: openrouter")


async def test_what_the_admin_refuses_is_told(shell: MakeShell) -> None:
    admin = FakeAdmin()
    admin.refuse["test_stream"] = AdminError("No", "There is no chain 'free'.", "make one")
    async with shell(admin, mode="test").run_test(size=(80, 24)) as pilot:
        await send(pilot)
        await shows(pilot, "There is no chain 'free'.", "make one")


async def test_ctrl_o_breaks_the_line_and_letters_are_no_commands(shell: MakeShell) -> None:
    admin = FakeAdmin()
    async with shell(admin, mode="test").run_test(size=(80, 24)) as pilot:
        await shows(pilot, "send to free")
        await pilot.press("q", "1", "ctrl+o", "y", "enter")
        feed(admin, answered())
        await shows(pilot, "188 tokens")
        assert admin.asked[0].prompt == "q1\ny"


async def test_another_entry_is_chosen_by_typing(shell: MakeShell) -> None:
    admin = FakeAdmin()
    async with shell(admin, mode="test").run_test(size=(80, 24)) as pilot:
        await shows(pilot, "send to free")
        await pilot.press("shift+tab", "enter")
        await shows(pilot, "type to filter")
        await pilot.press(*"gemini", "enter")
        await shows(pilot, "send to gemini/gemini-2.5-flash-lite")
        await pilot.press("right", "space")
        await shows(pilot, "stream off")
        await pilot.press("tab", "h", "i", "enter")
        feed(admin, answered())
        await shows(pilot, "188 tokens")
        sent = admin.asked[0]
        assert (sent.chain, sent.entry, sent.stream) == (
            None,
            "gemini/gemini-2.5-flash-lite",
            False,
        )


async def test_reasoning_is_folded_once_there_is_an_answer(shell: MakeShell) -> None:
    admin = FakeAdmin()
    async with shell(admin, mode="test").run_test(size=(120, 40)) as pilot:
        await send(pilot)
        feed(admin, Step(SERVED, "trying", "", None), Text("", "Let me think about it."))
        await shows(pilot, "Let me think about it.")
        feed(
            admin, Text("Done.", ""), answered(content="Done.", reasoning="Let me think about it.")
        )
        text = await shows(pilot, "reasoning, ~5 tokens, enter opens", "Done.")
        assert "Let me think" not in text
        await pilot.press("escape", "enter")
        await shows(pilot, "Let me think about it.")


async def test_an_earlier_prompt_is_loaded_again(shell: MakeShell) -> None:
    admin = FakeAdmin()
    app = shell(admin, mode="test")
    async with app.run_test(size=(120, 40)) as pilot:
        await send(pilot, "ping")
        feed(admin, answered())
        await shows(pilot, "earlier tests")
        await pilot.press("ctrl+l")
        assert "ping" in await shows(pilot, "Type a question")
        await pilot.press("tab", "tab", "enter")
        await pilot.press("enter")
        feed(admin, answered())
        await shows(pilot, "188 tokens")
        assert [one.prompt for one in admin.asked] == ["ping", "ping"]


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
@pytest.mark.parametrize("state", ["empty", "streaming", "failed"])
def test_it_looks_so(
    shell: MakeShell,
    snap_compare: Callable[..., bool],
    size: tuple[int, int],
    state: str,
    elapsed: Elapsed,
) -> None:
    admin = FakeAdmin()

    async def streaming(pilot: Pilot[None]) -> None:
        await send(pilot)
        feed(admin, *SKIPPED, Step(SERVED, "trying", "", None))
        await shows(pilot, "asking 0.0s")
        elapsed.go_on(0.54)
        feed(admin, *(Text(piece, "") for piece in PIECES))
        await shows(pilot, "1. Count")

    async def failed(pilot: Pilot[None]) -> None:
        await send(pilot)
        told = "All 6 entries of chain 'free' are exhausted. First back: groq in 42 s."
        ending = answered(
            entry=None, status=429, outcome="failed", content="", error=told, trail=SKIPPED
        )
        feed(admin, *SKIPPED, ending)
        await shows(pilot, "enter sends again")

    async def empty(pilot: Pilot[None]) -> None:
        await shows(pilot, "Type a question")

    run: Callable[[Pilot[None]], Awaitable[None]] = {
        "empty": empty,
        "streaming": streaming,
        "failed": failed,
    }[state]
    app: Shell = shell(admin, mode="test")
    assert snap_compare(app, terminal_size=size, run_before=run)


@pytest.mark.parametrize(
    "text, width, rows",
    [
        ("a b c", 80, ["a b c"]),
        ("one two three", 7, ["one two", "three"]),
        ("abcdefghij", 4, ["abcd", "efgh", "ij"]),
        ("水水水水", 4, ["水水", "水水"]),
        ("\x1b[31mred", 80, ["␛[31mred"]),
    ],
)
def test_words_are_wrapped_by_cells(text: str, width: int, rows: list[str]) -> None:
    assert wrap(text, width) == rows


def test_pieces_give_the_same_rows_as_the_whole() -> None:
    text = "A waterfall never asks.\nIt falls to the next one that can hold it.\n\n1. Count."
    whole, pieces = Wrapped(), Wrapped()
    whole.add(text)
    for number in range(0, len(text), 3):
        pieces.add(text[number : number + 3])
        pieces.rows(20)
    assert pieces.rows(20) == whole.rows(20)
    assert whole.rows(10) != whole.rows(20)

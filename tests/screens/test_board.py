"""The board: what it shows in every state, and what its keys do."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.contract import AdminError
from screens.board import Board
from screens.onboarding import Onboarding
from tests.screens import scene
from tests.screens.conftest import Elapsed, MakeShell
from tests.screens.history import running
from tests.screens.instance import FakeAdmin
from tests.screens.seen import row_with, rows, settled

CHAINS_80 = """\
 ━┓ free  default ─────────────────────────────────────────────── 2 of 6 usable
  ┠─× cerebras/gpt-oss-120b   ────────     0/150 rph  back 14:31   exhausted
  ┠─× groq/llama-3.3-70b-ver… ────────     0/12K tpm  back 42s     exhausted
▌ ┗━▶ openrouter/llama-…:free ━━━━╾───     31/50 rpd  resets 00:00 tracking
  ┊ ▲ gemini/gemini-2.5-flas… ━───────      3/20 rpd  resets 08:00 tracking
  ┊ ◔ mistral/mistral-medium… ━━━━━━━─     21/23 rpm  back 38s     cooling
  ┊ – zai/glm-4.5-flash                                            off no-key

 ━┓ code ──────────────────────────────────────────────────────── 2 of 3 usable
  ┗━▶ groq/gpt-oss-120b       ━━━━━━── 6140/8000 tpm  resets 14s   tracking
  ┊ ▼ nvidia/qwen3-coder-480… ━━━━━━━━     40/40 rpm  probe 12s    down
  ┊ ○ lab/qwen2.5-coder-32b   ┄┄┄┄┄┄┄┄  no limit                   available

 last requests ───────────────────────────────────────────────── tokens   total
 14:04:29  free  ··▶    openrouter/llama-3.3-70b-i…:free ok        1552   2.41s
 14:04:27  code  ▶      groq/openai/gpt-oss-120b         ok        1732   3.02s
 14:04:21  free  ·×▶    openrouter/llama-3.3-70b-i…:free ok        2204   1.94s
 14:04:18  code  ▶      groq/openai/gpt-oss-120b         ok         509   0.61s
 ↑↓ move  enter detail  t test  c clear  f freeze  y copy url    ? help  q quit""".splitlines()

CHAINS_120 = """\
 9 req/min                      1.94M tokens today             $4.72 saved today              38% waterfalled
 ▁▂▁▂▃▂▂▃▅▃▄▃▅▆▅▃▄▆█▇▆          1.61M in · 330K out            1,284 requests, 2 failed       488 fell past an entry

 ━┓ free  default ─────────────────────────────────────────────────────────────────────────────────────── 2 of 6 usable
  ┠─× cerebras/gpt-oss-120b                   ──────────     0/150 rph  back 14:31   ━━━━╾───   618K/1M tpd exhausted
  ┠─× groq/llama-3.3-70b-versatile            ──────────     0/12K tpm  back 42s     ━━━─────  41K/100K tpd exhausted
▌ ┗━▶ openrouter/llama-3.3-70b-instruct:free  ━━━━━━────     31/50 rpd  resets 00:00 ━━━━━━━─     18/20 rpm tracking
  ┊ ▲ gemini/gemini-2.5-flash-lite            ━╾────────      3/20 rpd  resets 08:00 ━━━━━━━─      9/10 rpm tracking
  ┊ ◔ mistral/mistral-medium-2508             ━━━━━━━━━─     21/23 rpm  back 38s     ━━━━━━━╾ 348K/356K tpm cooling
  ┊ – zai/glm-4.5-flash                                                                                     off no-key

 ━┓ code ──────────────────────────────────────────────────────────────────────────────────────────────── 2 of 3 usable
  ┗━▶ groq/openai/gpt-oss-120b                ━━━━━━━╾── 6140/8000 tpm  resets 14s   ━━━━━━╾─  871/1000 rpd tracking
  ┊ ▼ nvidia/qwen3-coder-480b-a35b-instruct   ━━━━━━━━━━     40/40 rpm  probe 12s                           down
  ┊ ○ lab/qwen2.5-coder-32b                   ┄┄┄┄┄┄┄┄┄┄  no limit                                          available

 last requests ───────────────────────────────────────────── tokens   total   openrouter/llama-3.3-70b-instruct:free ──
 14:04:29  free  ··▶    openrouter/llama-3.3-7…:free ok        1552   2.41s   ▶ would serve the next request
 14:04:27  code  ▶      groq/openai/gpt-oss-120b     ok        1732   3.02s
 14:04:21  free  ·×▶    openrouter/llama-3.3-7…:free ok        2204   1.94s   ━━━━━━━━─────     31/50 rpd  resets 00:00
 14:04:18  code  ▶      groq/openai/gpt-oss-120b     ok         509   0.61s   pool *:free · header""".splitlines()  # noqa: E501


def dry() -> FakeAdmin:
    """Everything of the chain `free` is used up; two requests wait."""
    admin = FakeAdmin()
    for entry, until in (
        (scene.OPENROUTER, scene.at("00:00", 1)),
        (scene.GEMINI, scene.at("08:00", 1)),
        (scene.LLAMA, scene.after(12)),
    ):
        old = admin.entries[entry]
        first = replace(old.gauges[0], remaining=0, resets_at=until)
        gauges = (first, *old.gauges[1:])
        admin.put(replace(old, state="exhausted", reason="rpd", until=until, gauges=gauges))
    admin.waiting["free"] = 2
    counts = replace(admin.state.counts, entries_out=7, waiting=2)
    admin.state = replace(admin.state, counts=counts)
    return admin


async def test_its_columns_at_80_are_those_of_the_specification(shell: MakeShell) -> None:
    app = shell()
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        assert rows(app)[5:] == CHAINS_80


async def test_its_columns_at_120_are_those_of_the_specification(shell: MakeShell) -> None:
    app = shell()
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        assert rows(app)[3 : 3 + len(CHAINS_120)] == CHAINS_120


async def test_a_dry_chain_ends_in_a_pool(shell: MakeShell) -> None:
    app = shell(dry())
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        pool = "  ┗━◔ 2 requests wait for groq/llama-3.3-70b-versatile, back in 12s"
        assert rows(app)[12] == pool
        assert "0 of 6 usable" in rows(app)[5]


async def test_a_chain_that_nothing_can_bring_back_says_why(shell: MakeShell) -> None:
    admin = FakeAdmin()
    for entry in scene.CODE:
        admin.put(scene.limits(entry, "off", reason="no-key"))
    app = shell(admin)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        assert row_with(app, "no entry can serve") == "  ┗━– no entry can serve: 3 no key"


@pytest.mark.parametrize("size", [(60, 16), (79, 24), (100, 30), (200, 60)])
async def test_rows_keep_within_the_screen_and_their_words(
    shell: MakeShell, size: tuple[int, int]
) -> None:
    app = shell()
    async with app.run_test(size=size) as pilot:
        await settled(pilot)
        line = row_with(app, "openrouter/")
        assert line.endswith("tracking")
        assert "31/50 rpd" in line
        assert max(map(len, rows(app))) <= size[0]


async def test_a_chain_of_many_folds_its_end(shell: MakeShell) -> None:
    admin = FakeAdmin()
    many = tuple(f"lab/model-{number:02d}" for number in range(16))
    admin.put(*(scene.limits(entry, "available") for entry in many))
    admin.order = {"free": many}
    app = shell(admin)
    async with app.run_test(size=(80, 40)) as pilot:
        await settled(pilot)
        assert row_with(app, "more below") == "  ┊   5 more below, all available"
        await pilot.press("G", "enter")
        assert row_with(app, "model-15")
        await pilot.press("G", "enter")
        assert row_with(app, "5 more below")


async def test_too_small_a_terminal_says_that_the_proxy_runs(shell: MakeShell) -> None:
    app = shell()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.resize_terminal(50, 12)
        await settled(pilot)
        assert rows(app)[0].startswith("terminal too small (60x16 needed); the proxy runs")
        await pilot.resize_terminal(80, 24)
        await settled(pilot)
        assert rows(app)[5:] == CHAINS_80


async def test_a_running_request_counts_on(shell: MakeShell) -> None:
    admin = FakeAdmin()
    admin.under_way = [running()]
    app = shell(admin)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        line = rows(app)[19]
        assert "groq/openai/gpt-oss-120b" in line
        assert line.endswith("…1.20s")


async def test_a_running_request_says_who_is_asked_or_that_it_waits(shell: MakeShell) -> None:
    admin = FakeAdmin()
    skipped = tuple((entry, "skipped:rpm") for entry in scene.CODE)
    in_line = replace(running(None, id="req_in_line"), trail=skipped)
    admin.under_way = [running(None), in_line]
    app = shell(admin)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        asked, waits = rows(app)[19:21]
        assert "groq/openai/gpt-oss-120b" in asked
        assert "waits" not in asked
        assert "waits" in waits


async def test_a_silent_instance_is_shown_as_stale(shell: MakeShell, elapsed: Elapsed) -> None:
    admin = FakeAdmin()
    app = shell(admin)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        admin.refuse["status"] = AdminError("Silent", "no answer", status=503)
        elapsed.go_on(12)
        app.look_again()
        await settled(pilot)
        assert "stale 12 s" in rows(app)[1]
        assert "openrouter" in rows(app)[8]


async def test_an_empty_board_leads_on(shell: MakeShell) -> None:
    app = shell(FakeAdmin(empty=True))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        while not isinstance(app.screen, Board):
            await pilot.press("escape")
            await settled(pilot)
        seen = rows(app)
        assert seen[6] == "        ━┓ no chain yet"
        assert seen[10].endswith("CEREBRAS_API_KEY is already set")
        await pilot.press("down", "enter")
        await settled(pilot)
        assert app.current_mode == "chains"


async def test_o_on_an_empty_board_begins_with_the_first_start(shell: MakeShell) -> None:
    app = shell(FakeAdmin(empty=True))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        while not isinstance(app.screen, Board):
            await pilot.press("escape")
            await settled(pilot)
        await pilot.press("o")
        await settled(pilot)
        assert isinstance(app.screen, Onboarding)


async def test_a_foreign_name_cannot_paint(shell: MakeShell) -> None:
    admin = FakeAdmin()
    evil = "lab/[red]x\x1b[2J"
    admin.put(scene.limits(evil, "available"))
    admin.order = {"free": (evil,)}
    app = shell(admin)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        assert "lab/[red]x␛[2J" in rows(app)[6]

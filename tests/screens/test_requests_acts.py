"""What can be done with requests: open, watch, hold still, copy, try again, export."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path, PurePath

import pytest

from app.contract import AdminError
from screens.prompt import TestView as PromptView
from screens.requests_acts import as_curl
from screens.requests_page import OneRequest
from screens.shell import Surroundings
from tests.screens.conftest import Elapsed, MakeShell
from tests.screens.history import history, row, running
from tests.screens.instance import FakeAdmin
from tests.screens.seen import row_with, rows, settled
from tests.screens.test_requests import LARGE, SMALL, look, newer, view_of


async def test_enter_opens_a_request_and_n_goes_on(shell: MakeShell) -> None:
    app = shell(mode="requests")
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        await pilot.press("down", "down", "enter")
        await settled(pilot)
        assert isinstance(app.screen, OneRequest)
        assert rows(app)[3].startswith(" req_7Hq2c9 ─")
        assert row_with(app, "in its own words")
        await pilot.press("n")
        await settled(pilot)
        assert rows(app)[3].startswith(" req_000003 ─")
        await pilot.press("N", "N")
        await settled(pilot)
        assert rows(app)[3].startswith(" req_000001 ─")
        await pilot.press("escape")
        await settled(pilot)
        assert rows(app)[7].startswith("▌")


async def test_a_running_request_is_watched_to_its_end(shell: MakeShell) -> None:
    admin = FakeAdmin()
    admin.under_way = [running(seconds=1.2)]
    app = shell(admin, mode="requests")
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        await pilot.press("enter")
        await settled(pilot)
        assert "1.20s so far" in row_with(app, "time  ")
        admin.under_way = []
        ended = replace(history()[1], id="req_running", duration_ms=2500.0)
        admin.log.insert(0, ended)
        await look(app, pilot)
        assert "2.50s total" in row_with(app, "time  ")


async def test_what_cannot_be_read_is_told_with_the_next_step(shell: MakeShell) -> None:
    admin = FakeAdmin()
    app = shell(admin, mode="requests")
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        admin.refuse["request"] = AdminError("The log cannot be read", "It is locked.", "ask again")
        await pilot.press("enter")
        await settled(pilot)
        assert [line for line in rows(app)[3:8] if line] == [
            " The log cannot be read",
            " It is locked.",
            " ask again",
        ]


async def test_f_holds_the_list_still(shell: MakeShell, elapsed: Elapsed) -> None:
    admin = FakeAdmin()
    app = shell(admin, mode="requests")
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        await pilot.press("f")
        newer(admin, 2)
        elapsed.go_on(12)
        await look(app, pilot)
        assert "frozen 12 s" in rows(app)[1]
        assert rows(app)[6].startswith("▌14:04:29")
        await pilot.press("f")
        await look(app, pilot)
        assert rows(app)[6].startswith("▌14:04:32")


async def test_y_copies_a_line_without_the_key(shell: MakeShell) -> None:
    app = shell(mode="requests")
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        await pilot.press("y")
        await pilot.pause()
        assert app.clipboard.startswith("curl http://127.0.0.1:4290/v1/chat/completions")
        assert "$OPENAI_API_KEY" in app.clipboard
        assert "sk-429chain-test" not in app.clipboard


def test_a_name_cannot_leave_its_quotes() -> None:
    evil = replace(row(history()[0]), chain="a'; rm -rf ~; '")
    assert "'\"'\"'" in as_curl(evil, "http://127.0.0.1:4290/v1")


async def test_t_takes_the_chain_to_the_test_screen(shell: MakeShell) -> None:
    app = shell(mode="requests")
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        await pilot.press("down", "t")
        await settled(pilot)
        assert isinstance(app.screen, PromptView)
        assert "code" in row_with(app, "send to")


@pytest.mark.parametrize(
    "name, begins", [("log.csv", b'"id","chain","entry"'), ("log.jsonl", b'{"id": "req_000001"}')]
)
async def test_x_writes_what_is_listed(
    shell: MakeShell, tmp_path: Path, name: str, begins: bytes
) -> None:
    around = Surroundings(address="127.0.0.1:4290", export_folder=PurePath(tmp_path))
    app = shell(mode="requests", surroundings=around)
    async with app.run_test(size=LARGE) as pilot:
        await settled(pilot)
        view_of(app).filter_by(q="editor")
        await settled(pilot)
        await pilot.press("x")
        await pilot.pause()
        assert row_with(app, "the requests that are listed")
        await pilot.press("ctrl+u", *str(tmp_path / name), "enter")
        await settled(pilot)
        written = (tmp_path / name).read_bytes()
        assert written.startswith(begins)
        assert len(written.splitlines()) == 7 + (name == "log.csv")
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o600
        assert row_with(app, "Exported to")


async def test_export_overwrites_nothing(shell: MakeShell, tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text("mine")
    app = shell(mode="requests")
    async with app.run_test(size=LARGE) as pilot:
        await settled(pilot)
        await pilot.press("x", "ctrl+u", *str(tmp_path / "log.csv"), "enter")
        await settled(pilot)
        assert row_with(app, "There is such a file already. Choose another name.")
    assert (tmp_path / "log.csv").read_text() == "mine"

"""The request log: a live list, filters, details, export."""

from __future__ import annotations

from dataclasses import replace

from textual.pilot import Pilot

from screens.requests import RequestsView
from screens.requests_page import OneRequest
from screens.shell import Shell
from tests.screens.conftest import MakeShell
from tests.screens.history import history, row
from tests.screens.instance import FakeAdmin
from tests.screens.scene import GPT, after
from tests.screens.seen import row_with, rows, settled, until

SMALL, LARGE = (80, 24), (120, 40)

LIST_80 = """\
 / filter by text    chain all▾  provider all▾  status all▾      ● live  12,408

 time      chain  trail  served by                    outcome     tokens  total
 14:04:29  free   ··▶    openrouter/llama-3.3-…:free  ok            1552  2.41s
 14:04:27  code   ▶      groq/openai/gpt-oss-120b     ok            1732  3.02s
▌14:04:21  free   ·×▶    openrouter/llama-3.3-…:free  ok            2204  1.94s
 14:04:18  code   ▶      groq/openai/gpt-oss-120b     ok             509  0.61s
 14:04:12  free   ·▶     groq/llama-3.3-70b-versati…  ok            3261  0.88s
 14:03:58  free   ·▶     groq/llama-3.3-70b-versati…  ok            8565  1.31s
 14:03:51  free   ·!!▶   gemini/gemini-2.5-flash-li…  ok             24K  6.90s
 14:03:40  code   ▶      groq/openai/gpt-oss-120b     ok            2612  3.66s
 14:03:33  code   ▶      groq/openai/gpt-oss-120b     cut off       3397  4.10s
 14:03:20  free   ·▶     groq/llama-3.3-70b-versati…  ok             372  0.40s
 14:03:02  free   ▶      cerebras/gpt-oss-120b        ok            3582  0.72s
 14:02:47  free   ▶      cerebras/gpt-oss-120b        ok            1220  0.39s
 14:02:31  code   !·▶    lab/qwen2.5-coder-32b        ok            5760  14.2s
 14:02:30  free   ▶      cerebras/gpt-oss-120b        ok            1807  0.46s
 14:02:11  code   ×!!    nobody                       503            760  35.2s
 14:01:55  code   ▶      groq/openai/gpt-oss-120b     ok             780  0.70s
 14:01:49  free   ▶      cerebras/gpt-oss-120b        ok            1554  0.51s
 / filter  enter open  f freeze  y curl  x export  t test        ? help  q quit""".splitlines()

HEAD_120 = """\
 / filter by text                       chain all▾   provider all▾   status all▾                         ● live  12,408

 time      chain  trail  served by                                 client        outcome         in   out  first  total
 14:04:29  free   ··▶    openrouter/llama-3.3-70b-instruct:free    default       ok            1240   312  0.61s  2.41s
 14:04:27  code   ▶      groq/openai/gpt-oss-120b                  editor        ok            1420   312  0.38s  3.02s
▌14:04:21  free   ·×▶    openrouter/llama-3.3-70b-instruct:free    default       ok            2016   188  0.72s  1.94s
""".splitlines()  # noqa: E501

DETAIL_120 = """\
 req_7Hq2c9 ────────────────────────────────────────────────────────────────────────────── free · stream · 14:04:21.318
 served by   openrouter/meta-llama/llama-3.3-70b-instruct:free
 tokens      2016 in  188 out  154 tok/s
 time        0.72s first token  1.94s total
 asked by    default · openai-python

                                             0s                0.5s               1s                 1.5s          1.9s
""".splitlines()  # noqa: E501


def long_log() -> FakeAdmin:
    admin = FakeAdmin()
    admin.log = history(400)
    return admin


def newer(admin: FakeAdmin, many: int) -> None:
    """So many requests end."""
    for number in range(many):
        like = admin.log[0]
        admin.log.insert(0, replace(like, id=f"new{number}", time=after(number)))


def view_of(app: Shell) -> RequestsView:
    assert isinstance(app.screen, RequestsView)
    return app.screen


async def look(app: Shell, pilot: Pilot[None]) -> None:
    app.look_again()
    await settled(pilot)


async def test_its_columns_at_80_are_those_of_the_specification(shell: MakeShell) -> None:
    app = shell(long_log(), mode="requests")
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        await pilot.press("down", "down")
        await settled(pilot)
        assert rows(app)[3:] == LIST_80


async def test_its_columns_at_120_are_those_of_the_specification(shell: MakeShell) -> None:
    app = shell(long_log(), mode="requests")
    async with app.run_test(size=LARGE) as pilot:
        await settled(pilot)
        await pilot.press("down", "down")
        await settled(pilot)
        assert rows(app)[3 : 3 + len(HEAD_120)] == HEAD_120
        assert rows(app)[25 : 25 + len(DETAIL_120)] == DETAIL_120


async def test_the_first_row_follows_the_newest(shell: MakeShell) -> None:
    admin = long_log()
    app = shell(admin, mode="requests")
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        newer(admin, 3)
        await look(app, pilot)
        assert rows(app)[6].startswith("▌14:04:33")
        assert "● live" in rows(app)[3]


async def test_below_the_first_row_the_list_stands_still(shell: MakeShell) -> None:
    admin = long_log()
    app = shell(admin, mode="requests")
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        await pilot.press("down", "down")
        before = rows(app)[6:]
        newer(admin, 12)
        await look(app, pilot)
        assert rows(app)[6:] == before
        assert "▲ 12 new" in rows(app)[3]
        await pilot.press("g")
        await pilot.pause()
        assert rows(app)[6].startswith("▌14:04:42")
        await look(app, pilot)
        assert "● live" in rows(app)[3]


async def test_more_new_rows_than_a_picture_holds_begin_the_list_anew(shell: MakeShell) -> None:
    admin = long_log()
    app = shell(admin, mode="requests")
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        newer(admin, 120)
        await look(app, pilot)
        await look(app, pilot)
        table = view_of(app).table
        assert [one.id for place in (0, 119) if (one := table.window.at(place))] == [
            "new119",
            "new0",
        ]


async def test_older_pages_come_as_they_are_needed(shell: MakeShell) -> None:
    admin = long_log()
    app = shell(admin, mode="requests")
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        assert len(view_of(app).table.window) == 200
        for _ in range(3):
            await pilot.press("G")
            await settled(pilot)
        table = view_of(app).table
        assert table.window.is_whole
        assert len(table.window) == len(admin.log)
        assert table.request is not None
        assert table.request.id == admin.log[-1].id


async def test_typing_filters_and_esc_shows_all_again(shell: MakeShell) -> None:
    app = shell(mode="requests")
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        await pilot.press("slash", *"editor")
        await settled(pilot)
        seen = rows(app)
        assert " free " not in "\n".join(seen[6:-1])
        assert seen[3].endswith("7 of 12,408")
        await pilot.press("escape")
        await settled(pilot)
        assert view_of(app).wanted.is_all
        assert " free " in "\n".join(rows(app)[6:-1])


async def test_a_filter_without_match_says_so(shell: MakeShell) -> None:
    app = shell(mode="requests")
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        await pilot.press("slash", *"zzz")
        await settled(pilot)
        assert row_with(app, "esc clears") == " 0 of 12,408. esc clears the filter."


async def test_tab_walks_the_filters_and_enter_chooses(shell: MakeShell) -> None:
    app = shell(mode="requests")
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        await pilot.press("slash", "tab", "tab", "tab", "enter")
        await settled(pilot)
        await pilot.press(*"cut", "enter")
        await settled(pilot)
        assert view_of(app).wanted.status == "interrupted"
        assert "status cut off▾" in rows(app)[3]
        assert row_with(app, "14:03:33")
        assert len([one for one in rows(app)[6:-1] if one]) == 1


async def test_a_click_opens_a_filter(shell: MakeShell) -> None:
    app = shell(mode="requests")
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        await pilot.click("Selectors", offset=(15, 0))
        await settled(pilot)
        await pilot.press(*"lab", "enter")
        await settled(pilot)
        assert view_of(app).wanted.provider == "lab"


async def test_another_screen_can_ask_for_a_filter(shell: MakeShell) -> None:
    app = shell(mode="requests")
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        view_of(app).filter_by(q="editor", status="failed")
        await settled(pilot)
        assert rows(app)[3].startswith(" / editor")
        assert rows(app)[6].startswith("▌14:02:11")


async def test_m_gives_the_list_or_the_detail_all_rows(shell: MakeShell) -> None:
    app = shell(long_log(), mode="requests")
    async with app.run_test(size=LARGE) as pilot:
        await settled(pilot)
        await pilot.press("m")
        await settled(pilot)
        assert "served by   " not in "\n".join(rows(app)[6:])
        await pilot.press("m")
        await settled(pilot)
        assert rows(app)[6].startswith(" served by")
        await pilot.press("m")
        await settled(pilot)
        assert rows(app)[26].startswith(" served by")


async def test_a_resize_keeps_the_cursor_and_the_focus(shell: MakeShell) -> None:
    app = shell(long_log(), mode="requests")
    async with app.run_test(size=LARGE) as pilot:
        await settled(pilot)
        await pilot.press(*["down"] * 15)
        held = view_of(app).table.request
        for size in ((80, 24), (60, 16), (50, 10), (200, 60)):
            await pilot.resize_terminal(*size)
            await settled(pilot)
            assert view_of(app).table.request == held
        assert app.focused is view_of(app).table


async def test_the_mouse_chooses_scrolls_and_opens(shell: MakeShell) -> None:
    app = shell(long_log(), mode="requests")
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        await pilot.click("LogTable", offset=(30, 3))
        table = view_of(app).table
        assert table.request is not None
        assert table.request.id == "req_7Hq2c9"
        await pilot.click("LogTable", offset=(30, 2), times=2)
        await settled(pilot)
        assert isinstance(app.screen, OneRequest)
        assert app.screen.request.entry == GPT


async def test_without_a_request_it_says_how_to_make_one(shell: MakeShell) -> None:
    admin = FakeAdmin()
    admin.log, admin.rows = [], {"day": ()}
    app = shell(admin, mode="requests")
    async with app.run_test(size=(100, 24)) as pilot:
        await settled(pilot)
        told = " No request yet. Point a program at http://127.0.0.1:4290/v1, or press 4"
        assert row_with(app, "No request").startswith(told)
        await pilot.press("enter", "y", "t")
        await settled(pilot)
        assert isinstance(app.screen, RequestsView)


async def test_end_goes_down_to_the_oldest_row_of_a_long_log(shell: MakeShell) -> None:
    admin = FakeAdmin()
    admin.log = history(4000)
    app = shell(admin, mode="requests")
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        table = view_of(app).table
        await pilot.press("G")
        await until(pilot, lambda: table.at == len(admin.log) - 1)
        assert table.request == row(admin.log[-1])
        await pilot.press("g")
        await settled(pilot)
        assert rows(app)[6].startswith("▌14:04:29")

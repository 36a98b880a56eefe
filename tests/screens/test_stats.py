"""The statistics screen: periods, groups, order, and the way to the requests behind a row."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from textual.pilot import Pilot

from app.contract import AdminError
from app.request_snapshot import Landed, StatsRow
from screens.stats_export import as_csv, as_jsonl
from screens.stats_figures import Period, every_bar, span_of, totals, value_of
from tests.screens.conftest import MakeShell
from tests.screens.instance import FakeAdmin
from tests.screens.seen import shows

TODAY = date(2026, 11, 22)


def day(key: str, **changes: object) -> StatsRow:
    facts: dict[str, object] = {
        "key": key,
        "requests": 10,
        "unserved": 0,
        "interrupted": 0,
        "attempts": 12,
        "refused": 2,
        "failed": 0,
        "waterfalled": 4,
        "tokens_in": 1000,
        "tokens_out": 200,
        "mean_ms": 500.0,
        "p95_ms": 900.0,
        "saved_usd": 0.5,
        "landed": Landed(6, 3, 1, 0),
    }
    return StatsRow(**{**facts, **changes})  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    "period, first, last, by",
    [
        ("today", "2026-11-22", "2026-11-22", "hour"),
        ("yesterday", "2026-11-21", "2026-11-21", "hour"),
        ("7 days", "2026-11-16", "2026-11-22", "day"),
        ("30 days", "2026-10-24", "2026-11-22", "day"),
    ],
)
def test_a_period_is_so_many_days(period: Period, first: str, last: str, by: str) -> None:
    span = span_of(period, TODAY)
    assert (*span.days, span.by) == (first, last, by)


def test_totals_count_what_nobody_served_and_say_what_is_unknown() -> None:
    rows = [day("a"), day("b", requests=8, unserved=2, waterfalled=1, saved_usd=None)]
    whole = totals(rows)
    assert (whole.tokens, whole.saved_usd, whole.requests) == (2400, 0.5, 20)
    assert whole.waterfalled == 0.25
    assert totals([]).saved_usd is None
    assert totals([]).waterfalled is None


def test_each_day_has_a_bar_even_where_nothing_happened() -> None:
    bars = every_bar(span_of("7 days", TODAY), [day("2026-11-20")], datetime(2026, 11, 22, 14))  # noqa: DTZ001
    assert bars[0][0] == "Nov 16"
    assert [row is not None for _, row in bars] == [False] * 4 + [True, False, False]


def test_todays_hours_end_now() -> None:
    now = datetime(2026, 11, 22, 14, 4, tzinfo=UTC)
    bars = every_bar(span_of("today", TODAY), [day("2026-11-22T13")], now)
    assert len(bars) == 15
    assert bars[13] == ("13:00", day("2026-11-22T13"))
    assert len(every_bar(span_of("yesterday", TODAY), [], now)) == 24


def test_unknown_values_sort_last() -> None:
    assert value_of(day("a", saved_usd=None, p95_ms=None), "saved") == 0
    assert value_of(day("a", p95_ms=None), "p95") == 0


async def test_period_group_and_order_change_what_is_asked(shell: MakeShell) -> None:
    admin = FakeAdmin()
    async with shell(admin, mode="stats").run_test(size=(80, 24)) as pilot:
        await shows(pilot, "tokens a day", "groq", "7 days")
        await pilot.press("right_square_bracket")
        await shows(pilot, "by model")
        await pilot.press("left_square_bracket", "left_square_bracket")
        await shows(pilot, "by client")
        await pilot.press("p")
        await shows(pilot, "30 days")
        await pilot.press("p")
        await shows(pilot, "today", "tokens an hour")
    asked = [what for name, what in admin.calls if name == "stats"]
    assert ("model", "2026-11-16", "2026-11-22") in asked
    assert ("client", "2026-10-24", "2026-11-22") in asked
    assert ("hour", "2026-11-22", "2026-11-22") in asked


async def test_s_sorts_by_the_next_column(shell: MakeShell) -> None:
    async with shell(mode="stats").run_test(size=(80, 24)) as pilot:
        text = await shows(pilot, "gemini", "mistral")
        assert text.index("gemini ") < text.index("mistral ")
        await pilot.press("s")
        text = await shows(pilot, "gemini", "mistral")
        assert text.index("mistral ") < text.index("gemini ")


async def test_enter_opens_the_requests_behind_a_row(shell: MakeShell) -> None:
    async with shell(mode="stats").run_test(size=(80, 24)) as pilot:
        await shows(pilot, "cerebras")
        await pilot.press("down", "enter")
        await shows(pilot, "provider cerebr", "6 of 12,408")


async def test_a_group_and_an_order_are_clicked(shell: MakeShell) -> None:
    async with shell(mode="stats").run_test(size=(80, 24)) as pilot:
        text = await shows(pilot, "by provider", "served")
        rows = text.splitlines()
        row = next(y for y, line in enumerate(rows) if "by provider" in line)
        await pilot.click(offset=(rows[row].index("chain"), row))
        await shows(pilot, "by chain")
        await pilot.click(offset=(75, 3))
        await shows(pilot, "30 days")


async def test_the_table_is_exported(shell: MakeShell, tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    async with shell(mode="stats").run_test(size=(80, 24)) as pilot:
        await shows(pilot, "groq")
        await pilot.press("x")
        await shows(pilot, "export the statistics")
        await pilot.press("ctrl+u", *str(path), "enter")
        await shows(pilot, "Exported to")
    assert path.read_text(encoding="utf-8").splitlines()[0].startswith("key,requests,")
    assert path.stat().st_mode & 0o777 == 0o600


def test_no_name_becomes_a_formula() -> None:
    assert as_csv([day("=1+1")]).splitlines()[1].startswith("'=1+1,10")
    assert json.loads(as_jsonl([day("a")]))["tokens_out"] == 200


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
@pytest.mark.parametrize("state", ["week", "today", "empty"])
def test_it_looks_so(
    shell: MakeShell, snap_compare: Callable[..., bool], size: tuple[int, int], state: str
) -> None:
    async def week(pilot: Pilot[None]) -> None:
        await shows(pilot, "groq")

    async def today(pilot: Pilot[None]) -> None:
        await shows(pilot, "groq")
        await pilot.press("p", "p")
        await shows(pilot, "tokens an hour")

    async def empty(pilot: Pilot[None]) -> None:
        await pilot.press("escape")
        await pilot.app.run_action("go('stats')")
        await shows(pilot, "Nothing to count yet")

    runs: dict[str, Callable[[Pilot[None]], Awaitable[None]]] = {
        "week": week,
        "today": today,
        "empty": empty,
    }
    app = shell(FakeAdmin(empty=state == "empty"), mode="stats")
    assert snap_compare(app, terminal_size=size, run_before=runs[state])


async def test_numbers_that_cannot_be_read_are_told_in_their_place(shell: MakeShell) -> None:
    admin = FakeAdmin()
    admin.refuse["stats"] = AdminError(
        "The totals cannot be read", "It is locked.", "wait a moment"
    )
    async with shell(admin, mode="stats").run_test(size=(80, 24)) as pilot:
        await shows(pilot, " The totals cannot be read", " It is locked.", " wait a moment")


async def test_older_bars_are_reached_by_keys(shell: MakeShell) -> None:
    async with shell(mode="stats").run_test(size=(80, 24)) as pilot:
        await shows(pilot, "Nov 22")
        await pilot.press("p")
        await shows(pilot, "23 more, scroll")
        await pilot.press("shift+tab", "home")
        await shows(pilot, "Oct 24")
        await pilot.press("end")
        await shows(pilot, "Nov 22")

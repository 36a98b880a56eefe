"""One limit: whose size holds, what is left, what a provider's words do to it."""

from __future__ import annotations

from math import inf

from proxy.limits import cell_state
from proxy.limits.cells import Cell
from proxy.limits.hearing import Told, hear, outdated
from proxy.model import Kind, Limit, Source
from tests.proxy.limits.accounts import limit
from tests.proxy.limits.clock import FakeClock


def cell_of(configured: Limit | None = None, kind: Kind = "rolling") -> tuple[FakeClock, Cell]:
    clock = FakeClock()
    cell = Cell("requests", "minute", kind, "UTC", clock)
    cell.configure(configured)
    return clock, cell


def told(
    remaining: int | None,
    limit: int | None = None,
    reset: float | None = None,
    *,
    seq: int = 1,
    source: Source = "header",
) -> Told:
    return Told(limit, remaining, reset, seq, 100_000.0, source)


def test_what_is_stated_beats_what_is_configured_and_that_a_preset() -> None:
    clock, cell = cell_of(limit("rpm", 10, source="preset"))
    assert (cell.size, cell.source, cell.guess) == (10, "preset", True)
    cell.configure(limit("rpm", 20))
    assert (cell.size, cell.source, cell.guess) == (20, "manual", False)
    hear(cell, told(5, 30), (), clock.now())
    assert (cell.size, cell.source, cell.guess) == (30, "header", False)
    cell.configure(limit("rpm", 40))
    assert cell.size == 30
    cell.forget(clock.now())
    assert (cell.size, cell.source) == (40, "manual")
    cell.configure(None)
    assert (cell.size, cell.guess) == (inf, False)


def test_a_size_learned_for_a_time_ends() -> None:
    clock, cell = cell_of(limit("rpm", 10))
    cell.learn_size(2, "refusal", clock.now() + 600)
    clock.advance(599)
    assert cell.room(clock.now()) == 2
    clock.advance(1)
    assert cell.room(clock.now()) == 10


def test_a_size_learned_for_a_time_blocks_no_longer() -> None:
    clock, cell = cell_of()
    cell.learn_size(2, "header", clock.now() + 10, is_rest=True)
    assert cell.free_at(3, clock.now()) == clock.now() + 10


def test_what_is_larger_than_a_stated_size_never_fits_however_long_that_is_believed() -> None:
    clock, cell = cell_of()
    cell.learn_size(2, "refusal", clock.now() + 10)
    assert cell.free_at(3, clock.now()) == inf
    clock.advance(10)
    assert cell.free_at(3, clock.now()) == clock.now()


def test_counts_survive_a_new_size_and_a_reload() -> None:
    for kind in ("rolling", "clock", "bucket"):
        clock, cell = cell_of(limit("rpm", 10, kind=kind), kind)
        cell.book(4, clock.now())
        cell.configure(limit("rpm", 6, kind=kind))
        assert cell.room(clock.now()) == 2
        cell.learn_size(5, "header")
        assert cell.room(clock.now()) == 1


def test_another_kind_of_window_counts_anew_and_old_bookings_do_no_harm() -> None:
    clock, cell = cell_of(limit("rpm", 10))
    booking = cell.book(4, clock.now())
    cell.configure(limit("rpm", 10, kind="bucket"))
    booking.window.amend(booking, 0, clock.now())
    assert cell.room(clock.now()) == 10


def test_more_left_than_the_size_raises_the_size() -> None:
    clock, cell = cell_of(limit("rpm", 10))
    hear(cell, told(50), (), clock.now())
    assert (cell.size, cell.room(clock.now())) == (50, 50)


def test_what_is_under_way_is_never_counted_beyond_the_size() -> None:
    clock, cell = cell_of(limit("rpm", 10, kind="bucket"), "bucket")
    pending = [cell.book(1, clock.now()) for _ in range(6)]
    hear(cell, told(2), pending, clock.now())
    assert cell.window.used(clock.now()) == 10
    assert cell.free_at(1, clock.now()) == clock.now() + 6


def test_spent_until_a_stated_moment_only_a_newer_header_lifts() -> None:
    clock, cell = cell_of(limit("rpm", 10))
    now = clock.now()
    hear(cell, told(0, reset=now + 50, seq=3, source="refusal"), (), now)
    cell.spend(now, now + 50, 1, seq=3, born=5)
    assert cell.free_at(1, now) == now + 50
    assert outdated(cell, told(9, seq=4), now)
    newer = told(9, seq=6)
    assert not outdated(cell, newer, now)
    hear(cell, newer, (), now)
    assert cell.free_at(1, now) == now


def test_two_refusals_the_later_stated_moment_holds() -> None:
    clock, cell = cell_of(limit("rpm", 10))
    now = clock.now()
    for wait in (50.0, 10.0):
        cell.spend(now, now + wait, 1, seq=1, born=2)
    assert cell.free_at(1, now) == now + 50


def test_as_large_requests_are_out_smaller_ones_go() -> None:
    clock, cell = cell_of(limit("rpm", 1000))
    now = clock.now()
    cell.refuse_amount(500, now + 9)
    assert cell.free_at(499, now) == now
    assert cell.free_at(500, now) == now + 9
    assert cell.largest(now) == 499
    assert cell.largest(now + 9) == 1000


def test_idle_is_what_could_be_made_anew() -> None:
    clock, cell = cell_of(limit("rpm", 10))
    assert cell.idle(clock.now())
    cell.book(1, clock.now())
    assert not cell.idle(clock.now())
    clock.advance(60)
    assert cell.idle(clock.now())
    cell.refuse_amount(5, clock.now() + 5)
    assert not cell.idle(clock.now())


def test_saved_and_restored_whole() -> None:
    clock, cell = cell_of(limit("rpm", 10, source="preset"))
    now = clock.now()
    cell.book(3, now)
    hear(cell, told(5, 20), (), now)
    cell.spend(now, now + 30, 1, seq=1, born=1)
    cell.refuse_amount(4, now + 20)
    _, restored = cell_of()
    cell_state.load(restored, cell_state.dump(cell, now), now)
    for amount, later in ((1, 0.0), (1, 31.0), (10, 31.0), (20, 31.0), (20, 61.0)):
        assert restored.free_at(amount, now + later) == cell.free_at(amount, now + later)
    assert (restored.size, restored.source) == (20, "header")

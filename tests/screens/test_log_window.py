"""The window on the request log loses no row and moves none, whatever is added on top."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from app.request_snapshot import Request, RequestPage
from screens.log_window import MOST, PAGE, LogWindow
from tests.screens.history import history, row, running

_LIKE = row(history()[0])


def _requests(first: int, last: int) -> tuple[Request, ...]:
    """Ended requests by number, the newest (the largest) first."""
    return tuple(replace(_LIKE, id=f"r{number}") for number in range(last - 1, first - 1, -1))


def _page(end: int, limit: int = PAGE) -> RequestPage:
    """What the log answers for the rows below number `end`."""
    first = max(0, end - limit)
    return RequestPage(_requests(first, end), first + 1 if first else None)


def _read(window: LogWindow, needed: tuple[int, int]) -> None:
    """As the screen does: `before` is one more than the number of the newest row wanted."""
    before, limit = needed
    page = _page(before - 1, limit)
    if before == window.next:
        window.add(page)
    else:
        window.fill(before, page)


@given(
    total=st.integers(0, 1500),
    acts=st.lists(st.one_of(st.integers(0, 40), st.just("older"), st.just("top")), max_size=20),
)
def test_every_row_is_where_it_belongs(total: int, acts: list[int | str]) -> None:
    window = LogWindow()
    window.begin(_page(total))
    for act in acts:
        if act == "older":
            needed = window.needed(len(window) - 1, len(window) + 10)
            if needed is not None:
                _read(window, needed)
            window.let_go(len(window) - 20, len(window))
        elif act == "top":
            window.let_go(0, 20)
        elif isinstance(act, int):
            total += act
            assert window.renew(_requests(max(0, total - 50), total)) == act
        for position in range(0, len(window), 37):
            one = window.at(position)
            assert one is None or one.id == f"r{total - 1 - position}"
    assert window.at(len(window)) is None
    assert len(window) <= total


def test_what_was_let_go_is_asked_for_again() -> None:
    window = LogWindow()
    window.begin(_page(5000))
    while (needed := window.needed(len(window), len(window))) is not None:
        _read(window, needed)
    assert len(window) == 5000
    assert window.is_whole
    window.let_go(4980, 5000)
    assert window.at(1000) is None
    needed = window.needed(1000, 1020)
    assert needed is not None
    _read(window, needed)
    kept = window.at(1000)
    assert kept is not None
    assert kept.id == "r3999"
    assert window.position("r3999") == 1000
    assert window.position("r2") == 4997


def test_a_page_is_read_before_it_is_seen_and_again_as_long_as_it_was() -> None:
    window = LogWindow()
    window.begin(_page(5000))
    assert window.needed(0, 20) is None
    before, limit = window.needed(90, 110) or (0, 0)
    assert (before, limit) == (4801, PAGE)
    window.add(_page(before - 1, MOST))
    window.let_go(4000, 4020)
    assert window.needed(300, 320) == (before, MOST)


def test_rows_that_would_be_missing_are_noticed() -> None:
    window = LogWindow()
    window.begin(_page(500))
    assert window.renew(_requests(600, 650)) is None


def test_what_runs_stands_above_and_ends_in_its_place() -> None:
    window = LogWindow()
    window.begin(_page(100))
    under_way = row(running(id="r100"))
    assert window.renew((under_way, *_requests(50, 100))) == 0
    assert window.at(0) == under_way
    assert window.renew(_requests(51, 101)) == 1
    assert [one.id for place in (0, 1) if (one := window.at(place))] == ["r100", "r99"]


def test_an_empty_log_takes_its_first_request() -> None:
    window = LogWindow()
    window.begin(RequestPage((), None))
    assert window.renew(_requests(0, 1)) == 1
    assert len(window) == 1

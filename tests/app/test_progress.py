from __future__ import annotations

import io

import pytest

from app.progress import percent, waiting


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    stream = io.StringIO()
    monkeypatch.setattr(stream, "isatty", lambda: True)
    return stream


def test_percents_rise_and_are_gone_at_the_end(terminal: io.StringIO) -> None:
    show = percent(terminal, "copying")
    for done in (0.1, 0.101, 0.5, 1.0, 1.0):
        show(done)

    assert terminal.getvalue() == f"\rcopying: 10 %\rcopying: 50 %\r{'':14}\r"


def test_what_is_waited_for_is_gone_at_the_end_of_a_failure_too(terminal: io.StringIO) -> None:
    def fail() -> None:
        with waiting(terminal, "asking"):
            assert terminal.getvalue() == "asking ..."
            raise ConnectionError

    with pytest.raises(ConnectionError):
        fail()
    assert terminal.getvalue() == f"asking ...\r{'':10}\r"


def test_a_pipe_is_shown_nothing() -> None:
    pipe = io.StringIO()
    for stream in (pipe, None):
        percent(stream)(0.5)
        with waiting(stream, "asking"):
            pass

    assert pipe.getvalue() == ""

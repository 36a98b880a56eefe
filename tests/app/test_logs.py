"""Log lines: one each, readable, and without a secret."""

from __future__ import annotations

import io
import logging
import re
import sys
from collections.abc import Iterator
from logging.handlers import RotatingFileHandler
from pathlib import Path

import pytest
from aiohttp.http_exceptions import BadHttpMessage

from app.logs import FewBadRequests, Logs, RedactingFormatter, TerminalFormatter, log_together
from proxy.text import Redactor

SECRET = "canary-secret-of-the-log"


def record(message: str, *arguments: object, **more: object) -> logging.LogRecord:
    made = logging.LogRecord("429chain", logging.INFO, "", 0, message, arguments, None)
    made.created = 1_790_000_000.25
    vars(made).update(more)
    return made


def failure(error: ValueError | BadHttpMessage) -> object:
    """What `exc_info` holds for an error that was raised."""
    try:
        raise error
    except (ValueError, BadHttpMessage):
        return sys.exc_info()


def test_a_line_has_time_and_level_and_names_others_than_us():
    line = RedactingFormatter().format(record("serves %s", "http://x"))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4} INFO    serves http://x", line)
    other = RedactingFormatter().format(record("failed", name="store.recorder"))
    assert other.endswith("INFO    store.recorder: failed")


@pytest.mark.parametrize(
    "text", ["a\nb", "a\r\nb", "a\x1b[31mb", "a\u2028b", "a\x85b", "a\x00b", "a\ud800b"]
)
def test_what_came_from_outside_adds_no_line_and_does_nothing(text: str):
    line = RedactingFormatter().format(record("%s", text))
    assert len(line.splitlines()) == 1
    assert line.isprintable()
    line.encode("utf-8")


def test_secrets_are_taken_out_of_messages_arguments_and_tracebacks():
    formatter = RedactingFormatter()
    formatter.redactor = Redactor([SECRET])
    trace = failure(ValueError(f"wrong key {SECRET}\n2026-11-22T00:00:00+0000 INFO    forged"))
    text = formatter.format(record(f"{SECRET} {{}} %s", [SECRET], exc_info=trace))
    assert SECRET not in text
    assert "ValueError: wrong key [redacted]" in text
    first, *rest = text.splitlines()
    assert "INFO" in first
    assert rest
    assert all(line.startswith("    ") for line in rest)


def test_a_traceback_shows_no_local_variables():
    def fails() -> None:
        prompt = "what was the user's prompt"
        raise ValueError(len(prompt))

    with pytest.raises(ValueError) as failed:
        fails()
    exc_info = (failed.type, failed.value, failed.tb)
    text = RedactingFormatter().format(record("failed", exc_info=exc_info))
    assert "in fails" in text
    assert "ValueError: 26" in text
    assert 'prompt = "what' not in text


def test_arguments_that_do_not_fit_lose_no_line():
    assert "two %s %s ('one',)" in RedactingFormatter().format(record("two %s %s", "one"))


def test_a_terminal_gets_the_time_of_day_and_the_level_where_it_matters():
    plain = TerminalFormatter(colours=False)
    assert re.fullmatch(r"\d\d:\d\d:\d\d hello", plain.format(record("hello")))
    warned = record("hello", levelno=logging.WARNING, levelname="WARNING")
    assert re.fullmatch(r"\d\d:\d\d:\d\d warning hello", plain.format(warned))
    coloured = TerminalFormatter(colours=True).format(warned)
    assert "\x1b[33mwarning\x1b[0m hello" in coloured
    sneaky = TerminalFormatter(colours=True).format(record("\x1b[2J"))
    assert "\x1b[2J" not in sneaky


@pytest.fixture
def stderr(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    return stream


@pytest.fixture
def logs(stderr: io.StringIO) -> Iterator[Logs]:
    made = Logs("info", stderr=True)
    yield made
    made.close()


def test_piped_it_has_no_colours_and_knows_old_secrets_too(
    logs: Logs, stderr: io.StringIO, tmp_path: Path
):
    assert logs.open_file(tmp_path / "new/429chain.log") is None
    logs.know(["the-first-secret"])
    assert logs.know(["the-second-secret"]) == {"the-first-secret", "the-second-secret"}
    logging.getLogger("429chain").info("the-first-secret and the-second-secret")
    logging.getLogger("429chain").debug("not at this level")
    told = stderr.getvalue()
    assert told.endswith("INFO    [redacted] and [redacted]\n")
    assert "\x1b" not in told
    assert (tmp_path / "new/429chain.log").read_text() == told
    assert (tmp_path / "new/429chain.log").stat().st_mode & 0o777 == 0o600


def test_lines_logged_together_have_a_head_each_and_none_makes_two(logs: Logs, stderr: io.StringIO):
    logs.know([SECRET])
    log_together(logging.getLogger("429chain"), logging.INFO, ["one", "two\nforged", SECRET])
    bodies = [line.partition("INFO    ")[2] for line in stderr.getvalue().splitlines()]
    assert bodies == ["one", r"two\nforged", "[redacted]"]


def test_without_a_file_it_says_why(logs: Logs, tmp_path: Path):
    (tmp_path / "file").write_text("")
    trouble = logs.open_file(tmp_path / "file/429chain.log")
    assert trouble is not None
    assert str(tmp_path / "file/429chain.log") in trouble


def test_closed_it_leaves_nothing_behind(stderr: io.StringIO):
    before = list(logging.getLogger().handlers)
    made = Logs("info", stderr=True)
    made.close()
    assert logging.getLogger().handlers == before
    assert not any(
        isinstance(one, FewBadRequests) for one in logging.getLogger("aiohttp.server").filters
    )


def test_malformed_requests_are_one_counted_line_in_ten_seconds(logs: Logs, stderr: io.StringIO):
    server = logging.getLogger("aiohttp.server")
    garbage = failure(BadHttpMessage("bytes of somebody"))
    told: list[str] = []
    for second in (0.0, 1.0, 2.0, 11.0):
        made = record("Error handling request", exc_info=garbage, created=1000.0 + second)
        if all(bool(one.filter(made)) for one in server.filters if isinstance(one, FewBadRequests)):
            told.append(made.getMessage())
            assert (made.levelno, made.exc_info) == (logging.INFO, None)
    assert told == [
        "a connection sent no proper HTTP: BadHttpMessage",
        "a connection sent no proper HTTP: BadHttpMessage (2 more since the last line)",
    ]


def test_another_failure_of_the_server_keeps_its_traceback(logs: Logs, stderr: io.StringIO):
    try:
        raise KeyError("a bug")
    except KeyError:
        logging.getLogger("aiohttp.server").exception("Unhandled exception")
    assert "ERROR   aiohttp.server: Unhandled exception" in stderr.getvalue()
    assert "KeyError: 'a bug'" in stderr.getvalue()


class Broken(io.StringIO):
    def write(self, text: str) -> int:
        raise OSError(28, "No space left on device")


def test_a_log_that_cannot_be_written_raises_nothing(
    logs: Logs, stderr: io.StringIO, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    logs.open_file(tmp_path / "429chain.log")
    (handler,) = [
        one for one in logging.getLogger().handlers if isinstance(one, RotatingFileHandler)
    ]
    with monkeypatch.context() as full:
        full.setattr(handler, "stream", Broken())
        logging.getLogger("429chain").info("lost")
    logging.getLogger("429chain").info("kept")
    assert "lost" not in (tmp_path / "429chain.log").read_text()
    assert "kept" in (tmp_path / "429chain.log").read_text()
    assert [line[-4:] for line in stderr.getvalue().splitlines()] == ["lost", "kept"]

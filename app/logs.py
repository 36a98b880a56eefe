"""Logging: to a rotating file and, without a screen, to stderr. No secret passes, whatever logs."""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Iterable, Sequence
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TextIO

from aiohttp.http_exceptions import HttpProcessingError

from app.standard_streams import silence
from proxy.text import Redactor, safe_text

OWN = "429chain"
"""The logger whose name is not worth repeating in every line."""

_LARGEST = 5 * 1024 * 1024
_KEPT = 3
_QUIET_SECONDS = 10.0
_LONGEST_LINE = 4000
_LONGEST_TRACE = 20_000

_COLOURS = {"WARNING": "33", "ERROR": "31", "CRITICAL": "1;31"}


class RedactingFormatter(logging.Formatter):
    """The last thing every record goes through: one line, no control characters, no secret.

    A traceback follows indented, so that nothing in it can be taken for a line of the log.
    """

    time_format = "%Y-%m-%dT%H:%M:%S%z"

    def __init__(self) -> None:
        super().__init__()
        self.redactor = Redactor()
        self._second = -1
        self._when = ""

    def format(self, record: logging.LogRecord) -> str:
        head = self._head(record)
        return "\n".join([head + body for body in self._bodies(record)])

    def _head(self, record: logging.LogRecord) -> str:
        """`2026-11-22T13:00:00+0000 INFO    `."""
        return f"{self._time(record)} {record.levelname:<7} "

    def _time(self, record: logging.LogRecord) -> str:
        second = int(record.created)
        if second != self._second:
            self._second = second
            self._when = time.strftime(self.time_format, time.localtime(second))
        return self._when

    def _bodies(self, record: logging.LogRecord) -> list[str]:
        """What all handlers write alike, kept in the record as `exc_text` is: made clean once."""
        clean: list[str] | None = vars(record).get("clean_lines")
        if clean is None:
            told: Sequence[str] = vars(record).get("lines") or [_message(record)]
            clean = [self._clean(line, _LONGEST_LINE) for line in told]
            if record.exc_info:
                trace = self.formatException(record.exc_info)
                lines = self._clean(trace, _LONGEST_TRACE, lines=True).splitlines()
                clean[-1] += "".join(f"\n    {line}" for line in lines)
            vars(record)["clean_lines"] = clean
        return clean

    def _clean(self, text: str, limit: int, *, lines: bool = False) -> str:
        return safe_text(self.redactor.redact(text), limit, lines=lines)


class TerminalFormatter(RedactingFormatter):
    """For somebody who looks on: the time of day, and the level only where it matters."""

    time_format = "%H:%M:%S"

    def __init__(self, *, colours: bool) -> None:
        super().__init__()
        self._colours = colours

    def _head(self, record: logging.LogRecord) -> str:
        when = self._painted(self._time(record), "2")
        if record.levelno == logging.INFO:
            return f"{when} "
        colour = _COLOURS.get(record.levelname, "2")
        return f"{when} {self._painted(record.levelname.lower(), colour)} "

    def _painted(self, text: str, colour: str) -> str:
        return f"\x1b[{colour}m{text}\x1b[0m" if self._colours else text


def _message(record: logging.LogRecord) -> str:
    try:
        message = record.getMessage()
    except (TypeError, ValueError):
        # Arguments that do not fit: better an ugly line than none.
        message = f"{record.msg!s} {record.args!r}"
    return message if record.name == OWN else f"{record.name}: {message}"


def log_together(log: logging.Logger, level: int, lines: Sequence[str]) -> None:
    """Log each of our own lines as one of its own; they are written in one go."""
    # Where in the code a line comes from, which `log.log` would look for, is not shown.
    more = {"lines": lines}
    log.handle(log.makeRecord(log.name, level, "", 0, "\n".join(lines), (), None, extra=more))


class _Seldom(logging.Filter):
    """Lets one line in ten seconds pass of what anybody could make a library repeat without end, or
    they could fill the disk; it counts the others. All else passes as it is."""

    def __init__(self, level: int) -> None:
        super().__init__()
        self._level = level
        self._quiet_until = 0.0
        self._hushed = 0

    def words(self, record: logging.LogRecord) -> str | None:
        """Our own for the record; None where it is no matter of this filter."""
        raise NotImplementedError

    def filter(self, record: logging.LogRecord) -> bool:
        words = self.words(record)
        if words is None:
            return True
        if record.created < self._quiet_until or not logging.getLogger().isEnabledFor(self._level):
            self._hushed += 1
            return False
        more = f" ({self._hushed} more since the last line)" if self._hushed else ""
        self._quiet_until, self._hushed = record.created + _QUIET_SECONDS, 0
        record.msg, record.args, record.exc_info = words + more, (), None
        record.levelno, record.levelname = self._level, logging.getLevelName(self._level)
        return True


class FewBadRequests(_Seldom):
    """aiohttp logs a traceback for each malformed request."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)

    def words(self, record: logging.LogRecord) -> str | None:
        kind = record.exc_info[0] if record.exc_info else None
        if kind is None or not issubclass(kind, HttpProcessingError):
            return None
        return f"a connection sent no proper HTTP: {kind.__name__}"


class FewFailedAccepts(_Seldom):
    """asyncio logs a traceback for each connection that it has no descriptor for, up to a thousand
    a second, and tries again after one."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)

    def words(self, record: logging.LogRecord) -> str | None:
        if not record.getMessage().startswith("socket.accept() out of system resource"):
            return None
        return "connections wait: too many files are open (see ulimit -n)"


class _StderrHandler(logging.StreamHandler[TextIO]):
    def handleError(self, record: logging.LogRecord) -> None:
        # The default would write the record, unredacted, to the same stream.
        if isinstance(sys.exc_info()[1], OSError):
            silence("stderr")


class _FileHandler(RotatingFileHandler):
    def shouldRollover(self, record: logging.LogRecord) -> bool:
        # Asked before each line: the usual answer formats it for its length alone. One line more
        # does no harm.
        return self.stream is not None and self.stream.tell() >= self.maxBytes

    def handleError(self, record: logging.LogRecord) -> None:
        """A full disk: the line is lost, the next one may not be."""


class Logs:
    """The handlers of this process. `open_file` when the data folder is known."""

    def __init__(self, level: str, *, stderr: bool) -> None:
        self._root = logging.getLogger()
        self._root.setLevel(level.upper())
        self._secrets: set[str] = set()
        self._redactor = Redactor()
        self._formatters: dict[logging.Handler, RedactingFormatter] = {}
        self._few = {"aiohttp.server": FewBadRequests(), "asyncio": FewFailedAccepts()}
        for name, few in self._few.items():
            logging.getLogger(name).addFilter(few)
        self._stderr: logging.Handler | None = None
        self.where = ""
        """The log file, as it is told to a person."""
        if stderr and sys.stderr is not None:
            self._stderr = _StderrHandler(sys.stderr)
            self._add(self._stderr, _stderr_formatter())

    def _add(self, handler: logging.Handler, formatter: RedactingFormatter) -> None:
        formatter.redactor = self._redactor
        handler.setFormatter(formatter)
        self._formatters[handler] = formatter
        self._root.addHandler(handler)

    def open_file(self, path: Path) -> str | None:
        """Log to that file too; what is wrong with it, if it can't be."""
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with path.open("ab"):
                path.chmod(0o600)
            handler = _FileHandler(path, maxBytes=_LARGEST, backupCount=_KEPT, encoding="utf-8")
        except OSError as error:
            return f"{path}: {error.strerror or error}; logging goes on without a file"
        self._add(handler, RedactingFormatter())
        self.where = str(path)
        return None

    def leave_terminal(self) -> None:
        """Write to the file alone: a line on stderr would be drawn over the interface."""
        if self._stderr is not None:
            self._root.removeHandler(self._stderr)

    def return_to_terminal(self) -> None:
        if self._stderr is not None:
            self._root.addHandler(self._stderr)

    def know(self, secrets: Iterable[str]) -> frozenset[str]:
        """From now on these never appear, nor do those of earlier calls: an answer to a request
        that was sent with an old key may still come. Returns all of them."""
        self._secrets.update(secrets)
        self._redactor = Redactor(self._secrets)
        for formatter in self._formatters.values():
            formatter.redactor = self._redactor
        return frozenset(self._secrets)

    def close(self) -> None:
        for handler in self._formatters:
            self._root.removeHandler(handler)
            handler.close()
        self._formatters.clear()
        for name, few in self._few.items():
            logging.getLogger(name).removeFilter(few)


def _stderr_formatter() -> RedactingFormatter:
    if not sys.stderr.isatty():
        return RedactingFormatter()
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM", "dumb") == "dumb"
    return TerminalFormatter(colours=not plain)

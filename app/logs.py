"""Logging: to a rotating file and, without a screen, to stderr. No secret passes, whatever logs."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable
from logging.handlers import RotatingFileHandler
from pathlib import Path

from proxy.text import Redactor, safe_text

_FORMAT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
_LARGEST = 5 * 1024 * 1024
_KEPT = 3
_QUIET_SECONDS = 10.0


class RedactingFormatter(logging.Formatter):
    """The last thing every record goes through: one line, no control characters, no secret."""

    def __init__(self, fmt: str) -> None:
        super().__init__(fmt, datefmt="%Y-%m-%dT%H:%M:%S")
        self.redactor = Redactor()

    def format(self, record: logging.LogRecord) -> str:
        text = self.redactor.redact(super().format(record))
        # A traceback keeps its lines; what came from outside can't add any.
        message, newline, trace = text.partition("\nTraceback (most recent call last):")
        return safe_text(message, 4000) + newline + safe_text(trace, 20_000, lines=True)


class FewBadRequests(logging.Filter):
    """aiohttp logs a traceback for each malformed request: one counted line in ten seconds is
    enough, or anyone could fill the disk."""

    def __init__(self) -> None:
        super().__init__()
        self._quiet_until = 0.0
        self._hushed = 0

    def filter(self, record: logging.LogRecord) -> bool:
        now = record.created
        if now < self._quiet_until:
            self._hushed += 1
            return False
        self._quiet_until = now + _QUIET_SECONDS
        kind = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else "error"
        more = f" ({self._hushed} more since the last line)" if self._hushed else ""
        record.msg, record.args = f"a connection sent no proper HTTP: {kind}{more}", ()
        record.exc_info = None
        record.levelno, record.levelname = logging.INFO, "INFO"
        self._hushed = 0
        return True


class Logs:
    """The handlers of this process. `open_file` when the data folder is known."""

    def __init__(self, level: str, *, stderr: bool) -> None:
        self._formatter = RedactingFormatter(_FORMAT)
        self._root = logging.getLogger()
        self._root.setLevel(level.upper())
        if stderr:
            self._add(logging.StreamHandler(sys.stderr))
        logging.getLogger("aiohttp.server").addFilter(FewBadRequests())

    def _add(self, handler: logging.Handler) -> None:
        handler.setFormatter(self._formatter)
        self._root.addHandler(handler)

    def open_file(self, path: Path) -> str | None:
        """Log to that file too; what is wrong with it, if it can't be."""
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.touch(mode=0o600)
            self._add(RotatingFileHandler(path, maxBytes=_LARGEST, backupCount=_KEPT, delay=True))
        except OSError as error:
            return f"{path}: {error.strerror or error}; logging goes on without a file"
        return None

    def know(self, secrets: Iterable[str]) -> None:
        """From now on these never appear."""
        self._formatter.redactor = Redactor(secrets)

    def close(self) -> None:
        for handler in list(self._root.handlers):
            if handler.formatter is self._formatter:
                self._root.removeHandler(handler)
                handler.close()

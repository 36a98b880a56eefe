"""Texts that tomllib did not take: what tomlkit makes of them, or what is wrong with them."""

from __future__ import annotations

import re
from typing import Any

import tomlkit
from tomlkit.exceptions import InvalidDateError, ParseError, TOMLKitError

from store.toml_lines import Broken, TomlLines, end_of_line


class Unreadable(Exception):
    """The text is no TOML."""

    def __init__(self, broken: Broken) -> None:
        super().__init__(broken.message)
        self.broken = broken


def table_of(text: str, lines: TomlLines) -> dict[str, Any]:
    """The text's values as plain Python. Raises Unreadable."""
    try:
        table: dict[str, Any] = tomlkit.parse(text).unwrap()
    except (TOMLKitError, ValueError, RecursionError) as error:
        raise Unreadable(_judge(text, lines, error)) from None
    return table


def _judge(text: str, lines: TomlLines, error: Exception) -> Broken:
    """The earlier of the places that tomlkit and our own walk complain about."""
    offset = _offset(text, error)
    walked = lines.broken
    if walked is not None and (offset is None or walked.offset <= end_of_line(text, offset)):
        return walked
    if isinstance(error, InvalidDateError):
        return Broken(offset or 0, "this date or time does not exist")
    if isinstance(error, RecursionError) or "nested more than" in str(error):
        return Broken(offset or 0, "brackets are nested too deep")
    message = re.sub(r" at line \d+ col \d+$", "", str(error))
    return Broken(offset or 0, message[:1].lower() + message[1:160])


def _offset(text: str, error: Exception) -> int | None:
    """Where tomlkit stopped. It counts lines by every separator that Unicode has; we do not."""
    if not isinstance(error, ParseError):
        return None
    before = text.splitlines(keepends=True)[: error.line - 1]
    return min(sum(map(len, before)) + error.col, len(text))

"""TOML read into plain values, with errors that point.

Edits are written with tomlkit, so a file is what tomlkit makes of it. The standard library's
tomllib reads the same values ten times as fast and is loaded anyway, but it does not take every
text that tomlkit takes (in Python 3.11 no line break inside an inline table) and keeps no CRLF:
whatever it does not take goes to tomlkit, which is not even loaded before.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from typing import Any

from store.problems import ConfigError, Problem
from store.toml_lines import Broken, TomlLines, end_of_line

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\A\ufeff|\r(?!\n)")
_WIDEST_EXCERPT = 100

# An excerpt is shown in logs and interfaces, and the line may hold a key. Hidden is what is quoted
# on a line that names a secret, and whatever looks like a key elsewhere.
_SECRET_LINE = re.compile(r"key|token|secret|password|auth|headers|x-", re.IGNORECASE)
_AFTER_EQUALS = re.compile(r"(?<==)\s*[^\s].*")
_KEY_SHAPE = re.compile(
    r"(?:sk-|gsk_|csk-|nvapi-|hf_|AIza|xai-|Bearer )\S+|[0-9a-fA-F]{24,}"
    r"|(?=[A-Za-z0-9_-]*[A-Z])(?=[A-Za-z0-9_-]*[0-9])[A-Za-z0-9_-]{20,}"
)
_WORD = re.compile(r"[^\s\"'\[\]{},=#]")


@dataclass(frozen=True, slots=True)
class TomlText:
    """A text that was understood: its values as plain Python, and where each of them stands."""

    table: dict[str, Any]
    lines: TomlLines


def parse(text: str, file: str) -> TomlText:
    """Read a TOML text. Raises ConfigError with one problem: line, column and an excerpt."""
    lines = TomlLines(text)
    forbidden = _CONTROL.search(text)
    if forbidden is not None:
        broken = _forbidden(forbidden[0], forbidden.start())
        raise ConfigError([_problem(text, file, lines, broken)])
    if "\r" not in text:
        try:
            return TomlText(tomllib.loads(text), lines)
        except (ValueError, RecursionError):
            pass
    from store.toml_judge import Unreadable, table_of

    try:
        return TomlText(table_of(text, lines), lines)
    except Unreadable as unreadable:
        raise ConfigError([_problem(text, file, lines, unreadable.broken)]) from None


def _forbidden(character: str, offset: int) -> Broken:
    if character == "\ufeff":
        return Broken(offset, "a byte order mark is not allowed here", "save it as plain UTF-8")
    what = f"a control character \\x{ord(character):02x}"
    if character == "\r":
        what = "a lone carriage return"
    return Broken(offset, f"{what} is not allowed here", "delete it, or write it as an escape")


def _problem(text: str, file: str, lines: TomlLines, broken: Broken) -> Problem:
    line, column = lines.place(broken.offset)
    begin = broken.offset - column + 1
    shown = _without_secrets(text[begin : end_of_line(text, begin)].rstrip("\r"))
    cut = max(0, column - _WIDEST_EXCERPT // 2)
    shown = shown[cut : cut + _WIDEST_EXCERPT]
    visible = _CONTROL.sub("\N{REPLACEMENT CHARACTER}", shown.replace("\t", " "))
    return Problem(
        file,
        line,
        f"column {column}: {broken.message}",
        broken.hint,
        column=column,
        excerpt=f"{visible}\n{' ' * (column - 1 - cut)}^",
    )


def _without_secrets(line: str) -> str:
    """The line with stars for whatever may be a secret, every character still in its column."""

    def stars(match: re.Match[str]) -> str:
        return _WORD.sub("*", match[0])

    if _SECRET_LINE.search(line):
        return _AFTER_EQUALS.sub(stars, line) if "=" in line else _WORD.sub("*", line)
    return _KEY_SHAPE.sub(stars, line)

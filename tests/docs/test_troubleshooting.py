"""docs/troubleshooting.md has a row for every word, code and message that it could be about."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache

import pytest

from proxy import trail
from proxy.limits.blocks import LADDERS
from tests.docs.pages import DOCS, ROOT
from tests.house.layout import room_files

_REASONS = set(vars(trail)["_OF_REASON"])
_ERRORS = {"Conclusion", "RequestFault", "Failure", "error_body", "fail"}
_MESSAGES = ("It does not start", "The database", "Web view and attach")
"""Sections whose first column is what the program says, `...` for what varies."""


def _section(title: str) -> str:
    text = (DOCS / "troubleshooting.md").read_text(encoding="utf-8")
    return text.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def _first_cells(section: str) -> Iterator[str]:
    """Of the rows below a table's head."""
    for row in re.findall(r"^\|(.+?)\|.*\|$", section, re.MULTILINE):
        if not set(row) <= set("-: "):
            yield row.strip()


def _named(section: str) -> set[str]:
    """What stands as code in the first column."""
    return {word for cell in _first_cells(section) for word in re.findall(r"`([^`]+)`", cell)}


def _syntax(room: str = "") -> Iterator[ast.AST]:
    for path in room_files():
        if path.suffix == ".py" and path.as_posix().startswith(room):
            yield from ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8")))


def _codes() -> set[str]:
    """Every constant that is the `code` of an error of the data plane."""
    found: set[str] = set()
    for node in _syntax("proxy/"):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        name = node.func.id if isinstance(node.func, ast.Name) else name
        if name not in _ERRORS:
            continue
        codes = [keyword.value for keyword in node.keywords if keyword.arg == "code"]
        # Conclusion(status, message, type, code), Telling.fail(code, message).
        place = {"Conclusion": 3, "fail": 0}.get(name)
        codes += node.args[place : place + 1] if place is not None else []
        values = {one.value for one in codes if isinstance(one, ast.Constant)}
        found |= {value for value in values if isinstance(value, str)}
    return found


@cache
def _said() -> str:
    """All that the program can say, piece by piece."""
    texts = (node.value for node in _syntax() if isinstance(node, ast.Constant))
    return "\n".join(text for text in texts if isinstance(text, str))


def test_every_reason_has_a_row() -> None:
    named = _named(_section("The trail"))

    assert _REASONS - named == set()
    assert {ladder.reason for ladder in LADDERS.values()} <= _REASONS


def test_every_word_of_the_trail_has_a_row_and_no_other() -> None:
    words = {"ok", "not-tried", "timeout", "unreachable", "broken", "429", "500", "skipped:..."}

    assert _named(_section("The trail")) == words | _REASONS | {"skipped:"}


def test_every_error_code_has_a_row_and_no_other() -> None:
    codes = _codes()

    assert len(codes) > 10
    assert _named(_section("Error codes")) - {"param"} == codes


@pytest.mark.parametrize("title", _MESSAGES)
def test_what_the_program_is_quoted_with_it_says(title: str) -> None:
    quoted = _named(_section(title))
    # What varies: dots, numbers and addresses, and the file that a message begins with.
    pieces = {
        piece.strip(" :;,()`")
        for text in quoted
        for piece in re.split(r"\.\.\.|[\w.]*\d[\w.:]*|config\.toml|attach (?=needs)", text)
    }
    wordy = {piece for piece in pieces if " " in piece}

    assert quoted
    assert wordy
    assert {piece for piece in wordy if piece not in _said()} == set()

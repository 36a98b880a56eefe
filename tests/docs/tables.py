"""What a page of docs/ says below a heading, and in its tables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from tests.docs.pages import DOCS

_FENCED = re.compile(r"^[ \t]*```.*?^[ \t]*```[ \t]*$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^(#+) +(.+?) *$", re.MULTILINE)
_CELL = re.compile(r"(?<!\\)\|")
_RULE = re.compile(r"\|(?: *:?-+:? *\|)+")
_WORD = re.compile(r"`([^`]+)`")


def page(name: str) -> str:
    """The text of a page."""
    return (DOCS / name).read_text(encoding="utf-8")


def section(text: str, title: str) -> str:
    """What stands below a heading, up to the next one of its rank."""
    outline = list(_HEADING.finditer(without_code_blocks(text)))
    for index, heading in enumerate(outline):
        if heading[2] == title:
            after = (one for one in outline[index + 1 :] if len(one[1]) <= len(heading[1]))
            following = next(after, None)
            return text[heading.end() : following.start() if following else len(text)]
    raise AssertionError(f"no heading {title!r}")


def without_code_blocks(text: str) -> str:
    """Blanks in their stead: every other character stays in its place."""
    return _FENCED.sub(lambda block: re.sub(r"[^\n]", " ", block[0]), text)


def rows(text: str) -> Iterator[list[str]]:
    """The rows of every table, cell by cell; those of headings are left out."""
    lines = [*text.splitlines(), ""]
    for line, following in pairwise(lines):
        if line.startswith("|") and not _RULE.fullmatch(line) and not _RULE.fullmatch(following):
            yield cells(line)


def cells(row: str) -> list[str]:
    """Of one line of a table."""
    return [cell.strip().replace(r"\|", "|") for cell in _CELL.split(row.strip())[1:-1]]


def words(cell: str) -> list[str]:
    """What stands in code."""
    return _WORD.findall(cell)

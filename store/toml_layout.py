"""Where everything stands in a TOML text, so that an edit touches that and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import tomlkit

from store.toml_scan import (
    Assignment,
    Container,
    InlineTable,
    Path,
    Section,
    Value,
    sections_of,
)

_BLANK_LINES = re.compile(r"(?:[ \t]*\r?\n)*(?:[ \t]+\Z)?")
_COMMENTED_OUT = re.compile(
    r"""\#\s*(?: [\w."'-]+\s*=\s*\S          # a setting
        | \[[^\]]*\]\s*(?:\#.*)?$           # a table's header
        | (?:"[^"]*"|'[^']*')\s*(?:,\s*)?(?:\#.*)?$  # an entry
        | \]\s*$ )""",
    re.VERBOSE,
)
_COMMENTED_HEADER = re.compile(r"\s*#\s*\[[^\]]*\]\s*(?:#.*)?$")


@dataclass(frozen=True, slots=True)
class Splice:
    """A change of a text: `new` instead of what stands from `start` to `end`."""

    start: int
    end: int
    new: str


def is_remark(line: str) -> bool:
    """Whether a line is a comment in words, which belongs to what stands below it.

    A setting, table or entry that someone commented out stands for itself.
    """
    line = line.strip()
    return line.startswith("#") and _COMMENTED_OUT.match(line) is None


class Layout:
    """A text's sections with everything in them, and its lines."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.sections = sections_of(text)
        self.newline = "\r\n" if re.match(r"[^\n]*\r\n", text) else "\n"

    def containers(self) -> Iterator[Container]:
        """Sections and inline tables, outer before inner."""
        for section in self.sections:
            yield section
            for assignment in section.assignments:
                yield from _inline_tables(assignment.value)

    def container(self, path: Path) -> Container | None:
        """The section or inline table of just this path."""
        return next((one for one in self.containers() if one.path == path), None)

    def assignment(self, path: Path) -> Assignment | None:
        """The assignment that gives this path its value."""
        return next((one for one in self.below(path) if one.path == path), None)

    def below(self, path: Path) -> Iterator[Assignment]:
        """Assignments of this path and of paths inside it."""
        for container in self.containers():
            for assignment in container.assignments:
                if assignment.path[: len(path)] == path:
                    yield assignment

    def sections_below(self, path: Path) -> list[Section]:
        """Sections of this path and of paths inside it, as they stand in the text."""
        headed = self.sections[1:]
        return [section for section in headed if section.path[: len(path)] == path]

    def dotted_home(self, path: Path) -> tuple[Container, Assignment] | None:
        """Where dotted keys make the table `path`: what they stand in, and the last of them."""
        home: tuple[Container, Assignment] | None = None
        for container in self.containers():
            if len(container.path) < len(path):
                for one in container.assignments:
                    if len(one.path) > len(path) and one.path[: len(path)] == path:
                        home = container, one
        return home

    def has(self, path: Path) -> bool:
        return bool(self.sections_below(path)) or any(True for _ in self.below(path))

    def names(self, path: Path) -> list[str]:
        """The keys of the table `path`, as they come in the text."""
        depth = len(path)
        inside = [section.path for section in self.sections_below(path)]
        inside += [assignment.path for assignment in self.below(path)]
        return list(dict.fromkeys(str(one[depth]) for one in inside if len(one) > depth))

    def value(self, value: Value) -> Any:
        """What is written there, as plain Python."""
        table: dict[str, Any] = tomlkit.parse(f"v = {self.text[value.start : value.end]}").unwrap()
        return table["v"]

    def line_start(self, offset: int) -> int:
        return self.text.rfind("\n", 0, offset) + 1

    def line_end(self, offset: int) -> int:
        """Past the line break, or the end of the text."""
        end = self.text.find("\n", offset)
        return len(self.text) if end < 0 else end + 1

    def past_blank_lines(self, offset: int) -> int:
        """The start of the next line with something in it."""
        match = _BLANK_LINES.match(self.text, offset)
        return match.end() if match else offset

    def with_remarks(self, offset: int) -> int:
        """The start of the line of `offset`, or of the remarks right above it.

        Remarks that open the text are about the whole of it.
        """
        start = self.line_start(offset)
        block = start
        while block > 0:
            above = self.line_start(block - 1)
            if not is_remark(self.text[above:block]):
                return block
            block = above
        return start

    def body_end(self, section: Section) -> int:
        """Past the last line that belongs to a section: trailing remarks too, blank lines not."""
        last = section.assignments[-1].value.end if section.assignments else section.head_end
        end = self.line_end(last) if section.keys or section.assignments else 0
        following = next((one.start for one in self.sections[1:] if one.start >= end), None)
        limit = len(self.text) if following is None else self.with_remarks(following)
        while end < limit:
            line = self.text[end : self.line_end(end)]
            if not line.lstrip().startswith("#") or _COMMENTED_HEADER.match(line):
                break
            end += len(line)
        return end


def _inline_tables(value: Value) -> Iterator[InlineTable]:
    if isinstance(value, InlineTable):
        yield value
        for assignment in value.assignments:
            yield from _inline_tables(assignment.value)

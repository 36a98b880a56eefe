"""A TOML text taken apart into sections, assignments and values, each with its place.

It is for texts that tomlkit has taken: nothing here judges whether they are TOML.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeAlias

import tomlkit

Path = tuple[str | int, ...]

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_KEY = re.compile(r"""[ \t]*("(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[^\s"'.=\[\]{},#]+)[ \t]*""")
_SCALAR = re.compile(
    r'"""(?:[^"\\]|\\[\s\S]|"{1,2}(?!"))*"{3,5}'
    r"|'''(?:[^']|'{1,2}(?!'))*'{3,5}"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'"
    r"|[^,\]}#\r\n]*[^,\]}#\r\n\s]"
)


@dataclass(frozen=True, slots=True)
class Key:
    """One part of a key as it is written, quotes included in its span."""

    name: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Scalar:
    """Text, a number, a truth, a time."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Array:
    """From bracket to bracket. `commas` holds their offsets; one as many as items: it trails."""

    start: int
    end: int
    items: tuple[Value, ...]
    commas: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class InlineTable:
    """From brace to brace."""

    start: int
    end: int
    path: Path
    assignments: tuple[Assignment, ...]
    commas: tuple[int, ...]


Value: TypeAlias = Scalar | Array | InlineTable


@dataclass(frozen=True, slots=True)
class Assignment:
    """`a.b = value`; `path` counts from the root."""

    path: Path
    keys: tuple[Key, ...]
    value: Value

    @property
    def start(self) -> int:
        return self.keys[0].start


@dataclass(frozen=True, slots=True)
class Section:
    """A header and what follows it; the first section of a text is what stands before any header.

    `start` is the header's bracket, `head_end` the end of the header.
    """

    path: Path
    keys: tuple[Key, ...]
    start: int
    head_end: int
    assignments: tuple[Assignment, ...]


Container: TypeAlias = Section | InlineTable


def sections_of(text: str) -> list[Section]:
    """The text's sections in their order, first what stands before any header."""
    return _Scan(text).sections()


class _Scan:
    """One pass over the text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._arrays: dict[Path, int] = {}

    def sections(self) -> list[Section]:
        found: list[Section] = []
        head = Section((), (), 0, 0, ())
        assignments: list[Assignment] = []
        while self._skip(_BLANK) < len(self._text):
            if self._text[self._at] == "[":
                found.append(_filled(head, assignments))
                head, assignments = self._header(), []
            else:
                assignments.append(self._assignment(head.path))
        return [*found, _filled(head, assignments)]

    def _skip(self, pattern: re.Pattern[str]) -> int:
        match = pattern.match(self._text, self._at)
        self._at = match.end() if match else self._at
        return self._at

    def _keys(self) -> tuple[Key, ...]:
        keys: list[Key] = []
        while True:
            match = _KEY.match(self._text, self._at)
            if match is None:
                raise ValueError(f"no key at {self._at}")
            keys.append(Key(_name(match[1]), match.start(1), match.end(1)))
            self._at = match.end()
            if self._text[self._at] != ".":
                return tuple(keys)
            self._at += 1

    def _header(self) -> Section:
        start = self._at
        many = self._text.startswith("[[", start)
        self._at += 2 if many else 1
        keys = self._keys()
        self._at += 2 if many else 1
        path: Path = ()
        for key in keys[:-1]:
            path = (*path, key.name)
            path = (*path, self._arrays[path]) if path in self._arrays else path
        path = (*path, keys[-1].name)
        if many:
            self._arrays[path] = self._arrays.get(path, -1) + 1
            path = (*path, self._arrays[path])
        return Section(path, keys, start, self._at, ())

    def _assignment(self, table: Path) -> Assignment:
        keys = self._keys()
        self._at += 1
        path = (*table, *(key.name for key in keys))
        return Assignment(path, keys, self._value(path))

    def _value(self, path: Path) -> Value:
        start = self._skip(_SPACE)
        if self._text[start] == "[":
            return self._array(path)
        if self._text[start] == "{":
            return self._inline_table(path)
        return Scalar(start, self._skip(_SCALAR))

    def _array(self, path: Path) -> Array:
        start = self._at
        items: list[Value] = []
        commas: list[int] = []
        self._at += 1
        while (following := self._text[self._skip(_BLANK)]) != "]":
            if following == ",":
                commas.append(self._at)
                self._at += 1
            else:
                items.append(self._value((*path, len(items))))
        self._at += 1
        return Array(start, self._at, tuple(items), tuple(commas))

    def _inline_table(self, path: Path) -> InlineTable:
        start = self._at
        assignments: list[Assignment] = []
        commas: list[int] = []
        self._at += 1
        while (following := self._text[self._skip(_BLANK)]) != "}":
            if following == ",":
                commas.append(self._at)
                self._at += 1
            else:
                assignments.append(self._assignment(path))
        self._at += 1
        return InlineTable(start, self._at, path, tuple(assignments), tuple(commas))


def _filled(head: Section, assignments: list[Assignment]) -> Section:
    return Section(head.path, head.keys, head.start, head.head_end, tuple(assignments))


def _name(written: str) -> str:
    if written[0] not in "\"'":
        return written
    if written[0] == "'" or "\\" not in written:
        return written[1:-1]
    return next(iter(tomlkit.parse(f"{written} = 0").unwrap()))

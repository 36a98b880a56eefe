"""On which line of a TOML text each key, table and array item stands.

tomlkit keeps no positions, so this walks the text once more, without judging it: where the text is
no TOML it stops and tells what it saw (`broken`), which is better than what tomlkit says of
duplicates and of brackets that nobody closes.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property

Path = tuple[str | int, ...]

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_INDENT = re.compile(r"[ \t]*")
_KEY = re.compile(r"""[ \t]*(?:([A-Za-z0-9_-]+)|"((?:[^"\\\n]|\\.)*)"|'([^'\n]*)')[ \t]*""")
_STRING = re.compile(
    r'"""(?:[^"\\]|\\[\s\S]|"{1,2}(?!"))*"{3,5}'
    r"|'''(?:[^']|'{1,2}(?!'))*'{3,5}"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'"
)
_TABLE_NAME = re.compile(
    r"\[\[?[ \t]*(?!(?:true|false|inf|nan)[ \t]*\])[A-Za-z_][\w.\"'-]*[ \t]*\]"
)
_SCALAR = re.compile(r"[^,\]}#\n]*")
_ESCAPE = re.compile(r'\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|x([0-9a-fA-F]{2})|([btnfre"\\]))')
_ESCAPED = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", "e": "\x1b"}
_DEEPEST = 100


@dataclass(frozen=True, slots=True)
class Broken:
    """Where the text is no TOML, and what is wrong there in a person's words."""

    offset: int
    message: str
    hint: str = ""


class _Stop(Exception):
    def __init__(self, offset: int, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.broken = Broken(offset, message, hint)


def _plain(bare: str | None, quoted: str | None, literal: str | None) -> str:
    def character(escape: re.Match[str]) -> str:
        digits = escape[1] or escape[2] or escape[3]
        if digits is None:
            return _ESCAPED.get(escape[4], escape[4])
        number = int(digits, 16)
        return chr(number) if number <= 0x10FFFF else "\ufffd"

    if bare is not None:
        return bare
    return _ESCAPE.sub(character, quoted) if quoted is not None else (literal or "")


def end_of_line(text: str, offset: int) -> int:
    """Where the line of a character ends."""
    end = text.find("\n", offset)
    return len(text) if end < 0 else end


class TomlLines:
    """The places of a text's keys. Lines and columns count from 1."""

    def __init__(self, text: str) -> None:
        self._text = text

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *(match.end() for match in re.finditer("\n", self._text))]

    @cached_property
    def _walked(self) -> tuple[Broken | None, dict[Path, int]]:
        # Most texts have nothing wrong in them, and nobody asks.
        walk = _Walk(self._text)
        return walk.run(), walk.offsets

    @property
    def broken(self) -> Broken | None:
        """Where the walk stopped, if it did."""
        return self._walked[0]

    def place(self, offset: int) -> tuple[int, int]:
        """Line and column of a character."""
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    def at(self, path: Path) -> int | None:
        """The line of a key or item, or of the innermost thing around it that stands in the text.

        None: not even its table does.
        """
        for length in range(len(path), 0, -1):
            offset = self._walked[1].get(path[:length])
            if offset is not None:
                return self.place(offset)[0]
        return None

    def has(self, path: Path) -> bool:
        return path in self._walked[1]


class _Walk:
    """One pass over the text. `offsets` maps each path to the place where it is first named."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._table: Path = ()
        self._arrays: dict[Path, int] = {}
        self._values: set[Path] = set()
        self._headers: set[Path] = set()
        self._dotted: set[Path] = set()
        self._conflict: Broken | None = None
        self.offsets: dict[Path, int] = {}

    def run(self) -> Broken | None:
        try:
            while self._skip_blank():
                if self._text[self._at] == "[":
                    self._header()
                else:
                    self._assignment(self._table, 0)
                self._end_of_line()
        except _Stop as stop:
            return self._conflict or stop.broken
        return self._conflict

    def _taken(self, path: Path, offset: int, what: str) -> None:
        """Note a second definition. The walk goes on: whether it is an error, tomlkit says."""
        if self._conflict is None:
            line = self._text.count("\n", 0, self.offsets.get(path, 0)) + 1
            self._conflict = Broken(offset, what, f"first on line {line}")

    def _skip_blank(self) -> bool:
        match = _BLANK.match(self._text, self._at)
        self._at = match.end() if match else self._at
        return self._at < len(self._text)

    def _skip_indent(self) -> str:
        match = _INDENT.match(self._text, self._at)
        self._at = match.end() if match else self._at
        return self._text[self._at : self._at + 1]

    def _end_of_line(self) -> None:
        if self._skip_indent() not in ("", "\n", "\r", "#"):
            raise _Stop(self._at, "something follows the value", "one key a line")

    def _key(self) -> list[tuple[str, int]]:
        """The parts of a dotted key, each with its place."""
        parts: list[tuple[str, int]] = []
        while True:
            match = _KEY.match(self._text, self._at)
            if match is None:
                raise _Stop(self._at, "a key was expected", 'key = "value", or [table]')
            begin = match.start(match.lastindex or 0) - (match.lastindex in (2, 3))
            parts.append((_plain(match[1], match[2], match[3]), begin))
            self._at = match.end()
            if self._text[self._at : self._at + 1] != ".":
                return parts
            self._at += 1

    def _header(self) -> None:
        begin = self._at
        many = self._text.startswith("[[", self._at)
        self._at += 2 if many else 1
        parts = self._key()
        closing = "]]" if many else "]"
        if not self._text.startswith(closing, self._at):
            raise _Stop(begin, f'the table\'s name is not closed with "{closing}"')
        self._at += len(closing)

        path: Path = ()
        for name, offset in parts[:-1]:
            path = self._inside((*path, name))
            self.offsets.setdefault(path, offset)
        path = (*path, parts[-1][0])
        named = ".".join(name for name, _ in parts)
        if many:
            if path in self._values or path in self._headers or path in self._dotted:
                self._taken(path, begin, f"{named} is defined a second time")
            self.offsets.setdefault(path, begin)
            self._arrays[path] = self._arrays.get(path, -1) + 1
            path = (*path, self._arrays[path])
        else:
            before = (self._values, self._headers, self._dotted, self._arrays)
            if any(path in known for known in before):
                self._taken(path, begin, f"table {named} is defined a second time")
            self._headers.add(path)
        self.offsets.setdefault(path, begin)
        self._table = path

    def _inside(self, path: Path) -> Path:
        return (*path, self._arrays[path]) if path in self._arrays else path

    def _assignment(self, table: Path, depth: int) -> None:
        parts = self._key()
        if self._text[self._at : self._at + 1] != "=":
            raise _Stop(self._at, '"=" is missing after this', 'key = "value"')
        self._at += 1
        path = table
        for name, offset in parts[:-1]:
            path = (*path, name)
            if path in self._values:
                self._taken(path, offset, f"{name} has a value already")
            self.offsets.setdefault(path, offset)
            self._dotted.add(path)
        name, offset = parts[-1]
        path = (*path, name)
        before = (self._values, self._headers, self._dotted, self._arrays)
        if any(path in known for known in before):
            self._taken(path, offset, f"{name} is set a second time")
        self._values.add(path)
        self.offsets.setdefault(path, offset)
        self._value(path, depth)

    def _value(self, path: Path, depth: int) -> None:
        first = self._skip_indent()
        if depth > _DEEPEST:
            raise _Stop(self._at, "brackets are nested too deep")
        if first == "[":
            self._array(path, depth + 1)
        elif first == "{":
            self._inline_table(path, depth + 1)
        elif first in ('"', "'"):
            match = _STRING.match(self._text, self._at)
            long = self._text.startswith(('"""', "'''"), self._at)
            if match is None or (long and len(match[0]) < 6):
                raise _Stop(self._at, "the text that begins here has no closing quote")
            self._at = match.end()
        else:
            self._scalar(first, depth)

    def _scalar(self, first: str, depth: int) -> None:
        begin = self._at
        match = _SCALAR.match(self._text, begin)
        word = match[0].rstrip() if match else ""
        self._at = begin + len(word)
        if not word:
            raise _Stop(begin, "a value is missing")
        # Inside brackets "key = value" is the next line of the file, so a bracket was left open.
        if (first.isalpha() or first == "_") and not (depth and "=" in word):
            self._judge_word(begin, word)

    def _judge_word(self, begin: int, word: str) -> None:
        if word in ("true", "false", "inf", "nan"):
            return
        if word.lower() in ("true", "false"):
            raise _Stop(begin, f"{word} is written {word.lower()} in TOML")
        raise _Stop(begin, "text is written in quotes", 'key = "value"')

    def _array(self, path: Path, depth: int) -> None:
        opened = self._at
        unclosed = _Stop(opened, 'the "[" here is never closed', 'close it with "]"')
        self._at += 1
        index = 0
        while True:
            if not self._skip_blank():
                raise unclosed
            if self._text[self._at] == "]":
                self._at += 1
                return
            item = self._at
            if _TABLE_NAME.match(self._text, item):
                raise unclosed
            self.offsets[(*path, index)] = item
            self._value((*path, index), depth)
            index += 1
            end = self._at
            if not self._skip_blank():
                raise unclosed
            following = self._text[self._at]
            if following == ",":
                self._at += 1
            elif "=" in self._text[item:end] and self._text[item] not in "\"'{[":
                raise unclosed
            elif following in "\"'":
                raise _Stop(end - 1, "a comma is missing after this")
            elif following != "]":
                raise unclosed

    def _inline_table(self, path: Path, depth: int) -> None:
        opened = self._at
        unclosed = _Stop(opened, 'the "{" here is never closed', 'close it with "}"')
        self._at += 1
        while True:
            if not self._skip_blank():
                raise unclosed
            if self._text[self._at] == "}":
                self._at += 1
                return
            self._assignment(path, depth)
            end = self._at
            if not self._skip_blank():
                raise unclosed
            if self._text[self._at] == ",":
                self._at += 1
            elif self._text[self._at] != "}":
                if "\n" in self._text[end : self._at]:
                    raise unclosed
                raise _Stop(self._at, "a comma is missing before this")

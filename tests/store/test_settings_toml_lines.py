"""Positions in TOML texts, and syntax errors that point at the right place."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest
import tomlkit
from hypothesis import given, settings
from hypothesis import strategies as st

from store.problems import ConfigError, Problem
from store.toml_lines import Path, TomlLines
from store.toml_text import parse


@dataclass
class Written:
    """A TOML text under construction, with the line of everything that was put into it."""

    lines: list[str] = field(default_factory=list[str])
    places: dict[Path, int] = field(default_factory=dict[Path, int])

    @property
    def here(self) -> int:
        return len(self.lines) + 1

    def note(self, path: Path) -> None:
        self.places.setdefault(path, self.here)


NAMES = st.one_of(
    st.text("abcXYZ019_-", min_size=1, max_size=6),
    st.text("a.b #[]=\",'\\é/:", min_size=1, max_size=6),
)
TEXTS = st.text("ab #[]{}=,\"'\\\n\té", max_size=8)
SCALARS = st.one_of(
    st.integers(-99, 99).map(str),
    st.sampled_from(["true", "1.5", "inf", "1979-05-27 07:32:00", "0x1F"]),
    TEXTS.map(lambda text: tomlkit.string(text).as_string()),
    TEXTS.filter(lambda text: "\n" not in text and "'" not in text).map(lambda text: f"'{text}'"),
)
COMMENTS = st.sampled_from(["", " # x", ' # a "b" [c] = {d'])
KEYS = st.lists(NAMES, min_size=1, max_size=3, unique=True)


def written_key(name: str) -> str:
    return tomlkit.key(name).as_string()


def put_value(draw: st.DrawFn, text: Written, path: Path, line: str, depth: int) -> str:
    """Append a value to the line under construction; returns the line it ends on."""
    kind = draw(st.sampled_from(["scalar", "scalar", "array", "table"]))
    if kind == "scalar" or depth == 2:
        return line + draw(SCALARS)
    if kind == "array":
        line += "["
        for index in range(draw(st.integers(0, 3))):
            if draw(st.booleans()):
                text.lines.append(line + draw(COMMENTS))
                line = "  "
            text.note((*path, index))
            line = put_value(draw, text, (*path, index), line, depth + 1) + ","
        return line + "]"
    line += "{ "
    for position, name in enumerate(draw(KEYS)):
        line += ", " if position else ""
        text.note((*path, name))
        line = put_value(draw, text, (*path, name), f"{line}{written_key(name)} = ", depth + 1)
    return line + " }"


@st.composite
def documents(draw: st.DrawFn) -> Written:
    text = Written()
    tables = draw(st.lists(NAMES, max_size=3, unique=True))
    for table in ("", *tables):
        prefix: Path = ()
        if table:
            text.lines.append(draw(COMMENTS).strip())
            prefix = ("tables", table)
            text.note(("tables",))
            text.note(prefix)
            text.lines.append(f"[tables.{written_key(table)}]{draw(COMMENTS)}")
        for name in draw(KEYS):
            parts = [f"k{name}"] if not table else [name]
            if draw(st.booleans()):
                parts.append(draw(NAMES))
            path = prefix
            for part in parts:
                path = (*path, part)
                text.note(path)
            line = ".".join(map(written_key, parts)) + " = "
            line = put_value(draw, text, path, line, 0)
            for piece in (line + draw(COMMENTS)).split("\n"):
                text.lines.append(piece)
    return text


@settings(max_examples=300, deadline=None)
@given(documents())
def test_every_key_table_and_item_has_its_line(text: Written) -> None:
    source = "\n".join(text.lines) + "\n"
    parsed = parse(source, "x.toml")
    assert parsed.lines.broken is None
    for path, line in text.places.items():
        assert parsed.lines.has(path), path
        assert parsed.lines.at(path) == line, path


@settings(max_examples=300, deadline=None)
@given(st.text("ab1 =.[]{}\",'#\n\\\t", max_size=40))
def test_any_text_is_read_or_refused_with_a_place(source: str) -> None:
    try:
        parsed = parse(source, "x.toml")
    except ConfigError as error:
        (problem,) = error.problems
        assert problem.line is not None
        assert 1 <= problem.line <= source.count("\n") + 1
        assert problem.column is not None
        assert problem.excerpt.endswith("^")
    else:
        assert parsed.lines.broken is None


def places(source: str) -> TomlLines:
    return TomlLines(source)


@pytest.mark.parametrize(
    "source, path, line",
    [
        ("a = 1\nb = 2\n", ("b",), 2),
        ("a = 1\r\n\r\nb = 2\r\n", ("b",), 3),
        ('# [x]\ns = """\n[t]\na = 1\n"""\n[t]\na = 2\n', ("t", "a"), 7),
        ("s = '''\n[t]\n'''\n[t]\n", ("t",), 4),
        ("a.b.c = 1\n", ("a", "b"), 1),
        ("[[p]]\nx = 1\n[[p]]\nx = 2\n", ("p", 1, "x"), 4),
        ("[[p]]\n[p.q]\nx = 1\n[[p]]\n[p.q]\nx = 2\n", ("p", 1, "q", "x"), 6),
        ('e = [\n  "a",\n\n  # no\n  "b", "c",\n]\n', ("e", 2), 5),
        ('[providers."a.b"]\nx = 1\n', ("providers", "a.b", "x"), 2),
        ('"\\u0061" = 1\n', ("a",), 1),
        ("x = {a = 1,\n b = 2}\n", ("x", "b"), 2),
        # What is not there has the line of what is around it.
        ("\n[t]\na = 1\n", ("t", "missing", "deeper"), 2),
        ("a = 1\n", ("missing",), None),
    ],
)
def test_places(source: str, path: Path, line: int | None) -> None:
    assert places(source).at(path) == line


def problem_of(source: str) -> Problem:
    with pytest.raises(ConfigError) as caught:
        parse(source, "c.toml")
    (problem,) = caught.value.problems
    return problem


SYNTAX: Mapping[str, tuple[str, int, int]] = {
    "missing quote": ('a = 1\nb = "x\nc = 2\n', 2, 5),
    "duplicate key": ("a = 1\nb = 2\na = 3\nc = 4\n", 3, 1),
    "duplicate key in a table": ("[t]\na = 1\n\na = 2\n[u]\nb = 1\n", 4, 1),
    "duplicate table": ("[t]\na = 1\n[u]\nb = 1\n[t]\nc = 1\n", 5, 1),
    "duplicate table at the end": ("[t]\na = 1\n[t]", 3, 1),
    "duplicate in an inline table": ("x = 1\na = {b = 1, b = 2}\n", 2, 13),
    "duplicate with CRLF": ("a = 1\r\nb = 2\r\nb = 3\r\n", 3, 1),
    "unclosed array": ("x = 1\na = [1,\n2\n\nb = 3\n", 2, 5),
    "unclosed array before a table": ('a = [\n "x",\n[chains.x]\nb = 2\n', 1, 5),
    "unclosed array at the end": ('x = 1\na = ["x",\n\n', 2, 5),
    "unclosed inner array": ("a = [[1, 2], [3\nb = 1\n", 1, 14),
    "unclosed inline table": ("x = 1\na = {b = 1\nc = 3\n", 2, 5),
    "unclosed long text": ('a = 1\nb = """x\ny\n', 2, 5),
    "unclosed header": ("a = 1\n[foo\nb = 1\n", 2, 1),
    "missing comma": ('e = [\n  "a"\n  "b"\n]\n', 2, 5),
    "True": ("a = 1\nb = True\n", 2, 5),
    "bare word": ("a = 1\nb = hello\n", 2, 5),
    "no value": ("a = \nb = 1\n", 1, 5),
    "no equals sign": ("a = 1\nhello\n", 2, 6),
    "two on a line": ('a = "x" b = 1\n', 1, 9),
    "control byte": ('a = 1\nb = "x\x01y"\n', 2, 7),
    "NUL": ('a = 1\nb = "\x00"\n', 2, 6),
    "byte order mark": ("\ufeffa = 1\n", 1, 1),
    "bare CR": ("a = 1\rb = 2\n", 1, 6),
    "array of tables, then table": ("[[p]]\na = 1\n[p]\nb = 1\n", 3, 1),
    "table, then array of tables": ("[p]\na = 1\n[[p]]\nb = 1\n", 3, 1),
    "dotted redefinition": ("a = 1\nb.c = 1\nb.c.d = 2\n", 3, 3),
    "table of a dotted key": ("a.b = 1\n[a]\nc = 2\n", 2, 1),
    "bad date": ("a = 1\nb = 2020-13-45\n", 2, 15),
    "too deep": ("a = " + "[" * 5000 + "]" * 5000 + "\n", 1, 106),
    "a line separator that is none": ('a = "x\u2028y"\nb = 2020-13-45\n', 2, 15),
}


@pytest.mark.parametrize("source, line, column", SYNTAX.values(), ids=SYNTAX.keys())
def test_a_syntax_error_points(source: str, line: int, column: int) -> None:
    problem = problem_of(source)
    assert (problem.line, problem.column) == (line, column)
    assert str(problem).startswith(f"c.toml:{line}: column {column}: ")
    shown, caret = problem.excerpt.split("\n")
    assert caret.strip() == "^"
    assert shown.isprintable()
    assert len(shown) <= 100


def test_a_second_definition_names_the_first() -> None:
    assert str(problem_of("[t]\na = 1\n[t]\n")) == (
        "c.toml:3: column 1: table t is defined a second time (first on line 1)"
    )


@pytest.mark.parametrize(
    "source",
    [
        'api_key = "CANARY-secret\nb = 1\n',
        'api_keys = ["CANARY", "b"\nb = 1\n',
        'headers = { "x-team" = "CANARY" "b" }\n',
        "admin_token = CANARY\n",
        '[x]\nentries = ["sk-CANARY"\n"x"]\n',
    ],
)
def test_an_excerpt_shows_no_secret(source: str) -> None:
    problem = problem_of(source)
    assert "CANARY" not in problem.excerpt + str(problem)
    assert "*" in problem.excerpt


def test_one_library_judges() -> None:
    # Python 3.11's tomllib refuses this line break; tomlkit, which writes the file, does not.
    assert parse("a = {x = 1,\n y = 2}\n", "c.toml").table == {"a": {"x": 1, "y": 2}}


def test_twenty_thousand_keys_are_located_fast() -> None:
    source = "\n".join(f'[p.a{n}]\nk = "x"  # c\nl = [1, 2]' for n in range(7000))
    begun = time.process_time()
    lines = TomlLines(source)
    assert time.process_time() - begun < 2.0
    assert lines.at(("p", "a6999", "l", 1)) == 21000

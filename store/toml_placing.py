"""Where in a TOML text a new key or table goes, and what is written there.

It follows the text where that gives an example (dotted keys beside dotted keys, an inline table
among inline tables) and `config.toml.example` where it does not.
"""

from __future__ import annotations

from collections.abc import Mapping

from store.toml_layout import Layout, Splice
from store.toml_scan import Assignment, Container, InlineTable, Section
from store.toml_values import (
    Keys,
    is_table,
    stands_in_braces,
    written,
    written_at,
    written_keys,
    written_sections,
)

_ORDER = (
    *("server", "routing", "timeouts", "log", "ui", "savings"),
    *("providers", "chains", "clients"),
)


def insertion(layout: Layout, path: Keys, value: object) -> Splice:
    """The change that gives `path` a value, where nothing stands there yet.

    Tables that are missing on the way are made. Whatever is on the way has to be a table.
    """
    if is_table(value) and _takes_header(layout, path):
        return _new_sections(layout, path, value)
    parent = path[:-1]
    host = layout.container(parent)
    if host is not None:
        last = host.assignments[-1] if host.assignments else None
        return _member(layout, host, last, path, value)
    dotted = layout.dotted_home(parent)
    if dotted is not None:
        return _member(layout, *dotted, path, value)
    below = layout.sections_below(parent)
    if not below:
        return insertion(layout, parent, {path[-1]: value})
    # The table is there only by those inside it, so it gets a header before theirs.
    text = written_sections(parent, {path[-1]: value}, layout.newline)
    return _lines(layout, layout.with_remarks(below[0].start), text)


def _takes_header(layout: Layout, path: Keys) -> bool:
    """Whether a new table gets a header of its own."""
    if stands_in_braces(path):
        return False
    for length in range(1, len(path)):
        home = layout.container(path[:length])
        if isinstance(home, InlineTable) or (layout.dotted_home(path[:length]) is not None):
            return False
    parent = path[:-1]
    home = layout.container(parent)
    is_collection = len(parent) == 1 or parent[-1:] == ("models",)
    headed = any(len(one.path) > len(parent) for one in layout.sections_below(parent))
    if home is None or headed or not is_collection:
        return True
    return not any(len(one.keys) > 1 or _is_inline(one) for one in home.assignments)


def _is_inline(assignment: Assignment) -> bool:
    return isinstance(assignment.value, InlineTable)


def _new_sections(layout: Layout, path: Keys, table: Mapping[str, object]) -> Splice:
    text = written_sections(path, table, layout.newline)
    for length in range(len(path) - 1, 0, -1):
        kin = layout.sections_below(path[:length])
        if kin:
            return _lines(layout, layout.body_end(kin[-1]), text)
    headed = layout.sections[1:]
    before = [one for one in headed if _rank(str(one.path[0])) <= _rank(path[0])]
    if headed and not before:
        return _lines(layout, layout.with_remarks(headed[0].start), text)
    return _lines(layout, layout.body_end(before[-1]) if before else len(layout.text), text)


def _rank(name: str) -> int:
    return _ORDER.index(name) if name in _ORDER else len(_ORDER)


def _lines(layout: Layout, at: int, lines: str) -> Splice:
    """Lines that are put before a line, parted from what is there by blank ones."""
    newline, before, after = layout.newline, layout.text[:at], layout.text[at:]
    if before and not before.endswith("\n"):
        before += newline
        lines = newline + lines
    above = before[before.rfind("\n", 0, len(before) - 1) + 1 :]
    if above.strip():
        lines = newline + lines
    if after and after.split("\n", 1)[0].strip():
        lines += newline
    return Splice(at, at, lines)


def _member(
    layout: Layout, host: Container, anchor: Assignment | None, path: Keys, value: object
) -> Splice:
    """One more assignment in a section or inline table, after `anchor` if there is one."""
    key = written_keys(path[len(host.path) :])
    equals = " = "
    if anchor is not None:
        written_so = layout.text[anchor.keys[-1].end : anchor.value.start]
        equals = "=" if written_so == "=" else equals
    if isinstance(host, InlineTable):
        return _inline_member(layout, host, anchor, f"{key}{equals}{written(value)}")
    line = f"{key}{equals}{written_at(path, value, layout.newline)}{layout.newline}"
    if anchor is None and not host.keys:
        return _first_of_all(layout, line)
    return _line_after(layout, host, anchor, line)


def _line_after(layout: Layout, host: Section, anchor: Assignment | None, line: str) -> Splice:
    start, end = (anchor.start, anchor.value.end) if anchor else (host.start, host.head_end)
    line = layout.text[layout.line_start(start) : start] + line
    at = layout.line_end(end)
    if not layout.text[:at].endswith("\n"):
        line = layout.newline + line
    return Splice(at, at, line)


def _first_of_all(layout: Layout, line: str) -> Splice:
    """A key of the root, which has to stand before the first header."""
    headed = layout.sections[1:]
    return _lines(
        layout, layout.with_remarks(headed[0].start) if headed else len(layout.text), line
    )


def _inline_member(
    layout: Layout, table: InlineTable, anchor: Assignment | None, member: str
) -> Splice:
    if anchor is not None:
        return Splice(anchor.value.end, anchor.value.end, f", {member}")
    inside = layout.text[table.start + 1 : table.end - 1]
    if not inside.strip():
        return Splice(table.start, table.end, "{ " + member + " }")
    return Splice(table.start + 1, table.start + 1, f" {member}")

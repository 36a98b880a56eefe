"""An array with other items or another order, each kept item with its comments.

A comment on an item's line and the remarks right above it go where the item goes. What is about
the place stays there: indents, blank lines, comments with a blank line below them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from store.toml_layout import Layout, is_remark
from store.toml_scan import Array
from store.toml_values import written

_COMMENT = re.compile(r"[ \t]*#[^\r\n]*")
_BLANK_LINES = re.compile(r"\A(?:[ \t]*\r?\n)+")
_REST_OF_LINE = re.compile(r"\A[ \t]*\r?\n")


@dataclass(frozen=True, slots=True)
class _Item:
    """`gap` is what parts it from the item before, `lead` its remarks, `trail` its comment."""

    value: object
    raw: str
    gap: str
    lead: str = ""
    trail: str = ""
    kept: bool = True


def rearranged(layout: Layout, array: Array, new: Sequence[object]) -> str:
    """The text of `array`, bracket to bracket, with the values of `new` in their order."""
    items, tail = _read(layout, array)
    wide = "\n" in layout.text[array.start : array.end]
    trailing = len(array.commas) == len(items) if items else wide
    separator = _separator(items, tail, layout.newline)
    broken = (_plain(item.gap, layout.newline) for item in items if "\n" in item.gap)
    line_break = next(broken, layout.newline + "  ")
    chosen = _chosen(items, new)
    gaps, tail = _gaps(items, chosen, tail, separator)
    head = gaps.pop(0)
    if chosen and not chosen[0].kept:
        # What stood first stands further down now.
        gaps.insert(0, separator)
    text = "["
    for index, item in enumerate(chosen):
        gap = head if index == 0 else gaps.pop(0) if item.kept else separator
        if item.lead or (index and chosen[index - 1].trail):
            gap = gap if _REST_OF_LINE.match(gap) or "#" in gap else line_break
        comma = "," if trailing or index + 1 < len(chosen) else ""
        text += gap + item.lead + item.raw + comma + item.trail
    if chosen and chosen[-1].trail and not _REST_OF_LINE.match(tail):
        tail = layout.newline + tail
    return text + tail + "]"


def _read(layout: Layout, array: Array) -> tuple[list[_Item], str]:
    """The items, and what stands between the last one and the bracket."""
    text = layout.text
    items: list[_Item] = []
    at, carried = array.start + 1, ""
    for index, value in enumerate(array.items):
        gap, lead = _split(carried + text[at : value.start])
        at, carried, trail = value.end, "", ""
        if index < len(array.commas):
            comma = array.commas[index]
            between = text[at:comma]
            trail, carried = _comment(between)
            carried = carried if "\n" in carried else ""
            at = comma + 1
        if not carried and not trail:
            trail, _ = _comment(text[at : array.end - 1])
            at += len(trail)
        raw = text[value.start : value.end]
        items.append(_Item(layout.value(value), raw, gap, lead, trail))
    return items, carried + text[at : array.end - 1]


def _comment(text: str) -> tuple[str, str]:
    """A comment that ends the line, with the space before it; and what follows."""
    match = _COMMENT.match(text)
    return (match[0], text[match.end() :]) if match else ("", text)


def _split(between: str) -> tuple[str, str]:
    """What stands before an item as gap and lead."""
    *lines, indent = between.split("\n")
    first = len(lines)
    while first > 1 and is_remark(lines[first - 1]):
        first -= 1
    if first == len(lines):
        return between, ""
    lead = "\n".join([*lines[first:], indent])
    start = lead.index("#")
    return "\n".join([*lines[:first], lead[:start]]), lead[start:]


def _chosen(items: list[_Item], new: Sequence[object]) -> list[_Item]:
    """The item of each value, a new one where there is none."""
    left = list(items)
    chosen: list[_Item] = []
    for value in new:
        same = (one for one in left if type(one.value) is type(value) and one.value == value)
        item = next(same, None)
        if item is None:
            item = _Item(value, written(value), "", kept=False)
        else:
            left.remove(item)
        chosen.append(item)
    return chosen


def _separator(items: list[_Item], tail: str, newline: str) -> str:
    """The gap between two items in this array's manner."""
    if len(items) > 1:
        return _plain(items[1].gap, newline) or " "
    if items:
        return _plain(items[0].gap, newline) if "\n" in items[0].gap else " "
    return _plain(tail, newline) + "  " if "\n" in tail else " "


def _plain(gap: str, newline: str) -> str:
    """A gap without blank lines and comments."""
    return newline + gap.rpartition("\n")[2] if "\n" in gap else gap


def _gaps(
    items: list[_Item], chosen: list[_Item], tail: str, separator: str
) -> tuple[list[str], str]:
    """The gap of the first place, those of the further places of kept items, and the tail.

    A comment that stood in the gap of a removed item goes to the next gap.
    """
    kept = [item for item in chosen if item.kept]
    gaps: list[str] = []
    carried: str | None = None
    for item in items:
        gap = item.gap if carried is None else _merged(carried, item.gap, not gaps)
        if any(item is one for one in kept):
            gaps.append(gap)
            carried = None
        else:
            carried = gap
    if carried is not None and "#" in carried:
        tail = carried.rstrip(" \t") + _REST_OF_LINE.sub("", tail)
    if not items and "\n" not in tail:
        tail = tail.strip()
    if not gaps:
        head = items[0].gap if items else separator if "\n" in separator else ""
        gaps = [separator if "\n" in head else head]
    return gaps, tail


def _merged(first: str, second: str, at_head: bool) -> str:
    if "#" in first and "#" in second:
        return first.rstrip(" \t") + _BLANK_LINES.sub("", second)
    if "#" in first or "#" in second:
        return first if "#" in first else second
    return first if at_head or first.count("\n") > second.count("\n") else second

"""What goes when a key or table is taken out: its lines, its comments, a blank line too many."""

from __future__ import annotations

from store.toml_layout import Layout, Splice
from store.toml_scan import InlineTable, Section
from store.toml_values import Keys


def removal(layout: Layout, path: Keys) -> Splice | None:
    """The change that takes out the first of the pieces that make `path`; None: there is none."""
    for container in layout.containers():
        for index, one in enumerate(container.assignments):
            if one.path[: len(path)] != path:
                continue
            if isinstance(container, Section):
                start, end = layout.with_remarks(one.start), layout.line_end(one.value.end)
                return _without_lines(layout, start, end)
            return _without_member(layout, container, index)
    for section in layout.sections_below(path):
        start, end = layout.with_remarks(section.start), layout.body_end(section)
        return _without_lines(layout, start, end)
    return None


def _without_lines(layout: Layout, start: int, end: int) -> Splice:
    """Lines taken out, and with them blank lines that would come together."""
    before = layout.text[:start]
    above = before[layout.line_start(max(0, start - 1)) :]
    if not above.strip():
        end = layout.past_blank_lines(end)
    if end == len(layout.text):
        kept = len(before.rstrip(" \t\r\n"))
        start = layout.line_end(kept) if kept else 0
    return Splice(start, end, "")


def _without_member(layout: Layout, table: InlineTable, index: int) -> Splice:
    text, member = layout.text, table.assignments[index]
    start, end = member.start, member.value.end
    comma = table.commas[index] if index < len(table.commas) else None
    if len(table.assignments) == 1:
        after = text[end : table.end - 1]
        if comma is not None:
            after = text[end:comma] + text[comma + 1 : table.end - 1]
        rest = text[table.start + 1 : start] + after
        return Splice(table.start, table.end, "{" + (rest if "#" in rest else "") + "}")
    if index + 1 < len(table.assignments):
        following = table.assignments[index + 1].start
        gap, line = text[end:following], layout.line_start(start)
        alone = line > table.start and not text[line:start].strip()
        if alone and "\n" in gap and (comma is not None and "\n" not in text[end:comma]):
            return Splice(layout.with_remarks(start), layout.line_end(end), "")
        # Behind a comment on the member's line stand the remarks of the next one.
        return Splice(start, following, gap.partition("\n")[2].lstrip() if "#" in gap else "")
    before = table.assignments[index - 1].value.end
    gap, last = text[before:start], table.commas[index - 1] - before
    if "#" not in gap:
        return Splice(before, end, "")
    return Splice(before, end, gap[:last] + gap[last + 1 :].rstrip(" \t"))

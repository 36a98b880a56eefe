"""The signs of the interface: one cell each, in every common monospace font, or in ASCII."""

from __future__ import annotations

import locale
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from app.snapshot import State

Mark = Literal["served", "skipped", "refused", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Symbols:
    """One set of signs."""

    ledge: str = "━┓"
    passed: str = "┠─"
    fall: str = "┃"
    landing: str = "┗━▶"
    pool: str = "┗━"
    dry: str = "┊"

    full: str = "━"
    half: str = "╾"
    empty: str = "─"
    unknown: str = "┄"
    rule: str = "─"
    start: str = "╶"
    """Of an attempt that brought no token."""
    arriving: str = "╸"

    next: str = "▶"
    low: str = "▲"
    cut: str = "…"
    dot: str = "·"
    cursor: str = "▌"
    lifted: str = "▐"
    grip: str = "⇕"
    open: str = "▾"
    mask: str = "•"
    live: str = "●"
    block: str = "█"
    arrows: str = "↑↓"
    spark: str = "▁▂▃▄▅▆▇█"
    box: str = "╭─╮│╰╯"
    """Top left, horizontal, top right, vertical, bottom left, bottom right."""

    states: Mapping[State, str] = field(
        default_factory=lambda: {
            "available": "○",
            "tracking": "●",
            "exhausted": "×",
            "cooling": "◔",
            "down": "▼",
            "off": "–",
        }
    )
    marks: Mapping[Mark, str] = field(
        default_factory=lambda: {"served": "▶", "skipped": "·", "refused": "×", "failed": "!"}
    )
    spelling: Mapping[int, int] = field(default_factory=dict[int, int])
    """Signs that stand in texts, as this set has them: a cell for a cell, for `str.translate`."""


UNICODE = Symbols()

ASCII = Symbols(
    ledge="=.",
    passed="|-",
    fall="|",
    landing="`=>",
    pool="`=",
    dry=":",
    full="=",
    half="-",
    empty="-",
    unknown=".",
    rule="-",
    start="-",
    arriving="=",
    next=">",
    low="^",
    cut="~",
    dot="|",
    cursor="]",
    lifted="[",
    grip="=",
    open="v",
    mask="*",
    live="*",
    block="#",
    arrows="jk",
    spark="_.-=+*#@",
    box="+-+|++",
    states={
        "available": "o",
        "tracking": "*",
        "exhausted": "x",
        "cooling": "~",
        "down": "v",
        "off": "-",
    },
    marks={"served": ">", "skipped": ".", "refused": "x", "failed": "!"},
    spelling=str.maketrans(
        "·–—…×•▶▌▾↑↓‘’“”\N{REPLACEMENT CHARACTER}" + "".join(map(chr, range(0x2400, 0x2422))),
        "|--~x*>]v^v''\"\"?" + "?" * 34,
    ),
)


def choose_symbols(wanted: Literal["auto", "unicode", "ascii"]) -> Symbols:
    """`auto`: ASCII where the locale is not UTF-8, and on the Linux console."""
    if wanted == "auto":
        utf8 = locale.getpreferredencoding(do_setlocale=False).lower().replace("-", "") == "utf8"
        wanted = "unicode" if utf8 and os.environ.get("TERM") != "linux" else "ascii"
    return UNICODE if wanted == "unicode" else ASCII

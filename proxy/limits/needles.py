"""Words without which a pattern cannot match: looking for them is cheap, trying the pattern is not.

A refusal is held against some twenty rows of alternatives, of which one fits at most.
"""

from __future__ import annotations

import re

_PIECES = re.compile(r"\\.|\[[^\]]*\]|\{[^}]*\}|.", re.DOTALL)


def needles(pattern: str) -> tuple[str, ...]:
    """Of each alternative the longest text that every match of it holds, in lower case.

    Groups are not looked into. "", which any text holds, where nothing is left.
    """
    found: list[str] = []
    longest = run = ""
    depth = 0
    for piece in (*_PIECES.findall(pattern), "|"):
        outside = depth == 0
        depth += (piece == "(") - (piece == ")")
        if outside and len(piece) == 1 and piece not in "()|?*+.^$":
            run += piece.lower()
            continue
        if piece in ("?", "*") or piece[0] == "{":
            run = run[:-1]  # what it follows may be missing
        longest, run = max(longest, run, key=len), ""
        if outside and piece == "|":
            found.append(longest)
            longest = ""
    return tuple(found)

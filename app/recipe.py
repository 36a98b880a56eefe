"""What a recipe for a client is made of.

`{v1}` stands for the address with `/v1`, `{root}` without it, `{chain}` for a chain's name, and
`{key}` for the variable that holds a client key.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines for one place: `shell`, the name of a file, or `settings` of a window."""

    place: str
    text: str


@dataclass(frozen=True, slots=True)
class Recipe:
    """How one client is connected. `name` is what `429chain connect` is asked for."""

    name: str
    title: str
    steps: tuple[Lines, ...]
    note: str = ""

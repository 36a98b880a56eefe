"""What the interface is told when it starts: how a person likes it, and where it runs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Literal


@dataclass(frozen=True, slots=True)
class Look:
    """The `[ui]` table of the config."""

    theme: str = "429-dark"
    symbols: Literal["auto", "unicode", "ascii"] = "auto"
    motion: bool = True
    mouse: bool = True
    keys: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the interface knows of where it runs, beside what `Admin` tells.

    `client_key` is what programs send, None where it is not known here (`attach`).
    `toggle_demo` stops or starts the demo's client and returns whether it plays now. `recipe` gives
    the lines to paste for a client, by its name in docs/clients.md. `keep_theme` writes a theme's
    name where the next start finds it (it may raise AdminError), `kept_theme` tells which one
    stands there now.
    """

    address: str
    attached: bool = False
    client_key: str | None = None
    toggle_demo: Callable[[], bool] | None = None
    demo_plays: bool = False
    recipe: Callable[[str], str] | None = None
    export_folder: PurePath | None = None
    shutdown_grace_s: float = 10.0
    keep_theme: Callable[[str], Awaitable[None]] | None = None
    kept_theme: Callable[[], str] | None = None

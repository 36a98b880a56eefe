"""The colours by role. Widgets name a role and never a colour."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, get_args

from textual.color import Color
from textual.theme import Theme

Role = Literal[
    "bg",
    "panel",
    "text",
    "muted",
    "faint",
    "rule",
    "flow",
    "flow2",
    "low",
    "out",
    "band",
    "cursor",
    "lift",
]
"""`bg panel band cursor lift` are grounds, the others inks; `faint` and `rule` are never text."""

Colours = Mapping[Role, str]

ROLES: tuple[Role, ...] = get_args(Role)


def _colours(values: str) -> Colours:
    return MappingProxyType(dict(zip(ROLES, values.split(), strict=True)))


_DARK = _colours(
    "#0e141b #151d27 #d5dde8 #8a98aa #4d5d70 #243040 #4fc8ea #2f7f97 #efb35c #f27d7d"
    " #12303d #1c2733 #24303f"
)
_LIGHT = _colours(
    "#fbfaf7 #f2efe8 #1f2730 #5a6573 #9c998f #dcd8ce #006d94 #4a8ba8 #8c5400 #b5302b"
    " #d9eef5 #ebe7de #e6e2d8"
)
_CONTRAST = _colours(
    "#000000 #101010 #ffffff #ffffff #8a8a8a #5a5a5a #5fe3ff #5fe3ff #ffd000 #ff9a9a"
    " #003a48 #2a2a2a #3a3a3a"
)

# The user's own sixteen: no background at all, since theirs may be anything.
_ANSI_DARK = _colours(
    "default default default white bright_black bright_black bright_cyan cyan yellow bright_red"
    " default default default"
)
# Yellow on white cannot be read.
_ANSI_LIGHT = _colours(
    "default default default bright_black white white blue cyan magenta red default default default"
)


def _theme(name: str, colours: Colours, *, dark: bool) -> Theme:
    return Theme(
        name=name,
        dark=dark,
        primary=colours["flow"],
        secondary=colours["flow2"],
        accent=colours["flow"],
        warning=colours["low"],
        error=colours["out"],
        success=colours["flow"],
        foreground=colours["text"],
        background=colours["bg"],
        surface=colours["panel"],
        panel=colours["panel"],
        variables={
            **{f"role-{role}": colour for role, colour in colours.items()},
            "input-cursor-background": colours["flow"],
            "input-cursor-foreground": colours["bg"],
            "input-selection-background": colours["band"],
            "block-cursor-background": colours["cursor"],
            "block-cursor-foreground": colours["text"],
            "scrollbar": colours["rule"],
            "scrollbar-hover": colours["faint"],
            "scrollbar-active": colours["flow"],
            "scrollbar-background": colours["bg"],
            "scrollbar-background-hover": colours["bg"],
            "scrollbar-background-active": colours["bg"],
            "border": colours["flow"],
            "border-blurred": colours["rule"],
        },
    )


THEMES = (
    _theme("429-dark", _DARK, dark=True),
    _theme("429-light", _LIGHT, dark=False),
    _theme("429-contrast", _CONTRAST, dark=True),
)
"""Ours. Textual's own stay selectable beside them."""


def colours_of(theme: Theme, variables: Mapping[str, str]) -> Colours:
    """What the roles look like in a theme: its own, else made of what every theme has.

    `variables` are those of the theme as Textual resolves them.
    """
    if theme.ansi:
        return _ANSI_DARK if theme.dark else _ANSI_LIGHT
    if "role-flow" in theme.variables:
        return {role: theme.variables[f"role-{role}"] for role in ROLES}
    background = Color.parse(variables["background"])

    def shade(name: str, share: float = 1.0) -> str:
        return background.blend(Color.parse(variables[name]), share, alpha=1).hex6

    return {
        "bg": background.hex6,
        "panel": shade("surface"),
        "text": shade("foreground"),
        "muted": shade("foreground", 0.65),
        "faint": shade("foreground", 0.35),
        "rule": shade("foreground", 0.12),
        "flow": shade("primary"),
        "flow2": shade("primary", 0.6),
        "low": shade("warning"),
        "out": shade("error"),
        "band": shade("primary", 0.18),
        "cursor": shade("foreground", 0.08),
        "lift": shade("foreground", 0.16),
    }


def variables_of(colours: Colours) -> dict[str, str]:
    """The roles as variables for style sheets: `$role-flow`, ..."""
    ansi = colours["bg"] == "default"
    return {
        f"role-{role}": f"ansi_{colour}" if ansi else colour for role, colour in colours.items()
    }

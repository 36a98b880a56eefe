"""A theme's colours as Rich styles, made once per theme and not per paint."""

from __future__ import annotations

from rich.color import Color
from rich.style import Style

from screens.themes import Colours, Role


class Inks:
    """Styles by role, ground and attributes.

    Attributes are letters: `b` bold, `i` italic, `u` underlined, `r` reverse. Where the terminal's
    own sixteen colours are used there are no grounds: band and cursor are bold, the lifted row
    reverse.
    """

    def __init__(self, colours: Colours) -> None:
        self.ansi = colours["bg"] == "default"
        self._colours = {role: Color.parse(colour) for role, colour in colours.items()}
        self._styles: dict[tuple[Role, Role, str], Style] = {}

    def style(self, ink: Role, ground: Role = "bg", attributes: str = "") -> Style:
        key = (ink, ground, attributes)
        style = self._styles.get(key)
        if style is None:
            style = self._styles[key] = self._mix(ink, ground, attributes)
        return style

    def _mix(self, ink: Role, ground: Role, attributes: str) -> Style:
        bold = "b" in attributes or (self.ansi and ground in ("band", "cursor"))
        reverse = "r" in attributes or (self.ansi and ground == "lift")
        return Style(
            color=self._colours[ink],
            bgcolor=self._colours[ground],
            bold=bold,
            italic="i" in attributes,
            underline="u" in attributes,
            reverse=reverse,
        )

"""The command palette: what can be done here, where one can go, and the theme."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from screens.choose import Choice, Choose
from screens.chrome import TABS
from screens.listing import Listing
from screens.themes import THEMES
from screens.view import View

if TYPE_CHECKING:
    from screens.shell import Shell

_THEME = "theme"


@dataclass(frozen=True, slots=True)
class Command:
    """`action` is done on the screen that is seen; `key` is the one that does the same."""

    says: str
    action: str
    key: str = ""


def commands(shell: Shell) -> Sequence[Command]:
    """What can be done here now, then what can be done everywhere."""
    screen, here = shell.screen, list[Command]()
    if isinstance(screen, View):
        here = [
            Command(key.says, key.action, key.drawn)
            for key in screen.VERBS
            if key.keys and not screen.reason_against(key.action.partition("(")[0])
        ]
    go = [
        Command(f"go to {word}", f"app.go('{name}')", str(number))
        for number, (name, word) in enumerate(TABS, 1)
    ]
    rest = [
        Command("choose the theme", _THEME),
        Command("undo the last change of the config", "app.undo", "^z"),
        Command("hold the picture still, or let it go on", "app.freeze"),
        Command("filter the request log", "app.filter", "/"),
        Command("the first-start page", "app.onboard"),
        Command("save the screen as a picture (SVG)", "app.screenshot"),
        Command("help for this screen", "app.help", "?"),
        Command("quit 429chain", "app.leave(True)", "q"),
    ]
    if shell.surroundings.toggle_demo is not None:
        rest.insert(1, Command("stop or start the demo's client", "app.toggle_demo", "space"))
    known = {command.action for command in here}
    return [*here, *go, *(one for one in rest if one.action not in known)]


def show_palette(shell: Shell) -> None:
    """Offer the commands; the chosen one is done on the screen that was seen."""
    offered, screen = commands(shell), shell.screen
    choices = [Choice(str(at), one.says, one.key) for at, one in enumerate(offered)]

    def chosen(key: str | None) -> None:
        if key is None:
            return
        action = offered[int(key)].action
        if action == _THEME:
            choose_theme(shell)
        else:
            shell.call_later(shell.run_action, action, screen)

    shell.push_screen(Choose("commands", choices, "0", does="does it"), chosen)


def choose_theme(shell: Shell) -> None:
    """Offer the themes: ours, the terminal's own colours, then Textual's. Each is tried on."""
    own = [theme.name for theme in THEMES]
    others = sorted(
        set(shell.available_themes) - set(own), key=lambda name: ("ansi" not in name, name)
    )
    names, before = [*own, *others], shell.theme

    def chosen(name: str | None) -> None:
        shell.kept_theme.try_on(before)
        if name is not None:
            shell.theme = name

    choices = [Choice(name, name, "now" if name == before else "") for name in names]
    shell.push_screen(_Themes(shell, choices, before), chosen)


class _Themes(Choose):
    def __init__(self, shell: Shell, choices: Sequence[Choice], now: str) -> None:
        super().__init__("theme", choices, now, does="keeps it")
        self._shell = shell

    def on_listing_moved(self, event: Listing.Moved) -> None:
        if event.key is not None:
            self._shell.kept_theme.try_on(event.key)

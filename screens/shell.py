"""The terminal interface: six screens over one `Admin`, in this process or far away."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any, ClassVar, Literal

from textual.app import SystemCommand
from textual.binding import Binding
from textual.dom import DOMNode
from textual.screen import Screen

from app.contract import Admin, AdminError
from screens.chrome import TABS, Situation
from screens.happenings import happenings
from screens.inks import Inks
from screens.journal import Journal
from screens.keys import EVERYWHERE, bindings
from screens.onboarding import Onboarding
from screens.onboarding_plan import wanted
from screens.output import Output
from screens.picture import Feed, Picture
from screens.registry import PAGES
from screens.symbols import Symbols, choose_symbols
from screens.themes import THEMES, colours_of, variables_of
from screens.toasts import Weight
from screens.type_ahead import TypeAhead
from screens.view import View
from screens.writing import Writing

log = logging.getLogger("429chain")

TICK = 0.25
"""Seconds between two looks at the instance."""

_UNWATCHED = 60.0
"""Seconds without the terminal's focus after which looks are a second apart."""


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
    the lines to paste for a client, by its name in docs/clients.md.
    """

    address: str
    attached: bool = False
    client_key: str | None = None
    toggle_demo: Callable[[], bool] | None = None
    demo_plays: bool = False
    recipe: Callable[[str], str] | None = None
    export_folder: PurePath | None = None
    shutdown_grace_s: float = 10.0


class Shell(TypeAhead):
    """The application. `stop` ends it from outside, by a signal."""

    TITLE = "429chain"
    CSS_PATH = Path(__file__).with_name("styles.tcss")
    ENABLE_COMMAND_PALETTE = True
    COMMAND_PALETTE_BINDING = "ctrl+p"
    BINDINGS: ClassVar[list[Binding]] = bindings(EVERYWHERE)  # pyright: ignore[reportIncompatibleVariableOverride]
    MODES: ClassVar[dict[str, Callable[[], Screen[None]]]] = dict(PAGES)  # pyright: ignore[reportIncompatibleVariableOverride]
    DEFAULT_MODE: ClassVar[str] = "board"

    def __init__(
        self,
        admin: Admin,
        surroundings: Surroundings,
        look: Look | None = None,
        *,
        elapsed: Callable[[], float],
    ) -> None:
        self.look = look or Look()
        self.symbols: Symbols = choose_symbols(self.look.symbols)
        self._inks: Inks | None = None
        super().__init__()
        self.admin = admin
        self.surroundings = surroundings
        self.feed = Feed(admin, elapsed)
        self.journal = Journal()
        self.writing = Writing(self)
        self.demo_runs = surroundings.demo_plays
        self._welcomed = False
        self._output = Output(None)
        self._frozen_since: float | None = None
        self._blurred_since: float | None = None
        self._look_now = asyncio.Event()
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = self.look.theme if self.look.theme in self.available_themes else "429-dark"
        if not self.look.motion:
            self.animation_level = "none"

    # Colours.

    @property
    def inks(self) -> Inks:
        if self._inks is None:
            self._inks = Inks(colours_of(self.current_theme, self.theme_variables))
        return self._inks

    def get_css_variables(self) -> dict[str, str]:
        variables = super().get_css_variables()
        variables |= variables_of(colours_of(self.current_theme, variables))
        self.theme_variables = variables
        return variables

    def _theme_changed(self, _: object) -> None:
        self._inks = None
        for stack in self._screen_stacks.values():
            for screen in stack:
                if isinstance(screen, View):
                    screen.repaint_all()

    # Life.

    def on_mount(self) -> None:
        self._output = Output(self._driver)
        self.theme_changed_signal.subscribe(self, self._theme_changed)
        self.set_keymap(dict(self.look.keys))
        self.run_worker(self._live(), name="live", exit_on_error=True)

    async def _live(self) -> None:
        """Look at the instance and show it, four times a second."""
        while True:
            self._look_now.clear()
            if self._frozen_since is None:
                before = self.feed.latest
                for one in happenings(before, await self.feed.look()):
                    self.tell(one.text, one.weight, one.kind)
            if not self._output.is_stuck:
                self._show(self.feed.latest)
            self._welcome(self.feed.latest)
            try:
                async with asyncio.timeout(self._pause()):
                    await self._look_now.wait()
            except TimeoutError:
                pass

    def _welcome(self, picture: Picture | None) -> None:
        """The first start's page, once, on an instance that has nothing in it."""
        if self._welcomed or picture is None:
            return
        self._welcomed = True
        if wanted(picture) and not self.surroundings.attached:
            self.action_onboard()

    def action_onboard(self) -> None:
        self.push_screen(Onboarding())

    def _pause(self) -> float:
        blurred = self._blurred_since
        if blurred is not None and self.feed.elapsed() - blurred > _UNWATCHED:
            return 1.0
        return TICK

    def _show(self, picture: Picture | None) -> None:
        for screen in self.screen_stack:
            if isinstance(screen, View):
                screen.tick(picture)

    async def show_instead(self, view: View) -> None:
        """Put a page in the place of the one that is seen."""
        await self.switch_screen(view)  # pyright: ignore[reportUnknownMemberType]

    def look_again(self) -> None:
        """See at once what an act has changed."""
        self._look_now.set()

    def on_app_blur(self) -> None:
        self._blurred_since = self.feed.elapsed()

    def on_app_focus(self) -> None:
        self._blurred_since = None
        self.look_again()

    @property
    def frozen(self) -> bool:
        """Whether a person holds the picture still."""
        return self._frozen_since is not None

    def situation(self) -> Situation:
        """What the status line says besides the picture."""
        frozen, picture = self._frozen_since, self.feed.latest
        path = picture.status.config_path if picture is not None else None
        return Situation(
            self.surroundings.address,
            attached=self.surroundings.attached,
            demo=self.demo_runs if self.surroundings.toggle_demo else None,
            frozen_s=None if frozen is None else self.feed.elapsed() - frozen,
            config_name=PurePath(path).name if path else "",
        )

    # Saying something.

    def tell(self, text: str, weight: Weight = "flow", kind: str = "") -> None:
        """Show a toast on the screen that is seen, under a dialog too."""
        for screen in reversed(self.screen_stack):
            if isinstance(screen, View):
                screen.tell(text, weight, kind)
                return

    def tell_error(self, error: AdminError) -> None:
        """What could not be done, and the next step."""
        hint = f" {error.hint}" if error.hint else ""
        self.tell(f"{error}{hint}", "low" if error.status == 412 else "out", "error")

    def copy(self, text: str, told: str) -> None:
        """Give text to the terminal's clipboard, and say so."""
        self.copy_to_clipboard(text)
        self.tell(told)

    # Keys that work everywhere.

    async def action_go(self, name: str) -> None:
        while len(self.screen_stack) > 1:
            await self.pop_screen()
        await self.switch_mode(name)

    async def action_undo(self) -> None:
        try:
            version = (await self.admin.chains()).version
            undone = await self.admin.undo(if_match=version)
        except AdminError as error:
            self.tell_error(error)
            return
        change = self.journal.take_back(version, undone.version) or undone.change
        self.tell(f"Undone: {change}. {undone.left} more left")
        self.look_again()

    def action_freeze(self) -> None:
        """Hold the picture still; the proxy goes on."""
        self._frozen_since = None if self._frozen_since is not None else self.feed.elapsed()
        self.look_again()

    def action_toggle_demo(self) -> None:
        if self.surroundings.toggle_demo is not None:
            self.demo_runs = self.surroundings.toggle_demo()
            self.look_again()

    def action_filter(self) -> None:
        """Screens with a list take this themselves."""

    async def action_back(self) -> None:
        screen = self.screen
        if isinstance(screen, View) and screen.toasts is not None and screen.toasts.clear():
            return
        if len(self.screen_stack) > 1:
            await self.pop_screen()

    def action_help(self) -> None:
        from screens.help import Help

        if isinstance(self.screen, View):
            self.push_screen(Help(self.screen))

    def action_show_notice(self) -> None:
        from screens.trouble import Trouble

        if self.feed.latest is not None:
            self.push_screen(Trouble(self.feed.latest.status))

    async def action_leave(self, now: bool = False) -> None:
        """Back from a page; on a screen itself: quit, and ask if a program needs us."""
        await self.settle()
        if not now and len(self.screen_stack) > 1:
            await self.pop_screen()
            return
        from screens.leaving import leave

        # Whoever asked a moment ago would miss the proxy too.
        await self.feed.look()
        leave(self)

    def stop(self) -> None:
        """End the interface from outside; nothing is asked."""
        self.run_worker(self._settle_and_exit(), name="stop")

    async def _settle_and_exit(self) -> None:
        await self.settle()
        self.exit()

    async def settle(self) -> None:
        """Let the screens write what waits for the person's next key."""
        for stack in self._screen_stacks.values():
            for screen in stack:
                if isinstance(screen, View):
                    await screen.settle()

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        yield from super().get_system_commands(screen)  # pyright: ignore[reportUnknownMemberType]
        for number, (name, word) in enumerate(TABS, 1):
            yield SystemCommand(word, f"Go to {word.lower()} ({number})", self._going(name))
        if isinstance(screen, View):
            for key in screen.VERBS:
                yield SystemCommand(
                    key.says.capitalize(), key.drawn, self._doing(screen, key.action)
                )

    def _going(self, name: str) -> Callable[[], None]:
        def go() -> None:
            self.call_later(self.action_go, name)

        return go

    def _doing(self, screen: DOMNode, action: str) -> Callable[[], None]:
        def do() -> None:
            self.call_later(self.run_action, action, screen)

        return do

    # A bug in the interface stops the interface: requests are drained, and nothing is printed
    # that a stack frame holds.

    def _handle_exception(self, error: Exception) -> None:
        log.error("the terminal interface failed", exc_info=error)
        super()._handle_exception(error)

    def _fatal_error(self) -> None:
        self.bell()
        self._return_code = 1
        self.panic(
            "The terminal interface stopped on a bug; requests were drained. "
            "Details: 429chain.log in the data folder."
        )

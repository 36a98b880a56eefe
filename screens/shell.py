"""The terminal interface: six screens over one `Admin`, in this process or far away."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path, PurePath
from typing import ClassVar

from textual.binding import Binding
from textual.dom import NoScreen
from textual.screen import Screen

from app.contract import Admin, AdminError
from screens.chrome import Situation
from screens.commands import choose_theme, show_palette
from screens.feed import FAR, NEAR, Feed
from screens.inks import Inks
from screens.journal import Journal
from screens.kept_theme import KeptTheme
from screens.keys import EVERYWHERE, bindings
from screens.live import Live
from screens.onboarding import Onboarding
from screens.onboarding_plan import wanted
from screens.output import Output
from screens.painted import Painted
from screens.picture import Picture
from screens.registry import PAGES
from screens.surroundings import Look, Surroundings
from screens.symbols import Symbols, choose_symbols
from screens.themes import THEMES, colours_of, variables_of
from screens.toasts import Weight
from screens.type_ahead import TypeAhead
from screens.view import View
from screens.writing import Writing

log = logging.getLogger("429chain")


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
        self.feed = Feed(admin, elapsed, FAR if surroundings.attached else NEAR)
        self.journal = Journal()
        self.writing = Writing(self)
        self.demo_runs = surroundings.demo_plays
        self.hurried = False
        """Left without waiting for the requests that run."""
        self._welcomed = False
        self._output = Output(None)
        self._live = Live(self)
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = self.look.theme if self.look.theme in self.available_themes else "429-dark"
        self.set_class(bool(self.symbols.spelling), "-ascii")
        if not self.look.motion:
            self.animation_level = "none"
        self.kept_theme = KeptTheme(self)

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
        self.kept_theme.changed()
        for stack in self._screen_stacks.values():
            for screen in stack:
                for widget in screen.query(Painted):
                    widget.repaint_all()

    # Life.

    def on_mount(self) -> None:
        self._output = Output(self._driver)
        self.theme_changed_signal.subscribe(self, self._theme_changed)
        self.set_keymap(dict(self.look.keys))
        for run in (self._live.run, self._live.age, self.feed.follow):
            self.run_worker(run(), name="live", exit_on_error=True)

    def show_picture(self) -> None:
        """Paint the last picture on every screen that is seen."""
        picture = self.feed.latest
        if not self._output.is_stuck:
            for screen in self.screen_stack:
                if isinstance(screen, View):
                    # It may be on its way out, its widgets gone before it.
                    with suppress(NoScreen):
                        screen.tick(picture)
        self._welcome(picture)
        self.kept_theme.follow()

    def _welcome(self, picture: Picture | None) -> None:
        """The first start's page, once, on an instance that has nothing in it."""
        if self._welcomed or picture is None:
            return
        self._welcomed = True
        if wanted(picture) and not self.surroundings.attached:
            self.action_onboard()

    def action_onboard(self) -> None:
        self.push_screen(Onboarding())

    async def show_instead(self, view: View) -> None:
        """Put a page in the place of the one that is seen."""
        await self.switch_screen(view)  # pyright: ignore[reportUnknownMemberType]

    def look_again(self) -> None:
        """See at once what an act has changed."""
        self._live.look_again()

    def on_app_blur(self) -> None:
        self._live.watched(False)

    def on_app_focus(self) -> None:
        self._live.watched(True)

    @property
    def frozen(self) -> bool:
        """Whether a person holds the picture still."""
        return self._live.frozen_s is not None

    def situation(self) -> Situation:
        """What the status line says besides the picture."""
        picture = self.feed.latest
        path = picture.status.config_path if picture is not None else None
        return Situation(
            self.surroundings.address,
            attached=self.surroundings.attached,
            demo=self.demo_runs if self.surroundings.toggle_demo else None,
            frozen_s=self._live.frozen_s,
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
        left = f" {undone.left} more left" if undone.left else ""
        self.tell(f"Undone: {change}.{left}", kind="change")
        self.look_again()

    def action_freeze(self) -> None:
        """Hold the picture still; the proxy goes on."""
        self._live.freeze()

    def action_toggle_demo(self) -> None:
        if self.surroundings.toggle_demo is not None:
            self.demo_runs = self.surroundings.toggle_demo()
            self.look_again()

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
        self.feed.forget()
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

    def action_command_palette(self) -> None:
        show_palette(self)

    def search_themes(self) -> None:
        choose_theme(self)

    async def action_filter(self) -> None:
        """Filter the request log; screens with a list of their own take this themselves."""
        await self.action_go("requests")
        await self.screen.run_action("filter")

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

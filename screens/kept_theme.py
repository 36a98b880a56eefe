"""The theme that a person chooses: written where the next start finds it, and followed there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.contract import AdminError

if TYPE_CHECKING:
    from screens.shell import Shell


class KeptTheme:
    """Keeps the config's theme and the one that is seen the same."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell
        self._seen = shell.theme
        self._in_config = shell.look.theme
        self._unknown = shell.look.theme not in shell.available_themes

    def changed(self) -> None:
        """Another theme is seen: write it, unless it comes from the config."""
        name = self._shell.theme
        if name == self._seen:
            return
        self._seen = name
        if self._shell.surroundings.keep_theme is not None:
            self._shell.run_worker(self._keep(name), group="theme", exclusive=True)

    def try_on(self, name: str) -> None:
        """See a theme without keeping it."""
        self._seen = name
        self._shell.theme = name

    async def _keep(self, name: str) -> None:
        shell, keep = self._shell, self._shell.surroundings.keep_theme
        assert keep is not None
        if not shell.surroundings.attached:

            async def act(_: str) -> None:
                await keep(name)

            toast = f"Theme {name}, at the next start too · ctrl+z undoes"
            await shell.writing.do(f"theme {name}", act, toast=toast)
            return
        # The config of the person who looks, which the instance's undo knows nothing of.
        try:
            await keep(name)
        except AdminError as error:
            shell.tell_error(error)
        else:
            shell.tell(f"Theme {name}, at the next start too", kind="theme")

    def follow(self) -> None:
        """See the config's theme where it is another one now: edited by hand, or undone."""
        if self._unknown:
            self._unknown = False
            self._say_unknown(self._in_config)
        kept = self._shell.surroundings.kept_theme
        name = kept() if kept is not None else self._in_config
        if name == self._in_config:
            return
        self._in_config = name
        if name in self._shell.available_themes:
            self.try_on(name)
        else:
            self._say_unknown(name)

    def _say_unknown(self, name: str) -> None:
        self._shell.tell(
            f"There is no theme {name}. ctrl+p, then theme, lists what there is.", "low", "theme"
        )

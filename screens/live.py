"""The picture as it goes on: looked at four times a second, rarely when nobody looks, or held."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from screens.feed import Moving
from screens.happenings import happenings
from screens.view import View

if TYPE_CHECKING:
    from screens.shell import Shell

TICK = 0.25
"""Seconds between two looks at the instance."""
_SELDOM = 1.0
"""Likewise, where nobody watches or nobody answers."""
_UNWATCHED = 60.0
"""Seconds without the terminal's focus after which nobody watches."""


class Live:
    """Brings the shell's feed to the screens that are seen."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell
        self._again = asyncio.Event()
        self._frozen_since: float | None = None
        self._blurred_since: float | None = None

    async def run(self) -> None:
        """Look at the instance and show it, until cancelled."""
        shell, feed = self._shell, self._shell.feed
        while True:
            self._again.clear()
            if self._frozen_since is None:
                before = feed.latest
                for one in happenings(before, await feed.look(self._moving())):
                    shell.tell(one.text, one.weight, one.kind)
            shell.show_picture()
            try:
                async with asyncio.timeout(self._pause()):
                    await self._again.wait()
            except TimeoutError:
                pass

    async def age(self) -> None:
        """Say so where an answer takes long."""
        feed = self._shell.feed
        while True:
            await asyncio.sleep(_SELDOM)
            before = feed.latest
            if self._frozen_since is None and feed.age() is not before:
                self._shell.show_picture()

    def _moving(self) -> set[Moving]:
        """What of the screens that are seen moves by itself."""
        views = [screen for screen in self._shell.screen_stack if isinstance(screen, View)]
        return {part for view in views for part in view.MOVING}

    def _pause(self) -> float:
        blurred, feed = self._blurred_since, self._shell.feed
        unwatched = blurred is not None and feed.elapsed() - blurred > _UNWATCHED
        return _SELDOM if unwatched or feed.trouble is not None else TICK

    def look_again(self) -> None:
        """Ask for everything, now."""
        self._shell.feed.forget()
        self._again.set()

    def watched(self, by_somebody: bool) -> None:
        """The terminal has got or lost the focus."""
        self._blurred_since = None if by_somebody else self._shell.feed.elapsed()
        if by_somebody:
            self._again.set()

    def freeze(self) -> None:
        """Hold the picture still, or let it go on."""
        self._frozen_since = None if self._frozen_since is not None else self._shell.feed.elapsed()
        self.look_again()

    @property
    def frozen_s(self) -> float | None:
        """For how long it is held; None: it is not."""
        since = self._frozen_since
        return None if since is None else self._shell.feed.elapsed() - since

"""Checks of keys: what each brought, and for a while the words of it in place of a state."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from typing import TYPE_CHECKING

from app.contract import AdminError
from app.snapshot import Check
from screens.themes import Role

if TYPE_CHECKING:
    from screens.view import View

_SHOWN = 5.0
"""Seconds for which the outcome stands in place of the state."""
_LONGEST = 60.0
"""Seconds that a check may take."""

CELLS = 16
"""In which a state, or what stands in its place, is told."""

Verdict = tuple[str, Role]
"""What stands in place of a provider's state."""


class Checks:
    """The last check of each provider, of this session."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._checks: dict[str, Check] = {}
        self._verdicts: dict[str, tuple[Verdict, float]] = {}

    def of(self, id: str) -> Check | None:
        return self._checks.get(id)

    @property
    def standing(self) -> Mapping[str, Verdict]:
        """By provider, what stands there now."""
        now = self._view.shell.feed.elapsed()
        self._verdicts = {id: one for id, one in self._verdicts.items() if one[1] > now}
        return {id: verdict for id, (verdict, _) in self._verdicts.items()}

    async def run(self, id: str) -> AsyncGenerator[None]:
        """Ask a provider; yields whenever another verdict stands there."""
        self._say(id, ("checking", "low"), _LONGEST)
        yield
        try:
            check = self._checks[id] = await self._view.shell.admin.check(id)
        except AdminError as error:
            self._say(id, ("not checked", "out"))
            self._view.shell.tell_error(error)
        else:
            self._tell(id, check)
        yield

    def _tell(self, id: str, check: Check) -> None:
        if not check.ok:
            self._say(id, (check.detail, "out"))
            self._view.tell(f"{id}: {check.detail}", "out")
            return
        word = "works" if check.key_tested else "answers"
        told = word if check.models is None else f"{word}, {check.models} models"
        self._say(id, (told if len(told) <= CELLS else told.removesuffix(" models"), "flow"))
        if check.missing:
            self._view.tell(f"{id} does not list {', '.join(check.missing)}", "low")

    def _say(self, id: str, verdict: Verdict, seconds: float = _SHOWN) -> None:
        self._verdicts[id] = (verdict, self._view.shell.feed.elapsed() + seconds)
